"""Similar pictures: what a network's stage gives for each, kept in an index, and the nearest of it found.

index       what every index is: the words that its kinds share
kinds       a kind by its name: exact, or another one
store       vectors, names and labels on the disk, read where they lie
change      an index made, added to and cut down: all of it or nothing
header      what lies on the disk, with digests; shard: some of the pictures
exact       the default kind: every vector is compared
"""
