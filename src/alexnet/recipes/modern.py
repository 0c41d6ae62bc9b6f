"""What augmentation that came after the paper does for its network."""

from alexnet.data.augmentation.mixing import Mixing
from alexnet.data.augmentation.modern import ModernAugmentation
from alexnet.training.recipe import Recipe, Training
from alexnet.training.schedule import Schedule


def modern() -> Recipe:
    """Train the printed network on random resized crops, other light and blended pairs, at a rate that falls smoothly.

    Everything else is the paper's, so that a comparison with `paper` shows what these do. More of the same kind
    is off and can be chosen: --set augmentation.erasing=0.25 --set augmentation.mixing.cutmix=1
    Source: no run as a whole. Random resized crops and light: Szegedy et al. 2015 and Howard 2013; mixup with
    alpha 0.2: Zhang et al. 2018, the value they took for ImageNet; CutMix: Yun et al. 2019; erasing: Zhong et
    al. 2017; a rate that falls as a cosine: Loshchilov and Hutter 2017.
    Expected: not known for this network. The training error is that of mixed pictures, counted by the one that
    has the larger share, and lies above the validation error for long.
    Measured here: not yet; ImageNet has not been trained with it.
    """
    return Recipe(
        "modern",
        augmentation=ModernAugmentation(mixing=Mixing(mixup=0.2)),
        training=Training(schedule=Schedule(kind="cosine")),
    )
