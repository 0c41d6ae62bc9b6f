"""Compiled kernels for x86-64 processors with AVX2: what PyTorch does slowly or not at all.

    compiled    finds the compiled files, or says why there are none
    library     says which tensors the kernels may be given
    winograd    convolution with a fifth of the multiplications, forward and backward
    folding     a convolution with a stride as one without
    response    rectification, local response normalisation and pooling in one pass, forward and backward
    maps        mean pooling, and normalisation within a map, forward and backward
    connected   fully-connected layers for a few pictures, also with weights of one byte
    halves      products of vectors in half precision, as an index keeps them
    update      the momentum rule of section 5 in one pass
    pixels      pictures scaled, cropped and mirrored on their way into a batch
    hamming     the nearest of binary codes

The C sources beside these files are built when the package is installed. Each room has a function that says
whether it fits given tensors; where it does not, callers do the same with plain PyTorch.
"""
