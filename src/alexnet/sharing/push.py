"""The folder that is shared, uploaded to the Hub of Hugging Face."""

import os
import tempfile
from pathlib import Path

from alexnet import downloads
from alexnet.errors import AlexNetError, ExportError
from alexnet.evaluation.report import Report
from alexnet.inference.classifier import Classifier
from alexnet.runs.checkpoints import SHARED
from alexnet.sharing.folder import CARD, copy_folder, save_pretrained
from alexnet.version import VERSION
from alexnet.weights.hub import library, reason


def push_to_hub(
    run: str | Path | Classifier,
    repo_id: str,
    *,
    report: Report | None = None,
    licence: str = "",
    private: bool | None = None,
    token: str | None = None,
    revision: str | None = None,
    create_pr: bool = False,
    commit_message: str = "Upload with alexnet",
) -> str:
    """Upload what a run has learned to the Hub, as the folder that `save_pretrained` writes.

    Args:
        run: as `save_pretrained` takes it; or a folder that it wrote, whose files, an edited card among them, are
            uploaded as they are.
        repo_id: owner/name; made if it is not there.
        report, licence: as `save_pretrained` takes them; not of a folder.
        private: whether a repository that is made can be seen by its owners alone.
        token: of the Hub; left out, the one that the library has (hf auth login, HF_TOKEN).
        revision: the branch; left out, the main one.
        create_pr: propose the change, and leave the branch as it is.
        commit_message: what the history says of it.
    Returns:
        the address of the commit.
    Raises:
        ExportError: the Hub refuses it or does not answer, or ALEXNET_OFFLINE is set.
        AlexNetError: huggingface_hub is not installed.
        CheckpointError: as `save_pretrained`.
    """
    hub = library("push_to_hub")
    if downloads.offline():
        raise ExportError("ALEXNET_OFFLINE is set: nothing is uploaded")
    with tempfile.TemporaryDirectory(prefix="alexnet-") as scratch:
        folder = Path(scratch) / "folder"
        if not isinstance(run, Classifier) and _is_shared(Path(run)):
            if report is not None or licence:
                raise ExportError(f"{run} has its card already: edit it, or give the run")
            folder.mkdir()
            copy_folder(Path(run), folder)
        else:
            save_pretrained(run, folder, report=report, licence=licence, repo_id=repo_id)
        try:
            api = hub.HfApi(token=token, library_name="alexnet", library_version=VERSION)
            made = api.create_repo(repo_id, private=private, exist_ok=True)
            commit = api.upload_folder(
                repo_id=made.repo_id,
                folder_path=folder,
                commit_message=commit_message,
                revision=revision,
                create_pr=create_pr,
            )
        except AlexNetError:
            raise
        except Exception as error:  # the library's errors have no common root
            raise ExportError(f"{repo_id} was not uploaded: {reason(error)}") from error
    return str(commit)


def _is_shared(path: Path) -> bool:
    """Whether a path is a folder that `save_pretrained` wrote."""
    return os.path.isfile(path / SHARED) and os.path.isfile(path / CARD)
