"""A folder in the Hub's layout, through the Hub's own library."""

import io
import json
import sys
from pathlib import Path

import pytest
from PIL import Image

from alexnet.data.sources.opening import open_source
from alexnet.errors import AlexNetError, DataError


def test_without_the_library_the_command_that_installs_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "datasets", None)  # as if it were not there
    with pytest.raises(AlexNetError, match=r'pip install "alexnet\[hub\]"'):
        open_source("hf:owner/name")


@pytest.mark.filterwarnings("ignore")  # the library's own
def test_rows_are_taken_undecoded_and_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("datasets", reason="the extra hub is not installed")
    import pyarrow  # which it brings
    from pyarrow import parquet

    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    stream = io.BytesIO()
    Image.new("RGB", (8, 8)).save(stream, "PNG")
    features = {"image": {"_type": "Image"}, "label": {"names": ["cat", "dog"], "_type": "ClassLabel"}}
    table = pyarrow.table({"image": [{"bytes": stream.getvalue(), "path": None}] * 3, "label": [1, 0, 1]})
    metadata = {"huggingface": json.dumps({"info": {"features": features}})}
    parquet.write_table(table.replace_schema_metadata(metadata), tmp_path / "train-00000-of-00001.parquet")
    source = open_source(f"hf:{tmp_path}")
    assert source.classes == ("cat", "dog")
    assert [(e.content, e.label) for e in source.examples("train", 1)] == [
        (stream.getvalue(), "cat"),
        (stream.getvalue(), "dog"),
    ]


@pytest.mark.filterwarnings("ignore")
def test_what_is_not_there_is_refused_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("datasets", reason="the extra hub is not installed")
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(DataError, match="cannot be loaded"):
        open_source(f"hf:{tmp_path}/nothing")
