"""The members of an archive by folder, kept small: what zip and tar trees share."""

from collections.abc import Iterable

from alexnet.data.sources.files.trees import junk


class Members:
    """Paths of an archive's members and where each lies, looked up by folder."""

    def __init__(self) -> None:
        self.where: dict[str, tuple[int, int]] = {}
        self._folders: dict[str, set[str]] = {}
        self._files: dict[str, list[str]] = {}

    def add(self, name: str, start: int, size: int) -> None:
        """Add a regular member; as in unpacking, the last one of a name counts. Unsafe names are left out."""
        parts = safe_parts(name)
        if not parts:
            return
        path = "/".join(parts)
        if path not in self.where:
            for depth in range(len(parts) - 1):
                self._folders.setdefault("/".join(parts[:depth]), set()).add(parts[depth])
            self._files.setdefault("/".join(parts[:-1]), []).append(path)
        self.where[path] = (start, size)

    def folders(self, path: str) -> list[str]:
        """Return the names of the folders directly in a folder."""
        return sorted(self._folders.get(path, ()))

    def files(self, path: str, deep: bool) -> list[str]:
        """Return the paths of the files in a folder, or in all below it."""
        found: Iterable[str] = self._files.get(path, ())
        if deep:
            below = [
                self.files(f"{path}/{name}" if path else name, True) for name in self._folders.get(path, ())
            ]
            found = [*found, *(one for names in below for one in names)]
        return sorted(found)


def safe_parts(name: str) -> list[str]:
    """Split a member's name into its parts; empty where it is junk, absolute or reaches outside."""
    parts = [part for part in name.split("/") if part not in ("", ".")]
    if name.startswith("/") or ".." in parts or any(junk(part) for part in parts):
        return []
    return parts
