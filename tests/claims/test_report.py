"""The table and the page come from journals alone, and those of the documentation are what they say."""

import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from alexnet.claims import journal
from alexnet.claims.claim import Claim, Measured, Training, plain
from alexnet.claims.experiments import CLAIMS
from alexnet.claims.figures import figure
from alexnet.claims.journal import Record
from alexnet.claims.report import BEGIN, END, as_markdown, outcomes, write_report
from alexnet.cli import alexnet
from alexnet.errors import RecipeError

DOCS = Path(__file__).parents[2] / "docs"


def written(claim: Claim, folder: Path) -> None:
    """Write a journal that has each arm of a claim once, with figures made up by their order."""
    for number, arm in enumerate(claim.arms):
        error = (number + 1) / (len(claim.arms) + 2)
        measured = Measured(error, curve=((1.0, 0.5), (2.0, error)))
        trainings = tuple(plain(training, 500) for training in arm.trainings)
        record = Record(
            claim.name,
            arm.name,
            0,
            arm.key,
            measured,
            9.0,
            "2026-11-24",
            "a | machine",
            "1",
            "<b>",
            "alexnet",
            trainings,
        )
        journal.append(folder, record)


def test_the_documentation_is_what_its_journals_say() -> None:
    """`alexnet claims report docs/claims -o docs/results.md` writes it anew, figures too."""
    found = outcomes(DOCS / "claims")
    page = (DOCS / "results.md").read_text(encoding="utf-8")
    inside = page.partition(BEGIN)[2].partition(END)[0].strip()
    drawings = {one.claim.name: f"claims/{one.claim.name}.svg" for one in found if figure(one) is not None}
    assert inside == as_markdown(found, drawings).strip(), (
        "alexnet claims report docs/claims -o docs/results.md"
    )
    for one in found:
        if (canvas := figure(one)) is not None:
            path = DOCS / "claims" / f"{one.claim.name}.svg"
            assert path.read_text(encoding="utf-8") == canvas.to_svg(), path.name


@pytest.mark.parametrize("name", CLAIMS)
def test_every_claim_can_be_drawn_and_told(name: str, tmp_path: Path) -> None:
    written(CLAIMS[name], tmp_path)
    found = next(one for one in outcomes(tmp_path) if one.claim.name == name)
    assert found.verdict != "not run"
    canvas = figure(found)
    assert canvas is not None
    ET.fromstring(canvas.to_svg())
    text = write_report(tmp_path, tmp_path / "page.html")
    assert "&lt;b&gt;" in text
    assert "<b>&lt;" not in text
    assert f"| {name} |" in write_report(tmp_path, None)


def test_a_page_keeps_what_is_outside_its_marks(tmp_path: Path) -> None:
    page = tmp_path / "results.md"
    page.write_text(f"# Mine\n\n{BEGIN}\nold\n{END}\n\nafter\n", encoding="utf-8")
    write_report(tmp_path / "none", page)
    first = page.read_text(encoding="utf-8")
    assert first.startswith("# Mine\n")
    assert first.endswith(f"{END}\n\nafter\n")
    assert "old" not in first
    write_report(tmp_path / "none", page)
    assert page.read_text(encoding="utf-8") == first
    page.write_text("# Mine\n", encoding="utf-8")
    with pytest.raises(RecipeError, match="has no lines <!-- claims -->"):
        write_report(tmp_path / "none", page)
    with pytest.raises(RecipeError, match=r"neither \.md nor \.html"):
        write_report(tmp_path / "none", tmp_path / "page.txt")


def test_one_name_is_one_training_and_every_contrast_is_of_arms_that_there_are() -> None:
    """Claims share runs by their names: two trainings of one name would be mixed up."""
    known: dict[str, Training] = {}
    for claim in CLAIMS.values():
        names = [arm.name for arm in claim.arms]
        assert len(set(names)) == len(names)
        for arm in claim.arms:
            for training, _ in arm.runs(0):
                one: Training | None = training
                while one is not None:
                    assert known.setdefault(one.name, one) == one, one.name
                    assert one.data < len(claim.data)
                    one = one.start
        for contrast in claim.contrasts:
            assert set(contrast.terms) <= set(names)


def test_another_experiment_has_another_key() -> None:
    arm = CLAIMS["dropout"].arms[0]
    longer = replace(arm, trainings=(replace(arm.trainings[0], epochs=61.0),))
    assert len({arm.key, longer.key, replace(arm, members=(2,)).key}) == 3


def test_the_command_lists_the_claims_and_shows_a_plan_without_running_it(tmp_path: Path) -> None:
    runner = CliRunner()
    listed = runner.invoke(alexnet, ["claims"])
    assert listed.exit_code == 0
    assert "figure-1" in listed.stdout
    into = str(tmp_path / "into")
    asked = ["claims", "run", "figure-1", "--data", "digits", "--dry-run", "--into", into]
    found = runner.invoke(alexnet, asked)
    assert found.exit_code == 0
    assert "figure-1-0.002: figure-1, 20 epochs of 1,438 pictures" in found.stdout
    assert "6 of 6 arms and seeds are still to be measured" in found.stdout
    assert not (tmp_path / "into").exists()
    assert "`nothing` is not a claim" in str(runner.invoke(alexnet, ["claims", "run", "nothing"]).exception)
    wrong = runner.invoke(alexnet, ["claims", "run", "figure-1", "--budget", "soon"])
    assert wrong.exit_code == 2
