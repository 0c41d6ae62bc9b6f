"""Similar pictures: what a network's stage gives for each, kept in an index, and the nearest of it found.

index       what every index is: the words that its kinds share
kinds       a kind by its name: exact, or another one
store       vectors, names and labels on the disk: written whole, read where they lie
exact       the default kind: every vector is compared
"""
