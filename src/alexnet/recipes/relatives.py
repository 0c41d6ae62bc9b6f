"""How the relatives of the network were trained: the one-column network of 2014, and Caffe's."""

from alexnet.data.augmentation.augment import Augmentation
from alexnet.networks.variants import Caffe, OneWeirdTrick
from alexnet.training.optimizer import LayerHyperparameters
from alexnet.training.recipe import Recipe, Training
from alexnet.training.schedule import Schedule


def one_weird_trick() -> Recipe:
    """Train the one-column network of 2014 with rates that fall in four steps, biases' in two.

    Source: cuda-convnet 2, the program of Krizhevsky 2014, "One weird trick for parallelizing convolutional
    neural networks": layers/layers-imagenet-1gpu.cfg, layers/layer-params-imagenet-1gpu.cfg and the command in
    TrainingExample.md of its wiki: 90 epochs, batches of 128, colours 0.1; dexp to a 250th in 4 steps for
    weights, to a tenth in 2 for biases.
    Hardware and time of the source: one GPU, not named; 8.4 seconds for 3,072 pictures, which is 87 hours.
    Expected: 42.5% top-1 and 19.8% top-5 error on the validation pictures of 2012, centre view (0.425480 and
    0.198100 in TrainingExample.md); 40.4% and 18.2% with ten views (0.404200 and 0.181500 there).
    Measured here: not yet; ImageNet has not been trained with it.
    """
    return Recipe(
        "one-weird-trick",
        network=OneWeirdTrick(),
        augmentation=Augmentation(colour=0.1, rescaled=True),
        training=Training(
            epochs=90,
            rates=LayerHyperparameters(
                bias=0.02, bias_schedule=Schedule(kind="dexp", target_factor=10, count=2)
            ),
            schedule=Schedule(kind="dexp", target_factor=250, count=4),
        ),
    )


def caffe() -> Recipe:
    """Train Caffe's version: batches of 256, no shift of colours, rates divided by 10 every 100,000 steps.

    Source: Caffe, models/bvlc_alexnet (solver.prototxt, train_val.prototxt, readme.md): 450,000 steps, which
    are 90 epochs of 1.28 million pictures, and 100,000 are 20. Biases have twice the rate and no decay.
    Expected: 42.9% top-1 and 19.8% top-5 error on the validation pictures of 2012, centre view (readme.md there:
    57.1% and 80.2% right, after 360,000 steps).
    Measured here: not yet; ImageNet has not been trained with it.
    """
    return Recipe(
        "caffe",
        network=Caffe(),
        augmentation=Augmentation(side=227, colour=0.0),
        training=Training(
            epochs=90,
            batch_size=256,
            rates=LayerHyperparameters(bias=0.02),
            schedule=Schedule(kind="steps", epochs=(20, 40, 60, 80)),
        ),
    )
