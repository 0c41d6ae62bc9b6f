"""The layers: the paper's, and those of the 2012 program, one kind a file."""
