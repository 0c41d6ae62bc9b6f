"""What an index keeps on the disk: vectors, names and labels, read where they lie.

store    all of it, open; shard: some of it, whole and never changed
change   an index made, added to and cut down: all of it or nothing
header   what lies there, with digests
"""
