"""What a person would use instead, on folders of pictures: pixels, HOG and a small ResNet from scratch.

Each takes uint8 pixels (N, S, S, 3) and labels, and gives the labels of test pictures that it has not seen. Strengths
of regularisation are chosen by cross-validation on the training pictures. scikit-learn and scikit-image are in the
dependency group `baselines`.
"""

import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from alexnet.data.decoding.images import decode, square_pixels

Pixels = NDArray[np.uint8]
Labels = NDArray[np.int64]

PIXEL_SIDE: Final = 32
"""Height and width of pictures for the regression on pixels."""
SIDE: Final = 64
"""Height and width of pictures for HOG and the ResNet."""
FOLDS: Final = 3
BATCH: Final = 64
PEAK_RATE: Final = 0.05


def read(folder: Path, classes: tuple[str, ...], side: int) -> tuple[Pixels, Labels]:
    """Read a folder of classes: pixels (N, side, side, 3), shorter side scaled and the centre cut out, and labels."""
    pixels, labels = [], []
    for label, name in enumerate(classes):
        for path in sorted((folder / name).iterdir()):
            pixels.append(square_pixels(decode(path.read_bytes()), side).transpose(1, 2, 0))
            labels.append(label)
    return np.stack(pixels), np.array(labels)


def logistic_regression(train: tuple[Pixels, Labels], test: Pixels, seed: int) -> tuple[Labels, str]:
    """Multinomial logistic regression on standardised pixels; returns labels, and what was chosen."""
    from sklearn.linear_model import LogisticRegression

    pixels, labels = train
    return _chosen(
        lambda strength: LogisticRegression(C=strength, max_iter=300),
        (1e-5, 1e-4, 1e-3, 1e-2),
        (pixels.reshape(len(pixels), -1) / 255, labels),
        test.reshape(len(test), -1) / 255,
        seed,
    )


def hog_svm(train: tuple[Pixels, Labels], test: Pixels, seed: int) -> tuple[Labels, str]:
    """Histograms of oriented gradients and a linear support vector machine; labels, and what was chosen."""
    from skimage.feature import hog
    from sklearn.svm import LinearSVC

    def features(pictures: Pixels) -> NDArray[np.float64]:
        settings = {"orientations": 9, "pixels_per_cell": (8, 8), "cells_per_block": (2, 2)}
        return np.stack([hog(picture, channel_axis=-1, **settings) for picture in pictures])

    return _chosen(
        lambda strength: LinearSVC(C=strength, max_iter=2000, random_state=seed),
        (1e-5, 1e-4, 1e-3, 1e-2),
        (features(train[0]), train[1]),
        features(test),
        seed,
    )


def _chosen(
    model: Callable[[float], Any],
    strengths: tuple[float, ...],
    train: tuple[NDArray[np.float64], Labels],
    test: NDArray[np.float64],
    seed: int,
) -> tuple[Labels, str]:
    """Fit a model of the strength that cross-validation prefers, on standardised features."""
    from sklearn.model_selection import GridSearchCV, StratifiedKFold
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    folds = StratifiedKFold(min(FOLDS, int(np.bincount(train[1]).min())), shuffle=True, random_state=seed)
    pipeline = make_pipeline(StandardScaler(), model(1.0))
    name = f"{pipeline.steps[-1][0]}__C"
    search = GridSearchCV(pipeline, {name: list(strengths)}, cv=folds).fit(*train)
    return search.predict(test), f"C={search.best_params_[name]:g}"


class Block(nn.Module):
    """Two convolutions with batch normalisation, and a way around them without weights.

    Args:
        channels: of the input.
        filters: of the output.
        stride: of the first convolution; the way around averages over as much and adds channels of zeros.
    """

    def __init__(self, channels: int, filters: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, filters, 3, stride, 1, bias=False)
        self.norm1 = nn.BatchNorm2d(filters)
        self.conv2 = nn.Conv2d(filters, filters, 3, 1, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(filters)
        self.stride, self.added = stride, filters - channels

    def forward(self, maps: Tensor) -> Tensor:
        """Return maps of `filters` channels, smaller by `stride`."""
        inner = self.norm2(self.conv2(F.relu(self.norm1(self.conv1(maps)))))
        around = F.avg_pool2d(maps, self.stride) if self.stride > 1 else maps
        return F.relu(inner + F.pad(around, (0, 0, 0, 0, 0, self.added)))


def small_resnet(classes: int) -> nn.Sequential:
    """Return a ResNet of nine convolutions for pictures of 64 x 64: 2.3 million parameters."""
    return nn.Sequential(
        nn.Conv2d(3, 32, 3, 1, 1, bias=False),
        nn.BatchNorm2d(32),
        nn.ReLU(),
        nn.MaxPool2d(2),
        Block(32, 64, 1),
        Block(64, 128, 2),
        Block(128, 256, 2),
        Block(256, 256, 2),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(256, classes),
    )


def resnet(
    train: tuple[Pixels, Labels],
    test: Pixels,
    seed: int,
    *,
    seconds: float,
    clock: Callable[[], float] = time.monotonic,
) -> tuple[Labels, str]:
    """Train a small ResNet from scratch for a time; return labels by the centre and its mirror, and what was done.

    Crops of three fifths to all of a picture, mirrors, label smoothing 0.1, SGD with Nesterov momentum, a rate that
    rises over a twentieth of the time and falls as a cosine to nothing at its end.

    Args:
        train: pixels (N, 64, 64, 3) and labels.
        test: pixels (M, 64, 64, 3).
        seed: of weights, order and crops.
        seconds: of training, by `clock`.
        clock: of the wall, or of the processor where others keep it busy.
    """
    torch.manual_seed(seed)
    generator = torch.Generator().manual_seed(seed)
    images, labels = _scaled(train[0]), torch.from_numpy(train[1])
    mean, deviation = images.mean((0, 2, 3), keepdim=True), images.std((0, 2, 3), keepdim=True)
    images = (images - mean) / deviation
    network = small_resnet(int(labels.max()) + 1)
    network = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # not in torch's types
    optimizer = torch.optim.SGD(
        network.parameters(), PEAK_RATE, momentum=0.9, weight_decay=5e-4, nesterov=True
    )
    batch, steps, began = min(BATCH, len(images)), 0, clock()
    while (done := (clock() - began) / seconds) < 1:
        for rows in torch.randperm(len(images), generator=generator).split(batch):
            if len(rows) < 2 or (done := (clock() - began) / seconds) >= 1:
                break  # a batch of one has no variance
            for group in optimizer.param_groups:
                group["lr"] = PEAK_RATE * min(done / 0.05, 0.5 + 0.5 * math.cos(math.pi * done))
            loss = F.cross_entropy(
                network(_crops(images[rows], generator)), labels[rows], label_smoothing=0.1
            )
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            steps += 1
    network.eval()
    found = []
    with torch.inference_mode():
        for part in ((_scaled(test) - mean) / deviation).split(100):
            found.append((network(part).softmax(1) + network(part.flip(3)).softmax(1)).argmax(1))
    epochs = steps * batch / len(images)
    return torch.cat(found).numpy(), f"{steps} steps, {epochs:.0f} epochs, {torch.get_num_threads()} threads"


def _scaled(pixels: Pixels) -> Tensor:
    """Return float32 (N, 3, S, S), 0 to 1."""
    return torch.from_numpy(pixels).permute(0, 3, 1, 2).float() / 255


def _crops(images: Tensor, generator: torch.Generator) -> Tensor:
    """Cut a square of three fifths to all of each picture, scale it back, and mirror half of them."""
    count = len(images)
    size = 0.6 + 0.4 * torch.rand(count, generator=generator)
    offsets = (2 * torch.rand(count, 2, generator=generator) - 1) * (1 - size)[:, None]
    mirror = 1 - 2 * torch.randint(0, 2, (count,), generator=generator)
    theta = torch.zeros(count, 2, 3)
    theta[:, 0, 0], theta[:, 1, 1], theta[:, :, 2] = size * mirror, size, offsets
    grid = F.affine_grid(theta, list(images.shape), align_corners=False)
    cut = F.grid_sample(images, grid, padding_mode="reflection", align_corners=False)
    return cut.contiguous(memory_format=torch.channels_last)
