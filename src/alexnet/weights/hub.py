"""Networks of the Hub of Hugging Face by name, `hf:owner/name`, through huggingface_hub (the extra `hub`).

Only this file and what uploads (`sharing/push.py`) know that library. Its own settings count: HF_HOME, HF_TOKEN,
HF_HUB_OFFLINE. Of a repository two files are fetched: the weights, and config.json, by which downloads are counted.
"""

import importlib
import os
import re
from pathlib import Path
from typing import Any, Final

import torch

from alexnet import downloads
from alexnet.checkpoint import Checkpoint
from alexnet.device import choose_device
from alexnet.errors import AbsentWeightsError, CheckpointError, missing
from alexnet.inference.classifier import Classifier
from alexnet.interchange import conversion
from alexnet.runs.checkpoints import SHARED
from alexnet.text import visible
from alexnet.version import VERSION

CONFIG: Final = "config.json"
_NAME: Final = re.compile(r"(?:hf:/{0,2})?([\w.-]+/[\w.-]+)(?:@([\w./-]+))?")
"""hf:owner/name, with a branch, tag or commit after @; a path has become of hf:// what has one slash."""


def is_hub_name(text: str) -> bool:
    """Whether a text names a network of the Hub: hf:owner/name or hf://owner/name."""
    return text.startswith("hf:")


def from_pretrained(
    name: str | Path,
    *,
    revision: str | None = None,
    cache_dir: str | Path | None = None,
    local_files_only: bool = False,
    force_download: bool = False,
    token: str | bool | None = None,
    device: str | torch.device = "cpu",
) -> Classifier:
    """Load a folder of `alexnet.save_pretrained`, or fetch one from the Hub of Hugging Face and load it.

    Nothing that was fetched is executed: weights are safetensors, whose SHA-256 is checked.

    Args:
        name: a folder; or owner/name of the Hub, which is asked for it. A folder that exists wins.
        revision: a branch, tag or commit of the Hub; left out, its main branch.
        cache_dir: where the library keeps what it fetches; left out, its own folder.
        local_files_only: take what was fetched before, and ask nobody.
        force_download: fetch it again.
        token: of the Hub, for what is not public; left out, the one the library has.
        device: where the network answers: cpu, cuda, or auto.
    Returns:
        the classifier.
    Raises:
        CheckpointError: there is no such folder or repository, it cannot be fetched, or holds no AlexNet.
        AbsentWeightsError: it was to be local, and is not.
        AlexNetError: huggingface_hub is not installed.
    """
    where = choose_device(device)
    if os.path.isdir(name):
        path = Path(name) / SHARED
    else:
        local_files_only = local_files_only or downloads.offline()
        options = {"cache_dir": cache_dir, "force_download": force_download, "token": token}
        path = fetched(os.fspath(name), revision=revision, local_files_only=local_files_only, **options)
    return Classifier(_read(path), os.fspath(name), device=where)


def checkpoint_of_hub(name: str) -> Checkpoint:
    """Read a network of the Hub that has been fetched before; nobody is asked.

    Raises:
        AbsentWeightsError: it has not been.
        CheckpointError: it holds no AlexNet, or is damaged.
    """
    return _read(fetched(name, local_files_only=True))


def fetched(
    name: str, *, revision: str | None = None, local_files_only: bool = False, **options: Any
) -> Path:
    """Return where the weights of a repository are kept, fetched if need be.

    Args:
        name: [hf:]owner/name[@revision].
        revision: as `from_pretrained` takes it.
        local_files_only: fetch nothing.
        options: others of `huggingface_hub.hf_hub_download`.
    Raises:
        CheckpointError, AbsentWeightsError: as `from_pretrained`.
    """
    matched = _NAME.fullmatch(name)
    if matched is None:
        raise CheckpointError(
            f"{visible(name)[:200]!r} is neither a folder nor a network of the Hub: a folder of "
            "alexnet.save_pretrained, or owner/name, is taken"
        )
    repository, after = matched.groups()
    hub = library(f"{repository} of the Hub")
    if local_files_only:  # hf_hub_download asks the Hub for something even then
        return _cached(hub, repository, revision or after, options.get("cache_dir"))
    where = {
        "repo_id": repository,
        "revision": revision or after,
        "library_name": "alexnet",
        "library_version": VERSION,
        **options,
    }
    try:
        hub.hf_hub_download(filename=CONFIG, **where)
        return Path(hub.hf_hub_download(filename=SHARED, **where))
    except hub.errors.LocalEntryNotFoundError:
        raise CheckpointError(
            f"{repository} cannot be fetched, and has not been before: the Hub does not answer"
        ) from None
    except hub.errors.EntryNotFoundError:
        raise CheckpointError(
            f"{repository} of the Hub is no folder of alexnet.save_pretrained: it needs {CONFIG} and {SHARED}"
        ) from None
    except (hub.errors.HfHubHTTPError, hub.errors.HFValidationError, OSError, ValueError) as error:
        raise CheckpointError(f"{repository} cannot be fetched: {reason(error)}") from None


def library(purpose: str) -> Any:
    """Import huggingface_hub.

    Args:
        purpose: what needs it.
    Raises:
        AlexNetError: it is not installed; the message says how to.
    """
    try:
        return importlib.import_module("huggingface_hub")
    except ModuleNotFoundError:
        raise missing("huggingface_hub", "hub", purpose) from None


def reason(error: Exception) -> str:
    """Return what the library says, in a line fit to be shown."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return visible(" ".join(lines[:2]) or type(error).__name__)[:300]


def _read(path: Path) -> Checkpoint:
    """Read a file of weights that anybody may have written: this package's, or another program's."""
    return conversion.read(path)


def _cached(hub: Any, repository: str, revision: str | None, folder: str | Path | None) -> Path:
    """Return where the weights of a repository are kept; nobody is asked."""
    try:
        found = hub.try_to_load_from_cache(repository, SHARED, cache_dir=folder, revision=revision)
    except hub.errors.HFValidationError as error:
        raise CheckpointError(f"{repository} cannot be a repository: {reason(error)}") from None
    if not isinstance(found, str):
        raise _absent(repository)
    return Path(found)


def _absent(repository: str) -> AbsentWeightsError:
    name = f"hf:{repository}"
    return AbsentWeightsError(
        f"{name} has not been fetched to this machine: alexnet weights --fetch {name} does, or in Python "
        f'alexnet.from_pretrained("{repository}")',
        name,
    )
