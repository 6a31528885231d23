"""Files of a hub id, brought here once; without a network a sentence at once, not minutes later."""

import socket
import urllib.request
from pathlib import Path
from urllib.parse import urlparse

from huggingface_hub import constants, snapshot_download
from huggingface_hub.errors import HFValidationError
from huggingface_hub.utils import logging

PLAIN_FILES = ("*.json", "*.safetensors", "*.txt", "*.md", "*.toml")
"""What models are made of; no pickle is fetched."""


def fetch(hub_id: str, *, revision: str | None = None) -> Path:
    """The folder with the plain files of a hub id; without a network what the cache holds of them.

    Raises ``OSError`` in one sentence.
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
    except HFValidationError:
        raise FileNotFoundError(f"there is no model folder {hub_id}") from None
    except Exception as error:  # the hub's own errors, its HTTP library's, the network's
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise OSError(f"there is no folder {hub_id}, and the hub did not help: {reason}") from None
    finally:
        logging.set_verbosity(level)
    return Path(folder)


def _is_reachable() -> bool:
    """Whether the hub's name can be resolved; behind a proxy that is the proxy's business."""
    if urllib.request.getproxies():
        return True
    try:
        socket.getaddrinfo(urlparse(constants.ENDPOINT).hostname, 443)
    except OSError:
        return False
    return True
