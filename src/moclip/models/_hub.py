"""Files of a hub id, brought here once; without a network a sentence at once, not minutes later."""

import json
import re
import socket
import urllib.request
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

from huggingface_hub import PyTorchModelHubMixin, constants, snapshot_download
from huggingface_hub.errors import (
    HFValidationError,
    LocalEntryNotFoundError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)
from huggingface_hub.file_download import repo_folder_name
from huggingface_hub.utils import logging

from moclip.models.model_card import Paperwork

PLAIN_FILES = (
    *("*.json", "*.safetensors", "*.txt", "*.md", "*.toml"),
    *("text.onnx", "motion.onnx"),  # and not all the graphs that others keep beside their weights
)
"""What models are made of; no pickle is fetched."""


def fetch(hub_id: str, *, revision: str | None = None) -> Path:
    """The folder with the plain files of a hub id; without a network what the cache holds of them.

    ``revision`` is a branch, a tag or a commit. Raises ``OSError`` in one sentence.
    """
    level = logging.get_verbosity()
    logging.set_verbosity_error()  # every try of every file would be told
    try:
        folder = snapshot_download(
            hub_id,
            revision=revision,
            allow_patterns=list(PLAIN_FILES),
            local_files_only=not _is_reachable(),
        )
    except Exception as error:  # the hub's own errors, its HTTP library's, the network's
        raise _told(error, hub_id, revision) from None
    finally:
        logging.set_verbosity(level)
    return Path(folder)


def _told(error: Exception, hub_id: str, revision: str | None) -> OSError:
    is_absent = type(error) is LocalEntryNotFoundError  # its own kind: a download that was cut off
    match error:
        case HFValidationError():
            return FileNotFoundError(f"there is no model folder {hub_id}")
        case RevisionNotFoundError():
            return FileNotFoundError(f"{hub_id} on the hub has no revision '{revision or 'main'}'")
        case RepositoryNotFoundError():
            reason = "it has no repository of that name that you may read"
        case _ if is_absent and (there := _cached_revisions(hub_id)):
            wanted = f"without a network revision '{revision or 'main'}' of {hub_id} is wanted"
            return FileNotFoundError(f"{wanted}, the hub's cache holds {', '.join(there)}")
        case _ if is_absent:
            reason = (
                "it cannot be reached, and its cache does not hold that "
                f"(`hf download {hub_id}` puts it there where there is a network)"
            )
        case _:
            reason = (str(error).strip() or type(error).__name__).splitlines()[0]
    return OSError(f"there is no folder {hub_id}, and the hub did not help: {reason}")


def _cached_revisions(hub_id: str) -> list[str]:
    """Names of branches and tags that were fetched before."""
    folder = repo_folder_name(repo_id=hub_id, repo_type="model")
    refs = Path(constants.HF_HUB_CACHE) / folder / "refs"
    return sorted(ref.relative_to(refs).as_posix() for ref in refs.rglob("*") if ref.is_file())


def _is_reachable() -> bool:
    """Whether the hub's name can be resolved; behind a proxy that is the proxy's business."""
    if constants.HF_HUB_OFFLINE:
        return False
    if urllib.request.getproxies():
        return True
    try:
        socket.getaddrinfo(urlparse(constants.ENDPOINT).hostname, 443)
    except OSError:
        return False
    return True


class Shared(PyTorchModelHubMixin):
    """A model that :meth:`push_to_hub` uploads as ``save_pretrained`` writes it, and no more."""

    paperwork: Paperwork

    def push_to_hub(self, repo_id: str, **options: Any) -> str:
        """Uploads the model; options are those of huggingface_hub's mixin (``private``, ...).

        The recipe names no folder of this machine. Returns the address of the commit.
        """
        kept = self.paperwork
        self.paperwork = replace(kept, recipe=_without_places(kept.recipe))
        try:
            return str(super().push_to_hub(repo_id, **options))
        finally:
            self.paperwork = kept


_PLACE = re.compile(r'(?m)^(\w+ = )"((?:[/~.\\]|[A-Za-z]:)[^"]*)"$')


def _without_places(recipe: str | None) -> str | None:
    """Of paths their last names, enough to recognise the data by."""

    def last(found: re.Match[str]) -> str:
        return found[1] + json.dumps(re.split(r"[/\\]+", found[2].rstrip("/\\"))[-1])

    return recipe and _PLACE.sub(last, recipe)
