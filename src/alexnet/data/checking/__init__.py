"""What is wrong with pictures, before days are spent on them.

check        the report: every kind of finding, and how bad it is
survey       every picture of a source, examined, in parts
examine      one picture: can it be read, what are its issues, what does it look like
duplicates   pictures that are there twice, or nearly so
page         the report as an HTML page
integrity    whether a prepared data set is still what was prepared
"""
