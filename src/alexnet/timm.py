"""The networks of this package as models of timm: `import alexnet.timm`, and `timm.create_model` knows them.

    import alexnet.timm
    import timm

    model = timm.create_model("alexnet_2012", num_classes=10)
    model = timm.create_model("local-dir:folder", pretrained=True)    # of alexnet.save_pretrained

`alexnet_2012` is the network as printed, `alexnet_2012_as_trained` that of the paper's results,
`alexnet_2012_one_column` half of it; `timm.list_models("alexnet*")` lists the others. Their pixels are 0 to 255, which
the mean and deviation in `pretrained_cfg` make of timm's; the mean picture is subtracted by the network itself.

Shapes: N images, S pixels along a side, C x H x W the last maps, K classes.
"""

import dataclasses
import math
from collections.abc import Callable
from functools import partial
from typing import Any, Final, final

from torch import Tensor, nn

from alexnet.errors import RecipeError, missing
from alexnet.networks.catalogue import NETWORKS, architecture
from alexnet.networks.cudaconvnet import Definition
from alexnet.networks.network import Network
from alexnet.networks.stage import Architecture, Stage
from alexnet.sharing.config import features_stage, pretrained_cfg
from alexnet.sharing.timm_names import NAMES

try:
    from timm.models import build_model_with_cfg, generate_default_cfgs, register_model
except ModuleNotFoundError as error:
    if (error.name or "").partition(".")[0] not in ("timm", "torchvision"):
        raise
    raise missing(str(error.name), "timm", "alexnet.timm") from None


@final
class TimmAlexNet(nn.Module):
    """A network with the methods that timm calls.

    Args:
        network: its name in the catalogue.
        num_classes: K; 0 gives the values of the last hidden layer in place of logits.
        in_chans: 3; others are refused.
        img_size: S, or S and S; left out, the network's own.
        drop_rate: the part of units that dropout drops; left out, as its source has it.
        options: other fields of the network's architecture.
    Raises:
        RecipeError: a number of channels, a side or an option that the network does not have.
    """

    def __init__(
        self,
        network: str,
        *,
        num_classes: int = 1000,
        in_chans: int = 3,
        img_size: int | tuple[int, int] | None = None,
        drop_rate: float | None = None,
        **options: Any,
    ) -> None:
        super().__init__()
        if in_chans != 3:
            raise RecipeError(f"in_chans={in_chans} does not fit: these networks see red, green and blue")
        if img_size is not None:
            sides = {img_size} if isinstance(img_size, int) else set(img_size)
            if len(sides) != 1:
                raise RecipeError(f"img_size={img_size} does not fit: these networks see squares")
            options["side"] = sides.pop()
        if drop_rate is not None:
            options["keep"] = 1.0 - drop_rate
        self.network = Network(architecture(network, classes=max(num_classes, 1), **options))
        self._describe(num_classes)

    def _describe(self, num_classes: int) -> None:
        """Keep what timm asks of a model."""
        stages, shapes = self.network.stages, self.network.shapes()
        self.num_classes, self._last = num_classes, features_stage(self.network)
        self.num_features = shapes[self._last][0]
        self._head = stages[[stage.name for stage in stages].index(self._last) + 1 :]
        read = self._head[-2].name if len(self._head) > 1 else self._last
        self.head_hidden_size = math.prod(shapes[read])

    def forward(self, x: Tensor) -> Tensor:
        """Compute logits (N, K) of images: float32 in 0-255, (N, 3, S, S)."""
        if self.num_classes == 0:
            return self.forward_head(self.forward_features(x), pre_logits=True)
        logits: Tensor = self.network(x)
        return logits

    def forward_features(self, x: Tensor) -> Tensor:
        """Compute the last maps of images: (N, C, H, W)."""
        return self.network.activations(x, self._last)[self._last]

    def forward_head(self, x: Tensor, pre_logits: bool = False) -> Tensor:
        """Compute logits of the last maps, or what the last layer reads, (N, head_hidden_size)."""
        values = {self._last: x}
        for stage in self._head[:-1] if pre_logits or self.num_classes == 0 else self._head:
            values[stage.name] = stage.operation(*_inputs(stage, values))
        return list(values.values())[-1].flatten(1)

    def get_classifier(self) -> nn.Module:
        """Return the last layer."""
        return self._head[-1].operation

    def reset_classifier(self, num_classes: int, global_pool: str | None = None) -> None:
        """Put a new last layer in place of the old one; all others stay."""
        old = self.network
        described: Any = old.architecture
        new = Network(dataclasses.replace(described, classes=max(num_classes, 1))).to(old.device)
        new.load_matching({k: v for k, v in old.state_dict().items() if not k.startswith(f"{old.output}.")})
        new.mean.copy_(old.mean)
        self.network = new.train(old.training)
        self._describe(num_classes)

    def set_grad_checkpointing(self, enable: bool = True) -> None:
        """Refuse what these networks do not need: their activations are few."""
        if enable:
            raise RecipeError("gradient checkpointing is not for these networks: leave it out")


def _inputs(stage: Stage, values: dict[str, Tensor]) -> list[Tensor]:
    """Return what a stage of the head reads."""
    if not values.keys() >= set(stage.inputs):
        raise RecipeError(f"{stage.name} reads maps before the last ones: call the whole model")
    return [values[name] for name in stage.inputs]


def _entry_point(name: str) -> Callable[..., TimmAlexNet]:
    """Return the function by which timm makes a model of this name."""
    kind, fixed = NAMES[name]

    def entry_point(pretrained: bool = False, **options: Any) -> TimmAlexNet:
        model = partial(TimmAlexNet, kind)
        made: TimmAlexNet = build_model_with_cfg(model, name, pretrained, **{**fixed, **options})
        return made

    entry_point.__name__ = entry_point.__qualname__ = name
    return entry_point


def _default(name: str) -> Architecture:
    kind, fixed = NAMES[name]
    return architecture(kind, **fixed)


_REGISTERED: Final = [name for name, (kind, _) in NAMES.items() if NETWORKS[kind] is not Definition]
"""A definition's layers are in its run: only `local-dir:` and `hf-hub:` can make it."""

default_cfgs: Final = generate_default_cfgs({name: pretrained_cfg(_default(name)) for name in _REGISTERED})
"""Where timm looks for the preparation that each model's pictures have."""

for _name in NAMES:
    register_model(_entry_point(_name))
