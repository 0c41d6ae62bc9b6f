"""Compiled kernels for x86-64 processors with AVX2: what PyTorch does slowly or not at all.

    library     finds the compiled file, or says why there is none
    winograd    convolution with a fifth of the multiplications, forward and backward
    response    rectification, local response normalisation and pooling in one pass, forward and backward
    update      the momentum rule of section 5 in one pass

The C sources beside these files are built when the package is installed. Each room has a function that says
whether it fits given tensors; where it does not, callers do the same with plain PyTorch.
"""
