"""Products of vectors kept in half precision with one of float32: the time is that of reading them.

Shapes: N vectors of D values.
"""

import ctypes

import torch
from torch import Tensor

from alexnet.kernels.compiled import compiled
from alexnet.kernels.library import absence, pointer


def half_products(vectors: Tensor, query: Tensor, out: Tensor) -> bool:
    """Multiply vectors kept in half precision with one, where the compiled kernel can.

    Args:
        vectors: float16, (N, D), one after the other in the processor's memory.
        query: float32, (D,).
        out: float32, (N,), which takes the products; they are summed in float32.
    Returns:
        whether it was done; else `out` is as it was.
    """
    fits = (
        vectors.dtype == torch.float16
        and vectors.dim() == 2
        and query.shape == vectors.shape[1:]
        and out.shape == vectors.shape[:1]
        and all(each.dtype == torch.float32 for each in (query, out))
        and all(each.is_contiguous() and each.device.type == "cpu" for each in (vectors, query, out))
    )
    if not fits or absence() is not None:
        return False
    library = compiled("_halves")
    if isinstance(library, str):
        return False
    library.alexnet_half_products(
        *(pointer(vectors), pointer(query), pointer(out)),
        *(ctypes.c_int64(vectors.shape[0]), ctypes.c_int64(vectors.shape[1]), torch.get_num_threads()),
    )
    return True
