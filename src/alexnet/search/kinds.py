"""The kinds of index by their names: each is a module of this room, imported when it is asked for."""

import hashlib
import importlib
import os
from pathlib import Path
from typing import Final, cast

from alexnet.errors import RecipeError, SearchError, choices
from alexnet.search.index import Kind
from alexnet.search.known import recall, remember
from alexnet.search.storage.header import HEADER, damaged, read_header
from alexnet.text import visible

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
ALLOWED: Final = "ALEXNET_DATABASE"
"""The variable that names a database which an index may be kept by, though none was built there from here."""


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
        SearchError: there is none, it is damaged, of a kind that is not known here, or kept by a database that nobody
            here has used: an index of a stranger's makes nothing connect to where it says.
    """
    kind = read_header(folder).card.kind
    try:
        found = kind_named(kind)
    except RecipeError as error:
        raise damaged(folder / HEADER, str(error)) from None
    if "://" in kind and recall(_digest(kind)) is None and os.environ.get(ALLOWED) != kind:
        raise SearchError(
            f"{folder} is kept by {visible(kind)}, a database that was not used here before: {ALLOWED}={visible(kind)} "
            "allows it"
        )
    return found


def remember_database(kind: str) -> None:
    """Remember that a database was used here, by the address on an index's card: indexes that it keeps are opened."""
    if "://" in kind:
        remember(_digest(kind), kind)


def _digest(kind: str) -> str:
    return hashlib.sha256(kind.encode()).hexdigest()
