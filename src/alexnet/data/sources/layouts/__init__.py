"""Layouts as their publishers made them.

ilsvrc          ImageNet's challenge as downloaded; matlab: its development kits
tiny_imagenet   Tiny-ImageNet
synsets         pictures in one folder, named by their synset
cifar           CIFAR-10 and CIFAR-100, python and binary
idx             MNIST and its family
original        the batches of the 2012 program
webdataset      tar shards with a label beside each picture
"""
