"""Read the INI files of the 2012 program: sections of keys and values, as its Python 2 reader understood them.

    [conv1a]            a section: the name of a layer, upper and lower case told apart
    initW=0.01          a key, upper and lower case alike, and a value; `initW: 0.01` too
    # ... or ; ...      a comment; `value ; comment` ends the value
        more            an indented line goes on with the value before it
    %(channels)s        stands for another key of the section or of [DEFAULT]; %% for %

Sections of the same name are one section; of a key given twice the last value counts.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, final

from alexnet.errors import RecipeError
from alexnet.files import read_bounded

_HEADER: Final = re.compile(r"\[([^\]]+)\]")
_REFERENCE: Final = re.compile(r"%(?:%|\(([^)]*)\)s|)")
_DEPTH: Final = 10  # of references to references
_LONGEST: Final = 10_000  # characters and references of a value; the longest published one has 40
_LARGEST: Final = 1_000_000  # characters; the longest published file has 12,000
_SECTIONS: Final = 1_000  # of a file; the published one with most has 41
_ENTRIES: Final = 1_000  # of a section, those of [DEFAULT] among them
_NAME: Final = 200  # characters of a section's name, or of a key


@final
@dataclass(frozen=True)
class Entry:
    """A key's value and where it stands."""

    key: str
    """As it is spelled in the file."""
    value: str
    """Without the spaces around it."""
    line: int
    """Counted from 1."""


@final
@dataclass(frozen=True)
class Section:
    """A named section: its entries by their key in lower case, and the line of its name."""

    file: str
    name: str
    line: int
    entries: Mapping[str, Entry]

    def wrong(self, key: str, message: str) -> RecipeError:
        """Return the error about a key of this section: file, line, section, key and value are named."""
        entry = self.entries.get(key.lower())
        line = entry.line if entry else self.line
        what = f"{entry.key}={shortened(entry.value)}" if entry else key
        return RecipeError(f"{self.file}, line {line}: [{self.name}] {what}: {' '.join(message.split())}")


def shortened(text: str) -> str:
    """Return what a file says as a message has it: on one line, and not longer than a line."""
    line = " ".join(text.split())
    return line if len(line) <= 80 else f"{line[:77]}..."


def read_text(path: Path) -> str:
    """Read a definition or parameter file.

    Args:
        path: of a regular file of at most a million bytes.
    Raises:
        RecipeError: there is no such file, it is a pipe or a device, too large, or no text.
    """
    try:
        return read_bounded(path, _LARGEST).decode("utf-8")
    except UnicodeDecodeError:
        raise RecipeError(f"{path} is not a text file: a definition of layers is expected") from None
    except OSError as error:
        raise RecipeError(f"{path} cannot be read: {error.strerror}") from error


def read_sections(text: str, file: str) -> dict[str, Section]:
    """Split a file into its sections, in the order of their first appearance.

    Args:
        text: the file's content.
        file: its name, for messages.
    Raises:
        RecipeError: a line that is neither section, entry nor comment, or a reference to nothing.
    """
    if len(text) > _LARGEST:
        raise RecipeError(f"{file} has {len(text):,} characters: a definition has at most {_LARGEST:,}")
    lines: dict[str, int] = {}
    entries: dict[str, dict[str, Entry]] = {}
    for name, line, entry in _entries(text, file):
        lines.setdefault(name, line)
        section = entries.setdefault(name, {})
        if entry is not None:
            section[entry.key.lower()] = entry
        if len(entries) > _SECTIONS or len(section) > _ENTRIES:
            raise RecipeError(
                f"{file}, line {line}: a file has at most {_SECTIONS:,} sections of {_ENTRIES:,} keys each"
            )
    defaults = entries.pop("DEFAULT", {})
    if any(len(defaults.keys() | own.keys()) > _ENTRIES for own in entries.values()):
        raise RecipeError(f"{file}: a section has at most {_ENTRIES:,} keys, those of [DEFAULT] among them")
    return {
        name: _resolved(Section(file, name, lines[name], {**defaults, **own}))
        for name, own in entries.items()
    }


def _entries(text: str, file: str) -> Iterator[tuple[str, int, Entry | None]]:
    """Yield section, line and entry of each line that holds one; a section's own line has none."""
    name, last = "", None
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line[0] in "#;" or re.match(r"rem\s", line, re.IGNORECASE):
            continue
        if line[0].isspace() and last is not None:
            last = Entry(last.key, f"{last.value}\n{line.strip()}".strip(), last.line)
            key = last.key
        elif header := _HEADER.match(line):
            name, last = header[1], None
            key = name
        else:
            key, value = _parted(line)
            if not name or not key:
                expected = "key=value or [layer]" if name else "[layer] before the first key"
                raise RecipeError(f"{file}, line {number}: {expected} expected, not `{shortened(line)}`")
            last = Entry(key, "" if value == '""' else value, number)
        if len(key) > _NAME or (last is not None and len(last.value) > _LONGEST):
            raise RecipeError(
                f"{file}, line {number}: a name has at most {_NAME} characters and a value {_LONGEST:,}"
            )
        yield name, number, last


def _parted(line: str) -> tuple[str, str]:
    """Part a line at its first equal sign or colon into key and value; no key where there is neither."""
    cuts = [cut for cut in (line.find("="), line.find(":")) if cut >= 0]
    if not cuts or line[0].isspace():
        return "", ""
    key, value = line[: min(cuts)], line[min(cuts) + 1 :]
    return key.strip(), re.split(r"\s;", value, maxsplit=1)[0].strip()


def _resolved(section: Section) -> Section:
    """Replace references in a section's values by what they stand for."""
    entries = {
        key: Entry(entry.key, _substituted(section, entry, entry.value, _DEPTH, [_LONGEST]), entry.line)
        for key, entry in section.entries.items()
    }
    return Section(section.file, section.name, section.line, entries)


def _substituted(section: Section, entry: Entry, value: str, depth: int, left: list[int]) -> str:
    """Return a value with its references replaced; `left` is how many characters they may still give."""

    def replacement(match: re.Match[str]) -> str:
        if match[0] == "%%":
            return "%"
        name = (match[1] or "").lower()
        if name not in section.entries or depth == 0:
            raise section.wrong(
                entry.key, "% must be followed by (key)s, a key of this section, or by another %"
            )
        other = section.entries[name]
        found = _substituted(section, other, other.value, depth - 1, left)
        left[0] -= len(found) + 1
        if left[0] < 0:
            raise section.wrong(entry.key, f"its references grow beyond {_LONGEST:,} characters")
        return found

    return _REFERENCE.sub(replacement, value) if "%" in value else value
