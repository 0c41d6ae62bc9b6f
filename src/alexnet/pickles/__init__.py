"""Pickles: reading them as data, and writing the ones that the programs of 2012 read.

    reader      values from a pickle; nothing that the file names is called
    names       the exact list of what a file may name, and what is made of it
    writer      a pickle of protocol 2, as Python 2 wrote them

Data sets of that time (CIFAR, batches.meta), checkpoints and files of torch.save are all read by this room.
"""
