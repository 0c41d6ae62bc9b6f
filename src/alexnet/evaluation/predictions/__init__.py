"""Predictions as files: what networks say of each picture of a split, written, read and scored.

columns      what a row says, and how its columns are called
reading      rows of CSV, JSON lines, parquet and the contest's submissions, checked one at a time
writing      what networks say of a split, row by row
streamed     what one says of a stream of pictures, row by row
formats      rows written as these, the file whole or not at all
parquet      the same two for parquet
scoring      rows matched with the pictures of a split, and counted
"""
