"""Pictures: from what people hold to batches of uint8 pixels.

    sources/    what people hold: each yields names, contents and class names
    images      the one decoder: bytes to RGB pixels, and the central square of them
    prepare     a source to a prepared data set on the disk: shards, statistics, a card
    dataset     a prepared data set, opened
    named       a data set by name, directory or source
    batches     a data set in the order of an epoch, read ahead
    augment     the training picture: crop, mirror, colour
    views       the test pictures: centre, or the ten views

This room knows no network. What the two share is a convention: RGB, uint8, 0 to 255, (N, 3, H, W).
"""
