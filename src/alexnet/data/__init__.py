"""Pictures: from what people hold to batches of uint8 pixels.

    sources/     what people hold: each yields names, contents and class names
    named        a data set by name, directory or source; published, downloads: those that are fetched
    decoding     the bytes of a file to upright RGB pixels, or the reason why not
    colours      what an embedded profile means, in sRGB
    images       the one decoder of the package, and the central square of a picture
    prepare      a source to a prepared data set; shards, encoding, statistics, card
    dataset      a prepared data set, opened; integrity: whether it still is what was prepared
    check        what is wrong with a source; survey, examine, duplicates, check_page, quarantine
    dispatch     who does such jobs: this process, or others; jobs, workers, worker
    batches      a data set in the order of an epoch, read ahead
    augment      the training picture: crop, mirror, colour; modern, mixing: what came after the paper
    views        the test pictures: centre, or the ten views
    imagenet_classes   the thousand classes in both orders

This room knows no network. What the two share is a convention: RGB, uint8, 0 to 255, (N, 3, H, W).
"""
