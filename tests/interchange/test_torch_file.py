"""Files of torch.save are read as torch reads them, and hostile ones are not."""

import io
import os
import pickle
import zipfile
from collections import OrderedDict
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from alexnet.errors import CheckpointError
from alexnet.interchange import torch_file
from alexnet.interchange.opening import opened, zipped
from alexnet.interchange.torch_file import Stored

LAYOUTS = [pytest.param(True, id="zip"), pytest.param(False, id="older")]


def tensors() -> dict[str, Tensor]:
    source = torch.Generator().manual_seed(5)
    return OrderedDict(
        {
            "features.0.weight": torch.randn(4, 3, 5, 5, generator=source),
            "features.0.bias": torch.randn(4, generator=source),
            "transposed": torch.randn(3, 2, generator=source).T,
            "part": torch.randn(10, generator=source)[2:5],
            "half": torch.randn(3, generator=source).half(),
            "count": torch.tensor(7),
            "none": torch.empty(0),
        }
    )


def read(path: Path) -> dict[str, Tensor]:
    def wanted(value: Any) -> Mapping[str, Stored]:
        return torch_file.state_dict(value, str(path))

    with opened(path) as source:
        if torch_file.is_legacy(source):
            return torch_file.read_legacy(source, wanted)
        with zipped(source) as archive:
            assert torch_file.is_torch_zip(archive)
        return torch_file.read_zip(source, wanted)


def check_equal(found: Mapping[str, Tensor], expected: Mapping[str, Tensor]) -> None:
    assert list(found) == list(expected)
    for name, value in expected.items():
        assert found[name].dtype == value.dtype
        torch.testing.assert_close(found[name], value, rtol=0, atol=0)


@pytest.mark.parametrize("zip_layout", LAYOUTS)
def test_a_state_dict_comes_back_bit_for_bit(tmp_path: Path, zip_layout: bool) -> None:
    path = tmp_path / "weights.pth"
    torch.save(tensors(), path, _use_new_zipfile_serialization=zip_layout)
    check_equal(read(path), tensors())


@pytest.mark.parametrize("zip_layout", LAYOUTS)
def test_a_state_dict_of_a_module_with_parameters_and_metadata_is_read(
    tmp_path: Path, zip_layout: bool
) -> None:
    module = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4))
    path = tmp_path / "weights.pth"
    torch.save(module.state_dict(), path, _use_new_zipfile_serialization=zip_layout)
    check_equal(read(path), module.state_dict())
    torch.save(dict(module.named_parameters()), path, _use_new_zipfile_serialization=zip_layout)
    check_equal(read(path), {name: value.detach() for name, value in module.named_parameters()})


@pytest.mark.parametrize("zip_layout", LAYOUTS)
def test_the_checkpoint_of_a_data_parallel_run_is_read(tmp_path: Path, zip_layout: bool) -> None:
    weights = {"features.module.0.weight": torch.ones(2), "module.classifier.1.bias": torch.zeros(3)}
    path = tmp_path / "checkpoint.pth.tar"
    torch.save(
        {"epoch": 90, "optimizer": {"state": {0: torch.ones(4)}}, "state_dict": weights, "best_acc1": 56.5},
        path,
        _use_new_zipfile_serialization=zip_layout,
    )
    assert list(read(path)) == ["features.0.weight", "classifier.1.bias"]


class Attack:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return os.system, (f"touch {self.path}",)


@pytest.mark.parametrize("zip_layout", LAYOUTS)
def test_a_file_that_names_a_command_is_refused_and_nothing_runs(tmp_path: Path, zip_layout: bool) -> None:
    path, witness = tmp_path / "evil.pth", tmp_path / "ran"
    torch.save({"features.0.weight": Attack(witness)}, path, _use_new_zipfile_serialization=zip_layout)
    with pytest.raises(CheckpointError, match=r"evil.pth is not read: it names '\w+.system'"):
        read(path)
    assert not witness.exists()


@pytest.mark.parametrize("zip_layout", LAYOUTS)
@pytest.mark.parametrize(
    "value",
    [
        pytest.param(torch.zeros(1).expand(40_000_000_000), id="a view of one number, 160 GB long"),
        pytest.param(nn.Linear(2, 2), id="a whole module"),
        pytest.param([torch.zeros(3)], id="a list"),
        pytest.param({"weight": 3.0}, id="a number for a tensor"),
        pytest.param({}, id="nothing"),
    ],
)
def test_what_is_no_state_dict_is_refused_in_one_line(
    tmp_path: Path, zip_layout: bool, value: object
) -> None:
    path = tmp_path / "weights.pth"
    content = {"weight": value} if isinstance(value, Tensor) else value
    torch.save(content, path, _use_new_zipfile_serialization=zip_layout)
    with pytest.raises(CheckpointError, match=str(path)) as caught:
        read(path)
    assert "\n" not in str(caught.value)


def test_one_tensor_under_many_names_is_refused(tmp_path: Path) -> None:
    """A thousand names of one megabyte would be a gigabyte."""
    one = torch.zeros(2**18)
    torch.save({f"layer{i}.weight": one for i in range(1000)}, tmp_path / "weights.pth")
    with pytest.raises(CheckpointError, match="show 262,144,000 numbers, and it holds 262,144"):
        read(tmp_path / "weights.pth")


def rewritten(
    path: Path, change: Callable[[dict[str, bytes]], None], method: int = zipfile.ZIP_STORED
) -> None:
    """Change the members of a zip file."""
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    change(members)
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(name, content)


def test_a_tensor_whose_numbers_are_not_there_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "weights.pth"
    for change in (
        lambda members: members.update({"weights/data/0": members["weights/data/0"][:-4]}),
        lambda members: members.update({"weights/data/0": members["weights/data/0"] + b"more"}),
        lambda members: members.pop("weights/data/0"),
    ):
        torch.save({"weight": torch.zeros(100)}, path)
        rewritten(path, change)
        with pytest.raises(CheckpointError, match="promises 400 bytes for a tensor and holds"):
            read(path)


def test_a_zip_bomb_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "weights.pth"
    torch.save({"weight": torch.zeros(80 * 2**20 // 4)}, path)
    rewritten(path, lambda members: None, zipfile.ZIP_DEFLATED)
    assert path.stat().st_size < 2**20
    with pytest.raises(CheckpointError, match=r"is not unpacked: .* would become more than 67,108,864"):
        read(path)


def test_a_flipped_bit_in_the_numbers_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "weights.pth"
    torch.save({"weight": torch.ones(1000)}, path)
    content = bytearray(path.read_bytes())
    place = content.index(b"\x00\x00\x80?" * 10) + 400
    content[place] ^= 4
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match="is a damaged zip file: Bad CRC-32"):
        read(path)


@pytest.mark.parametrize("zip_layout", LAYOUTS)
def test_a_file_cut_anywhere_is_refused(tmp_path: Path, zip_layout: bool) -> None:
    whole, path = io.BytesIO(), tmp_path / "weights.pth"
    torch.save(tensors(), whole, _use_new_zipfile_serialization=zip_layout)
    content = whole.getvalue()
    for tenth in range(1, 10):
        path.write_bytes(content[: len(content) * tenth // 10])
        reader = torch_file.read_zip if zip_layout else torch_file.read_legacy
        with opened(path) as source, pytest.raises(CheckpointError):
            reader(source, lambda value: torch_file.state_dict(value, "it"))


def test_lying_sizes_of_the_older_layout_take_no_memory(tmp_path: Path) -> None:
    path = tmp_path / "weights.pth"
    torch.save({"weight": torch.zeros(100)}, path, _use_new_zipfile_serialization=False)
    content = path.read_bytes()
    for lie in (100_000_000_000, -1, 99):
        path.write_bytes(content.replace((100).to_bytes(8, "little"), lie.to_bytes(8, "little", signed=True)))
        with pytest.raises(CheckpointError, match="cut off or damaged"):
            read(path)


def test_other_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="No such file"):
        read(tmp_path / "absent.pth")
    (tmp_path / "empty.pth").touch()
    with pytest.raises(CheckpointError, match="is empty"):
        read(tmp_path / "empty.pth")
    os.mkfifo(tmp_path / "pipe.pth")
    with pytest.raises(CheckpointError, match="not a plain file"):
        read(tmp_path / "pipe.pth")


def test_a_pickled_tensor_without_its_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "weights.pth"
    torch.save({"weight": torch.zeros(3)}, path)
    rewritten(path, lambda members: members.update({"weights/data.pkl": pickle.dumps(torch.zeros(3))}))
    with pytest.raises(CheckpointError, match="it names"):
        read(path)


@pytest.mark.parametrize("zip_layout", LAYOUTS)
def test_a_whole_model_is_refused_with_what_to_save_instead(tmp_path: Path, zip_layout: bool) -> None:
    torch.save(nn.Linear(2, 2), tmp_path / "model.pth", _use_new_zipfile_serialization=zip_layout)
    with pytest.raises(
        CheckpointError, match=r"nothing was run; of a whole model save model\.state_dict\(\)"
    ):
        read(tmp_path / "model.pth")
