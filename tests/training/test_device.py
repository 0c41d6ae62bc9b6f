"""Where a run computes: names, refusals, and the one precision that squares need."""

import pytest
import torch

from alexnet.errors import RecipeError
from alexnet.networks.normalization import ResponseNormalization
from alexnet.training.device import check_precision, chosen_device, has_bfloat16


def test_auto_is_a_cuda_device_only_where_there_is_one() -> None:
    assert chosen_device("auto").type == ("cuda" if torch.cuda.is_available() else "cpu")
    assert chosen_device("cpu") == torch.device("cpu")


@pytest.mark.parametrize("name", ["gpu", "meta", "cuda:99"])
def test_a_device_that_is_not_there_is_named(name: str) -> None:
    with pytest.raises(RecipeError, match=name):
        chosen_device(name)


def test_bfloat16_is_refused_with_a_reason_where_the_processor_lacks_it() -> None:
    cpu = torch.device("cpu")
    check_precision("float32", cpu)
    if has_bfloat16():
        check_precision("bfloat16", cpu)
    else:
        with pytest.raises(RecipeError, match="AVX512-BF16 or AMX"):
            check_precision("bfloat16", cpu)


def test_normalisation_squares_in_float32_whatever_it_is_given() -> None:
    """300 squared is beyond float16; the result is that of float32, rounded once."""
    x = torch.full((1, 8, 2, 2), 300.0)
    layer = ResponseNormalization(5, alpha=1.0)
    for dtype in (torch.float16, torch.bfloat16):
        found = layer(x.to(dtype))
        assert found.dtype == dtype
        torch.testing.assert_close(found.float(), layer(x.to(dtype).float()), rtol=1e-2, atol=0)
