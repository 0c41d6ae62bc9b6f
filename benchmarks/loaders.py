"""Other libraries that read pictures, as contenders in `data.py`: those that are installed."""

import io
import tarfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

Contender = Callable[[], int]
"""Does its work once, and returns how many pictures that was."""
Square = Callable[[bytes], np.ndarray]


def others(files: list[bytes], folder: Path, plain_square: Square) -> dict[str, Contender]:
    """Return contenders that turn JPEG files into squares of 256, one thread each.

    Args:
        files: what they read.
        folder: where they may write them in their own formats.
        plain_square: what those do with a file that leave it to their user.
    """
    found: dict[str, Contender] = {}
    for name, make in (("datasets", rows), ("WebDataset", tars), ("DALI", pipeline), ("FFCV", own_format)):
        try:
            found[name] = make(files, folder, plain_square)
        except ImportError:
            print(f"{name} is not installed, and left out")
    return found


def rows(files: list[bytes], folder: Path, plain_square: Square) -> Contender:
    """Rows of a parquet file through Hugging Face's library."""
    import datasets
    import pyarrow
    import pyarrow.parquet

    table = pyarrow.table({"image": [{"bytes": content, "path": None} for content in files]})
    pyarrow.parquet.write_table(table, folder / "train.parquet")
    found = datasets.load_dataset("parquet", data_files=str(folder / "train.parquet"), split="train")
    return lambda: len([plain_square(row["image"]["bytes"]) for row in found])


def tars(files: list[bytes], folder: Path, plain_square: Square) -> Contender:
    """A tar in WebDataset's layout."""
    import webdataset

    with tarfile.open(folder / "shard.tar", "w") as archive:
        for place, content in enumerate(files):
            info = tarfile.TarInfo(f"{place:05d}.jpg")
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    shard = webdataset.WebDataset(str(folder / "shard.tar"), shardshuffle=False)
    return lambda: len([plain_square(sample["jpg"]) for sample in shard])


def pipeline(files: list[bytes], folder: Path, plain_square: Square) -> Contender:
    """DALI's own decoding and scaling, on the processor."""
    from nvidia.dali import fn, pipeline_def, types

    in_its_turn = {
        "exec_pipelined": False,
        "exec_async": False,
        "prefetch_queue_depth": 1,
    }  # nothing in the others'
    arrays = [np.frombuffer(content, np.uint8) for content in files]

    @pipeline_def(batch_size=len(files), num_threads=1, device_id=None, **in_its_turn)  # type: ignore[untyped-decorator]  # DALI's
    def squares() -> object:
        encoded = fn.external_source(lambda: arrays, batch=True, device="cpu")
        decoded = fn.decoders.image(encoded, device="cpu", output_type=types.RGB)
        linear = {"interp_type": types.INTERP_LINEAR, "antialias": True}
        return fn.crop(fn.resize(decoded, resize_shorter=256, **linear), crop=(256, 256))

    built = squares()
    built.build()
    return lambda: len(built.run()[0].as_array())


def own_format(files: list[bytes], folder: Path, plain_square: Square) -> Contender:
    """FFCV's own file, in which it encodes the pictures anew; scaled by averaging areas; an epoch of ten times
    the files, because each begins with a second of preparations."""
    from ffcv.fields import RGBImageField
    from ffcv.fields.decoders import CenterCropRGBImageDecoder
    from ffcv.loader import Loader, OrderOption
    from ffcv.writer import DatasetWriter

    written = str(folder / "pictures.beton")
    field = RGBImageField(write_mode="jpg", jpeg_quality=90)
    DatasetWriter(written, {"image": field}, num_workers=1).from_indexed_dataset(Pictures(files * 10))
    loader = Loader(
        written,
        batch_size=len(files),
        num_workers=1,
        order=OrderOption.SEQUENTIAL,
        os_cache=True,
        pipelines={"image": [CenterCropRGBImageDecoder((256, 256), 1.0)]},
    )
    return lambda: sum(len(batch[0]) for batch in loader)


class Pictures:
    """Decoded pictures, as FFCV's writer takes them."""

    def __init__(self, files: list[bytes]) -> None:
        self.files = files

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, place: int) -> tuple[np.ndarray]:
        return (np.asarray(Image.open(io.BytesIO(self.files[place])).convert("RGB")),)
