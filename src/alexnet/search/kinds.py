"""The kinds of index by their names: each is a module of this room, imported when it is asked for."""

import importlib
from pathlib import Path
from typing import Final, cast

from alexnet.errors import RecipeError, choices
from alexnet.search.header import HEADER, damaged, read_header
from alexnet.search.index import Kind

KINDS: Final = {
    "exact": "alexnet.search.exact",
    "codes": "alexnet.search.codes",
    "ivf": "alexnet.search.faiss_index",
    "hnsw": "alexnet.search.faiss_index",
}
"""Those that lie in a folder of this machine."""
SCHEMES: Final = {
    "postgresql": "alexnet.search.postgresql",
    "qdrant": "alexnet.search.qdrant",
}
"""Those that a database keeps, by the scheme of its address: qdrant://host:6333/collection."""


def kind_named(kind: str) -> Kind:
    """Return a kind of index.

    Args:
        kind: a name such as exact, or the address of a database.
    Raises:
        RecipeError: there is no such kind; the message offers those there are.
    """
    scheme, address, _ = kind.partition("://")
    module = SCHEMES.get(scheme) if address else KINDS.get(kind)
    if module is None:
        known = [*KINDS, *(f"{name}://..." for name in SCHEMES)]
        raise RecipeError(f"`{kind[:80]}` is no kind of index; {choices(kind, known)}")
    return cast(Kind, importlib.import_module(module))


def kind_of_folder(folder: Path) -> Kind:
    """Return the kind of an index that lies in a folder.

    Raises:
        SearchError: there is none, it is damaged, or of a kind that is not known here.
    """
    kind = read_header(folder).card.kind
    try:
        return kind_named(kind)
    except RecipeError as error:
        raise damaged(folder / HEADER, str(error)) from None
