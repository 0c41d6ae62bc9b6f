"""Checkpoints of the program of 2012 (cuda-convnet), in and out.

    states          files: plain, zip or gzip pickles
    layers          the layer table of a checkpoint as a definition file
    arrays          its weight matrices as tensors, and back
    stages          any network of this package as a definition file
    reading         a file to weights
    writing         weights to a file
    meta            batches.meta: class names and the mean picture

Both directions go through a definition file as `alexnet.networks.cudaconvnet` reads it.
"""
