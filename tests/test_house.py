"""The conventions of the house, checked: names, floors, help, recipes, the README."""

import ast
import importlib
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

import alexnet
from alexnet.cli import VERBS
from alexnet.cli import alexnet as command_line
from alexnet.cli.reference import reference
from alexnet.data.dataset import Dataset
from alexnet.recipes import RECIPES

ROOT = Path(__file__).parents[1]
SOURCES = sorted((ROOT / "src").rglob("*.py"))
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def test_every_public_name_resolves_and_says_what_it_is() -> None:
    for name in alexnet.__all__:
        assert getattr(alexnet, name).__doc__, name
    assert set(alexnet.__all__) <= set(dir(alexnet))
    with pytest.raises(AttributeError, match="nonsense"):
        getattr(alexnet, "nonsense")  # noqa: B009  # as a variable name would be


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["train", "--help"], ["predict", "--help"]])
def test_help_does_not_wait_for_torch(arguments: list[str]) -> None:
    """0.06 s on an idle machine, of which 0.02 are Python's; what costs is torch, so that is what is checked."""
    script = (
        "import sys; from alexnet.cli import alexnet\n"
        f"try: alexnet.main({arguments!r}, prog_name='alexnet')\n"
        "finally: assert not {'torch', 'numpy', 'rich'} & set(sys.modules), sorted(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_every_command_has_help_and_the_readme_names_it() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for verb in VERBS:
        shown = CliRunner().invoke(command_line, [verb, "--help"])
        assert shown.exit_code == 0
        assert len(shown.output.splitlines()) > 4
        assert f"alexnet {verb}" in readme, f"README.md does not name alexnet {verb}"


def test_the_page_of_commands_is_what_they_say_themselves() -> None:
    page = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
    command = [
        sys.executable,
        "-m",
        "alexnet.cli.reference",
    ]  # on its own: click keeps what it once has shown
    said = subprocess.run(command, capture_output=True, encoding="utf-8", check=True).stdout
    assert page == said, "make docs"


def test_the_commands_have_the_fields_words() -> None:
    """Words that were the package's own and have gone; the tables' headings are checked where they are made."""
    gone = {
        "place",
        "judge",
        "judged",
        "judging",
        "answer",
        "answering",
        "skipped",
        "unread",
        "gaps",
    }
    for text in (reference(), alexnet.__doc__ or "", alexnet.train.__doc__ or ""):
        assert not gone & set(re.findall(r"[a-z]+", text.lower()))


def test_the_readmes_options_exist() -> None:
    """Every option that README.md or docs/*.md show for a command is one of that command's."""
    known = {verb: _options(verb) for verb in VERBS}
    for page in PAGES:
        for line in page.read_text(encoding="utf-8").splitlines():
            for verb, rest in re.findall(r"(?:`| {4}|\$ )alexnet ([\w-]+)([^`|#]*)", line):
                if verb in known:
                    unknown = set(re.findall(r"(?<![\w-])--[\w-]+", rest)) - known[verb]
                    assert not unknown, f"{page.name}: alexnet {verb} has no {unknown}: {line}"


def _options(verb: str) -> set[str]:
    command = command_line.get_command(click.Context(command_line), verb)
    assert command is not None
    below = command.commands.values() if isinstance(command, click.Group) else ()
    return {
        "--help",
        *(name for each in (command, *below) for parameter in each.params for name in parameter.opts),
    }


def test_no_file_of_the_command_line_is_long() -> None:
    """It parses and prints; what learns, finds or writes is below."""
    for path in (ROOT / "src" / "alexnet" / "cli").rglob("*.py"):
        assert len(path.read_text().splitlines()) <= 100, path.name


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_file_and_name_that_a_page_mentions_is_there(page: Path) -> None:
    """As `training/step.py: train_step`, below src/alexnet or the root: the file, and the name in it."""
    mentioned = re.findall(r"`((?:[\w.]+/)+\w+\.(?:py|c|h))(?:: ([^`]+))?`", page.read_text(encoding="utf-8"))
    for name, inside in mentioned:
        found = [path for path in (ROOT / "src" / "alexnet" / name, ROOT / name) if path.is_file()]
        assert found, f"{page.name}: there is no {name}"
        for word in inside.split(", ") if inside else ():
            assert word in _names(found[0]), f"{page.name}: {name} has no {word}"


def _names(path: Path) -> set[str]:
    """Return the names that a module defines: functions, classes and their methods and fields, constants."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ClassDef):
            found |= {f"{node.name}.{name}" for inner in node.body for name in _defined(inner)}
        found |= set(_defined(node))
    return found


def _defined(node: ast.AST) -> list[str]:
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return [node.name]
    targets = (
        node.targets
        if isinstance(node, ast.Assign)
        else [node.target]
        if isinstance(node, ast.AnnAssign)
        else []
    )
    return [target.id for target in targets if isinstance(target, ast.Name)]


def test_the_journeys_floors_are_the_declared_ones() -> None:
    journey = (ROOT / "docs" / "journey.md").read_text(encoding="utf-8")
    table = journey[journey.index("| floor |") :].split("\n\n")[0]
    rows = [re.findall(r"`(\w+)`", row.split("|")[2]) for row in table.splitlines()[2:]]
    contract = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"][0]
    declared = [re.findall(r"\w+", layer) for layer in contract["layers"]]
    built = {path.stem for path in (ROOT / "src" / "alexnet").iterdir()}
    assert [set(row) for row in rows] == [kept for layer in declared if (kept := set(layer) & built)]


def test_no_room_or_file_is_called_after_nothing() -> None:
    empty = {"utils", "util", "common", "helpers", "misc", "core", "base", "manager"}
    assert not [path for path in SOURCES if path.stem in empty or path.parent.name in empty]


def test_the_readmes_tree_is_the_disk() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    tree = re.search(r"```\nsrc/alexnet/\n(.*?)```", readme, re.DOTALL)
    assert tree is not None
    named = set(re.findall(r"^  (\w+(?:/|\.py))", tree.group(1), re.MULTILINE))
    package = ROOT / "src" / "alexnet"
    rooms = {f"{path.name}/" for path in package.iterdir() if (path / "__init__.py").exists()}
    files = {path.name for path in package.glob("*.py") if not path.name.startswith("__")}
    assert named == rooms | files


def test_floors_are_declared_once_and_hold_every_room() -> None:
    contract = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"][0]
    declared = set(re.findall(r"\w+", " ".join(contract["layers"])))
    package = ROOT / "src" / "alexnet"
    rooms = {path.name for path in package.iterdir() if (path / "__init__.py").exists()}
    rooms |= {path.stem for path in package.glob("*.py") if not path.name.startswith("__")}
    assert rooms <= declared


@pytest.mark.parametrize("name", RECIPES)
def test_every_recipe_states_its_source_and_what_to_expect(name: str) -> None:
    text = RECIPES[name].__doc__ or ""
    assert all(word in text for word in ("Source:", "Expected:", "Measured here:"))


def test_settings_are_documented_field_by_field() -> None:
    """A docstring under each field of the settings that `--set` reaches."""
    owners = ("training.recipe", "training.optimizer", "training.schedule")
    for module in (
        *owners,
        "data.augmentation.augment",
        "data.augmentation.modern",
        "data.augmentation.mixing",
    ):
        text = Path(importlib.import_module(f"alexnet.{module}").__file__ or "").read_text()
        for body in re.findall(r"@dataclass\(frozen=True\)\nclass \w+:\n(.*?)(?=\n\n\n|\Z)", text, re.DOTALL):
            fields = re.findall(r"^    (\w+): .*\n(.*)", body, re.MULTILINE)
            assert fields
            assert all(after.strip().startswith('"""') for _, after in fields), fields


def test_the_shapes_are_for_tests_everywhere(shapes: Dataset) -> None:
    assert (shapes.side, len(shapes.classes), shapes.splits) == (32, 4, ("train", "validation"))
