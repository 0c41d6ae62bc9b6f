"""Processes that decode pictures for a service.

messages    what is asked of one, and what it says
process     such a process: no files, no torch, little memory
pool        some of them: asking, ending what takes too long, starting again
"""
