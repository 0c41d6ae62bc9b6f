"""How fast this machine runs the network, beside its limits, plain PyTorch and what else is installed.

contestants   who is measured at what: each makes a function that does one step
jax_peer      the printed network in JAX; keras_peer: in Keras on TensorFlow; graph: for ONNX Runtime and OpenVINO
worker        a process with one contestant in it, so that allocators and threads do not mix
rounds        contestants taking turns, because a machine's speed drifts; medians of what each round gives
tasks         train, infer, latency, normalization, data: the contestants, the bound, the ratios
machine       what was measured on
"""
