"""Features as a parquet file: the one file of this room that knows pyarrow."""

from pathlib import Path
from typing import Final

import numpy as np

from alexnet.errors import AlexNetError, missing
from alexnet.files import written_whole
from alexnet.search.features.folder import FeatureFolder

_BYTES: Final = 1 << 26
"""Of the features that are written together."""


def write_parquet(features: FeatureFolder, path: Path) -> None:
    """Write features as parquet: the columns picture, class and features, a list of D values.

    Args:
        features: opened.
        path: of the file, which is there whole or not at all.
    Raises:
        AlexNetError: pyarrow is not installed, or the file cannot be written.
    """
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        raise missing("pyarrow", "parquet", "a file of features in parquet") from None
    header, names = features.header, features.names()
    values = pyarrow.float16() if header.dtype == "float16" else pyarrow.float32()
    schema = pyarrow.schema(
        [
            ("picture", pyarrow.string()),
            ("class", pyarrow.string()),
            ("features", pyarrow.list_(values, header.dimension)),
        ]
    )
    rows = max(1, _BYTES // (header.dimension * np.dtype(header.dtype).itemsize))
    try:
        with written_whole(path) as temporary, pyarrow.parquet.ParquetWriter(temporary, schema) as file:
            for start in range(0, header.count, rows):
                vectors = np.array(features.vectors[start : start + rows])
                labels = features.labels[start : start + rows].tolist()
                columns = [
                    pyarrow.array([next(names) for _ in labels], pyarrow.string()),
                    pyarrow.array([header.classes[k] if k >= 0 else None for k in labels], pyarrow.string()),
                    pyarrow.FixedSizeListArray.from_arrays(
                        pyarrow.array(vectors.reshape(-1), values), header.dimension
                    ),
                ]
                file.write_table(pyarrow.Table.from_arrays(columns, schema=schema))
    except OSError as error:
        raise AlexNetError(f"{path} cannot be written: {error.strerror}; give another folder") from error
