"""The recipe as printed in sections 3 to 5."""

from alexnet.training.recipe import Recipe


def paper() -> Recipe:
    """Train the network of section 3 on section 4's pictures as section 5 prints it.

    Source: Krizhevsky et al. 2012, sections 3 to 5; every default of the settings is the paper's.
    Hardware and time of the source: two GTX 580 3GB, five to six days for 1.2 million pictures.
    Expected: 37.5% top-1 and 17.0% top-5 error on the test pictures of LSVRC-2010 with ten views (section 6,
    table 1), 40.7% and 18.2% on the validation pictures of 2012 (table 2, one network). Those figures come
    from the network as trained, which differs from the text: docs/paper.md.
    Measured here: not yet; ImageNet has not been trained with it.
    """
    return Recipe("paper")
