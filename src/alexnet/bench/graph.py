"""The printed network as an ONNX graph, with response normalisation as one operator, for other runtimes."""

from typing import Any

import torch

from alexnet.errors import missing
from alexnet.networks.layers.convolution import Convolution
from alexnet.networks.layers.fully_connected import FullyConnected
from alexnet.networks.network import Network


def onnx_graph(network: Network) -> bytes:
    """Write the network `alexnet` as an ONNX model from float32 pixels, mean subtracted, to logits.

    Raises:
        AlexNetError: the package onnx is not installed.
    """
    try:
        import onnx
        from onnx import helper, numpy_helper
    except ImportError:
        raise missing("onnx", "bench", "a benchmark of other runtimes") from None

    nodes: list[Any] = []
    weights: list[Any] = []

    def weight(name: str, tensor: torch.Tensor) -> str:
        weights.append(numpy_helper.from_array(tensor.detach().contiguous().numpy(), name))
        return name

    def add(operator: str, *inputs: str, **attributes: Any) -> str:
        output = f"value{len(nodes)}"
        nodes.append(helper.make_node(operator, inputs, [output], **attributes))
        return output

    value = "images"
    for stage in network.stages:
        operation = stage.operation
        if isinstance(operation, Convolution):
            padding, over = operation.padding, 3 if operation.stride == 4 else 0
            value = add(
                "Conv",
                *(
                    value,
                    weight(f"{stage.name}.weight", operation.weight),
                    weight(f"{stage.name}.bias", operation.bias),
                ),
                strides=[operation.stride] * 2,
                pads=[padding, padding, padding + over, padding + over],
                group=operation.groups,
            )
        elif isinstance(operation, FullyConnected):
            if operation.weight.shape[1] == 9216:
                value = add("Flatten", value)
            halved = 1.0 if stage.name == "fc6" else 0.5  # dropout's factor at the test
            value = add(
                "Gemm",
                *(value, weight(f"{stage.name}.weight", operation.weight * halved)),
                weight(f"{stage.name}.bias", operation.bias),
                transB=1,
            )
        elif stage.name.startswith("norm"):
            value = add("LRN", value, size=5, alpha=1e-4, beta=0.75, bias=2.0)
        elif stage.name.startswith("pool"):
            value = add("MaxPool", value, kernel_shape=[3, 3], strides=[2, 2])
        if getattr(operation, "activation", "identity") == "relu":
            value = add("Relu", value)
    kind = onnx.TensorProto.FLOAT
    pixels = helper.make_tensor_value_info("images", kind, ["N", 3, 224, 224])
    logits = helper.make_tensor_value_info(value, kind, ["N", 1000])
    graph = helper.make_graph(nodes, "alexnet", [pixels], [logits], weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    serialized: bytes = model.SerializeToString()
    return serialized
