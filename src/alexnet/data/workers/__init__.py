"""Work on pictures, done by this process or by others that may die of one: all of a source, or as they come.

jobs        what a job is, and the parts of one
dispatch    who does the parts; what comes of it is the same
pool        the other processes: handing out work, watching, starting again after a crash
worker      such a process
decoders    other processes for pictures that come one after another; decoder: such a process
processes   how ours are started, and belong to who started them
"""
