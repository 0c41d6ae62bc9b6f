"""The one way to a run, for the command line and for Python: request -> resolved run -> run.

request    what a person asks for, in the words of the command's options
resolve    with its pictures, its recipe for their classes, and its device; nothing is written yet
launch     the run, trained here, or in processes of its own
train      all of it in one call: `alexnet.train`
"""
