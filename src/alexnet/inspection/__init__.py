"""Looking inside a network: the figures that the paper is remembered for, and what its program's viewer showed.

    kernels       the filters of a layer as pictures (figure 3)
    maps          what a stage gives for a picture
    predictions   the best classes of pictures beside the true one (figure 4, left)
    attribution   where in a picture an answer comes from: gradient, integrated gradients, occlusion, Grad-CAM
    fields        which pixels a value of a stage sees; patches: what of a data set excites a unit most

Each gives arrays, and a figure of them as a `Canvas`. Everything here runs on plain, differentiable stages.
"""
