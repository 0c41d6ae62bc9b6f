"""Work on every picture of a source, done by this process or by others that may die of a picture.

jobs        what a job is, and the parts of one
dispatch    who does the parts; what comes of it is the same
pool        the other processes: handing out work, watching, starting again after a crash
worker      such a process
"""
