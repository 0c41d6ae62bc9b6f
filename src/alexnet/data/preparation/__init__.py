"""From a source to a prepared data set on the disk.

prepare      the whole of it: begun, gone on with, divided over processes, finished
shards       some thousand pictures, decoded and written
statistics   the mean and the colour components of the training pictures, summed exactly
card         what is written last: counts, classes, hashes; and when too much was lost
"""
