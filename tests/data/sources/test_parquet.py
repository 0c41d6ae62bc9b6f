"""The Hub's parquet layout, written here as the Hub writes it."""

import json
from pathlib import Path

import pytest

from alexnet.data.sources.opening import open_source
from alexnet.data.sources.parquet import Parquet
from alexnet.errors import DataError

arrow = pytest.importorskip("pyarrow", reason="the extra parquet is not installed")
parquet = pytest.importorskip("pyarrow.parquet", reason="the extra parquet is not installed")


def write(path: Path, labels: list[int], *, names: list[str], image: str = "img") -> None:
    rows = [{"bytes": f"{path.name} {n}".encode(), "path": None} for n in range(len(labels))]
    features = {image: {"_type": "Image"}, "label": {"names": names, "_type": "ClassLabel"}}
    table = arrow.table({image: rows, "label": labels})
    metadata = {"huggingface": json.dumps({"info": {"features": features}})}
    path.parent.mkdir(exist_ok=True)
    parquet.write_table(table.replace_schema_metadata(metadata), path, row_group_size=3)


def test_files_and_row_groups_are_one_split_in_order(tmp_path: Path) -> None:
    write(tmp_path / "train-00000-of-00002.parquet", [0, 1, 0, 1, 1], names=["cat", "dog"])
    write(tmp_path / "train-00001-of-00002.parquet", [1, 0], names=["cat", "dog"])
    write(tmp_path / "test-00000-of-00001.parquet", [0], names=["cat", "dog"])
    source = open_source(tmp_path)
    assert source.splits == ("train", "test")
    assert source.classes == ("cat", "dog")
    whole = list(source.examples("train"))
    assert [e.label for e in whole] == ["cat", "dog", "cat", "dog", "dog", "dog", "cat"]
    assert whole[5].content == b"train-00001-of-00002.parquet 0"
    assert whole[4].name == "train-00000-of-00002.parquet row 4"
    for start in range(7):
        assert [e.name for e in source.examples("train", start, start + 3)] == [
            e.name for e in whole[start : start + 3]
        ]


def test_a_label_without_a_name_is_refused_with_its_row(tmp_path: Path) -> None:
    write(tmp_path / "data" / "train-00000.parquet", [0, 7], names=["cat", "dog"], image="image")
    with pytest.raises(DataError, match=r"row 1 .*label 7 is not 0 to 1"):
        list(Parquet(tmp_path).examples("train"))


def test_unknown_columns_are_refused_with_those_there_are(tmp_path: Path) -> None:
    write(tmp_path / "train.parquet", [0], names=["cat"], image="photo")
    with pytest.raises(DataError, match="columns photo, label: expected one of image"):
        open_source(tmp_path)


@pytest.mark.slow
def test_cifar_10_has_sixty_thousand_pictures_in_ten_classes(shared_data: Path) -> None:
    source = open_source(shared_data / "cifar10")
    assert (source.count("train"), source.count("test")) == (50000, 10000)
    assert source.classes[:3] == ("airplane", "automobile", "bird")
