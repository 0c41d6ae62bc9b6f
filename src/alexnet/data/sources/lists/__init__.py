"""Files that list pictures and their classes.

table      CSV, TSV or JSON lines with named columns
caffe      Caffe's: a path and the number of a class on each line
entries    what both come down to
"""
