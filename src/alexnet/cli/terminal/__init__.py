"""What a terminal is shown: the one way to print, and the longer tables of single commands."""
