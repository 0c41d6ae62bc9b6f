"""What people hold: each source is a small file that yields names, contents and class names.

    digits      the hand-written digits that ship with the package
    shapes      generated, learnable pictures for tests and benchmarks
    folders     image folders, in a directory or an archive
    parquet     the Hub's parquet layout
    trees       the directories and archives that the others read

`open_source` finds the source that fits a path.
"""
