"""The Hub, as huggingface_hub itself speaks to one: a server of the test's own, in processes that know no other."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from alexnet import checkpoint
from alexnet.sharing.folder import save_pretrained
from sharing.hub_stub import COMMIT, HubStub, serving

pytest.importorskip("huggingface_hub")


@pytest.fixture
def hub() -> Iterator[HubStub]:
    with serving() as server:
        yield server


def python(hub: HubStub, folder: Path, script: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a script that sees this Hub, and a cache in `folder`."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("HF_", "ALEXNET_OFF"))}
    own = {"HF_ENDPOINT": hub.address, "HF_HOME": str(folder / "hf"), "HF_TOKEN": "hf_test"}
    return subprocess.run(
        [sys.executable, "-c", script],
        env={**kept, **own, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


def test_what_is_pushed_is_fetched_back_and_says_the_same(hub: HubStub, tmp_path: Path) -> None:
    """The two ways are one: the checkpoint's digest, and nothing but the five files that a folder may have."""
    folder = save_pretrained("small", tmp_path / "small", licence="mit")
    (folder / "private-notes.txt").write_text("not to be uploaded")
    pushed = python(hub, tmp_path, f"import alexnet; print(alexnet.push_to_hub({str(folder)!r}, 'me/small'))")
    assert pushed.stdout.strip() == f"{hub.address}/me/small/commit/{COMMIT}", pushed.stderr
    names = {"README.md", "config.json", "preprocessor_config.json", "model.safetensors"}
    assert {name for name in hub.files["me/small"] if not name.startswith(".")} == names
    assert hub.files["me/small"]["README.md"] == (folder / "README.md").read_bytes()

    absent = python(hub, tmp_path, "import alexnet; alexnet.load('hf:me/small')")
    assert "AbsentWeightsError: hf:me/small has not been fetched" in absent.stderr
    script = "import alexnet; print(alexnet.from_pretrained('me/small'))"
    assert "Classifier(small, 100 classes" in python(hub, tmp_path, script).stdout
    asked = len(hub.asked)
    script = (
        "from alexnet.weights.loading import load_checkpoint; print(load_checkpoint('hf:me/small').digest())"
    )
    local = python(hub, tmp_path, script)
    assert local.stdout.strip() == checkpoint.load(folder / "model.safetensors").digest(), local.stderr
    assert len(hub.asked) == asked  # nobody was asked for what is here


def test_a_run_is_pushed_by_its_name_with_a_card_that_names_the_repository(
    hub: HubStub, tmp_path: Path
) -> None:
    script = "import alexnet; alexnet.push_to_hub('small', 'me/other', licence='mit')"
    assert python(hub, tmp_path, script).returncode == 0
    card = hub.files["me/other"]["README.md"].decode()
    assert 'alexnet.from_pretrained("me/other")' in card
    assert "hf-hub:me/other" in card
    assert json.loads(hub.files["me/other"]["config.json"])["architecture"] == "alexnet_small"


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("alexnet.from_pretrained('me/nothing')", "CheckpointError: me/nothing"),
        ("alexnet.from_pretrained('me/empty')", "is no folder of alexnet.save_pretrained"),
        ("alexnet.from_pretrained('no such thing')", "is neither a folder nor a network of the Hub"),
        ("alexnet.from_pretrained('me/small', local_files_only=True)", "AbsentWeightsError"),
        ("alexnet.push_to_hub('small', 'me/small')", "ExportError: me/small was not uploaded"),
    ],
)
def test_what_the_hub_does_not_have_or_allow_is_one_line(
    hub: HubStub, tmp_path: Path, script: str, said: str
) -> None:
    hub.files["me/empty"], hub.refuses = {}, True
    done = python(hub, tmp_path, f"import alexnet\n{script}")
    assert said in done.stderr.splitlines()[-1], done.stderr
    assert done.returncode == 1


def test_nothing_is_asked_where_the_network_is_forbidden(hub: HubStub, tmp_path: Path) -> None:
    for script in ("alexnet.from_pretrained('me/small')", "alexnet.push_to_hub('small', 'me/small')"):
        done = python(hub, tmp_path, f"import alexnet\n{script}", ALEXNET_OFFLINE="1")
        assert "Error: " in done.stderr.splitlines()[-1]
    assert hub.asked == []


def test_the_command_fetches_when_it_is_told_to(hub: HubStub, tmp_path: Path) -> None:
    folder = save_pretrained("small", tmp_path / "small")
    hub.files["me/small"] = {path.name: path.read_bytes() for path in folder.iterdir()}
    script = "from alexnet.__main__ import main; import sys; sys.argv = ['alexnet', *{}]; main()"
    refused = (
        python(hub, tmp_path, script.format(["info", "small"])),
        python(hub, tmp_path, script.format(["digest", "hf:me/small"])),
    )
    assert refused[0].returncode == 0
    done = python(hub, tmp_path, script.format(["weights", "--fetch", "hf://me/small"]))
    assert done.stdout.startswith("hf://me/small: "), done.stderr
    assert Path(done.stdout.strip().partition(": ")[2]).name == "model.safetensors"
