"""Features of the pictures of a data set: computed some at a time, and kept as files.

extraction      pictures in order, portion by portion, through a stage of a network
writing         the same written: resumed, by any number of processes, the same bytes
folder          what lies on the disk then, opened; table: the same as parquet
"""
