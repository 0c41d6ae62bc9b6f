"""Runtimes that take the network as an ONNX graph, with the threads that torch has: ONNX Runtime and OpenVINO."""

from collections.abc import Callable

import torch

from alexnet.bench.graph import onnx_graph
from alexnet.networks.alexnet import AlexNet
from alexnet.networks.network import Network


def infer_onnxruntime(batch: int) -> Callable[[], object]:
    """The same in ONNX Runtime, from floats."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    graph = onnx_graph(Network(AlexNet()))
    session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    images = torch.randn(batch, 3, 224, 224).numpy()
    return lambda: session.run(None, {"images": images})


def infer_openvino(batch: int, *, half: bool = False) -> Callable[[], object]:
    """The same in OpenVINO, from floats; `half`: computed in bfloat16."""
    import openvino

    core = openvino.Core()
    model = core.read_model(onnx_graph(Network(AlexNet())))
    model.reshape([batch, 3, 224, 224])
    hint = "LATENCY" if batch == 1 else "THROUGHPUT"
    settings = {
        "INFERENCE_NUM_THREADS": torch.get_num_threads(),
        "PERFORMANCE_HINT": hint,
        "NUM_STREAMS": 1,
        "INFERENCE_PRECISION_HINT": "bf16" if half else "f32",
    }
    compiled = core.compile_model(model, "CPU", settings)
    images = torch.randn(batch, 3, 224, 224).numpy()
    return lambda: compiled([images])
