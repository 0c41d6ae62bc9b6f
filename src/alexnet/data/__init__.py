"""Pictures: from what people hold to batches of uint8 pixels.

    sources/        what people hold: each yields names, contents and class names
    decoding/       the bytes of a file to upright RGB pixels, or the reason why not
    workers/        who does a job on every picture: this process, or others
    preparation/    a source to a prepared data set on the disk
    storage/        what a prepared directory looks like: its card, its shards, how they are read
    checking/       what is wrong with a source, and whether a prepared set is still what was prepared
    augmentation/   the training picture: crop, mirror, colour; and what came after the paper

    named           a data set by its name, its prepared directory, or its source
    dataset         a prepared data set, opened; split: the pictures of one split, a sequence
    thumbnails      what a notebook shows of a data set
    batches         a split in the order of an epoch, read ahead
    views           the test pictures: centre, or the ten views
    quarantine      the list of pictures that a person, or `alexnet check`, has set aside
    imagenet_classes   the thousand classes in both orders; their table lies in imagenet/, the digits in digits/

This room knows no network. What the two share is a convention: RGB, uint8, 0 to 255, (N, 3, H, W).
"""
