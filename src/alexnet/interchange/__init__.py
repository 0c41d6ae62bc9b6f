"""Weights of other programs, in and out.

    conversion          a file to a checkpoint, a checkpoint to a file
    opening             a file opened once, unpacked within bounds
    classes             what the logits stand for
    means               the mean picture: a colour, or from a file that holds a picture
    imported            weights of another program in the words of this one
    own                 state dicts with this package's names
    safetensors_file    what safetensors wrote
    torch_file          what torch.save wrote
    torchvision         the names of torchvision's alexnet
    protobuf            messages of Protocol Buffers, field by field
    caffe               bvlc_alexnet and CaffeNet
    cudaconvnet/        checkpoints of the program of 2012

A file is read as data: nothing that it names is run, and no size that it claims is believed.
"""
