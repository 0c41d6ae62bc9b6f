"""The fully-connected layer over a tree of classes: a class's weights are the sum along its path (treefc)."""

from collections.abc import Sequence
from typing import final

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from alexnet.errors import RecipeError
from alexnet.networks.layers.layer import Layer, Shape


@final
class TreeConnected(Layer):
    """Score classes by the sum of the vectors on the way from the root to each: (N, ...) to (N, K).

    Args:
        inputs: values of one image.
        children: for each node the numbers of its children; leaves are nodes 0 ... K - 1 and have none.
        deviation, constant: of the leaves' initial vectors and of the biases; other nodes begin at 0.
    Raises:
        RecipeError: the nodes do not form one tree with the leaves first.
    """

    paths: Tensor
    leaves_below: Tensor

    def __init__(
        self,
        inputs: int,
        children: Sequence[Sequence[int]],
        *,
        deviation: float = 0.01,
        constant: float = 0.0,
    ) -> None:
        super().__init__()
        paths = tree_paths(children)
        self.deviation, self.constant = deviation, constant
        self.weight = nn.Parameter(torch.empty(len(children), inputs))
        self.bias = nn.Parameter(torch.empty(len(paths)))
        self.register_buffer("paths", paths, persistent=False)
        self.register_buffer("leaves_below", paths.sum(0), persistent=False)

    @torch.no_grad()
    def initialize(self, generator: torch.Generator) -> None:
        """Draw the leaves' vectors from N(0, deviation); other nodes are zero."""
        self.weight.zero_()
        self.weight[: len(self.bias)].normal_(0.0, self.deviation, generator=generator)
        self.bias.fill_(self.constant)

    def extra_repr(self) -> str:
        return f"{self.weight.shape[1]} -> {len(self.bias)}, {len(self.weight)} nodes"

    def shape(self, *inputs: Shape) -> Shape:
        return (len(self.bias),)

    def multiply_adds(self, *inputs: Shape) -> int:
        """Return the multiplications of one image's forward pass."""
        return len(self.bias) * self.weight.shape[1]

    def forward(self, x: Tensor) -> Tensor:
        return F.linear(x.flatten(1), self.paths.to(self.weight) @ self.weight, self.bias)


def tree_paths(children: Sequence[Sequence[int]]) -> Tensor:
    """Return which nodes lie on the path to each leaf: 0 or 1, float32, (leaves, nodes)."""
    parent = {child: node for node, own in enumerate(children) for child in own}
    leaves = next((node for node, own in enumerate(children) if own), len(children))
    roots = [node for node in range(len(children)) if node not in parent]
    bad = [child for child in parent if not 0 <= child < len(children)]
    if bad or len(roots) != 1 or any(not own for own in children[leaves:]):
        raise RecipeError(
            f"{len(children)} nodes with roots {roots[:3]} are no tree of classes: one root, the leaves first"
        )
    paths = torch.zeros(leaves, len(children), device="cpu")
    for leaf in range(leaves):
        node: int | None = leaf
        while node is not None:
            if paths[leaf, node]:
                raise RecipeError(f"node {node} of the tree of classes is its own ancestor")
            paths[leaf, node] = 1.0
            node = parent.get(node)
    return paths
