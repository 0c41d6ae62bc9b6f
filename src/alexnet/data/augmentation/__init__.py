"""The training picture, varied: on the whole batch, after loading, wherever the batch is.

augment    the paper's: crop, mirror, colour
modern     what came after it: scales, shapes, light, erasing
mirrors    that alternate from epoch to epoch
mixing     two pictures at once: mixup and CutMix
"""
