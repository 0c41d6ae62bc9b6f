"""Recipes for many devices: batches larger than the paper's."""

from dataclasses import replace

from alexnet.recipes.paper import paper
from alexnet.training.optimizer import LayerHyperparameters
from alexnet.training.recipe import Recipe
from alexnet.training.schedule import Schedule


def large_batch() -> Recipe:
    """Train the printed network in batches of 1,024: rates eight times the paper's, after a warm-up.

    Source: the linear scaling of rates, Krizhevsky 2014 (section 4 says to multiply by the factor of the batch in
    practice, by its square root in theory), and the warm-up of five epochs, Goyal et al. 2017.
    Expected: not recorded for this network. Krizhevsky 2014 is said to lose about one percentage point of top-1
    error from a batch of 128 to 1,024; its table could not be compared.
    Measured here: not yet; ImageNet has not been trained with it.
    """
    base = paper()
    schedule = replace(base.training.schedule, warmup=5.0)
    training = replace(base.training, batch_size=1024, reference_batch=128, schedule=schedule)
    return replace(base, name="large-batch", training=training)


def lars() -> Recipe:
    """Train the printed network in batches of 4,096, each layer at a rate in proportion to its weights (LARS).

    Source: You, Gitman and Ginsburg 2017, "Large batch training of convolutional networks": trust 0.001,
    momentum 0.9, decay 0.0005, a warm-up of five epochs, then the square of what remains of the run. Their
    networks at such batches had batch normalisation in place of response normalisation; ours has not.
    Expected: not known for this network.
    Measured here: not yet; ImageNet has not been trained with it.
    """
    base = paper()
    rates = LayerHyperparameters(
        weight=10.0, bias=0.32, trust=0.001
    )  # the biases' rate: 0.01 scaled by the batch
    schedule = Schedule(kind="polynomial", power=2.0, warmup=5.0)
    training = replace(base.training, batch_size=4096, rates=rates, schedule=schedule)
    return replace(base, name="lars", training=training)
