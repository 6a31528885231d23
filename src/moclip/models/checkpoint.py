"""A model as a folder: config.json, model.safetensors, text/ (tokenizer), README.md, recipe.toml.

Every file is written whole under a temporary name; other files of the folder, such as a run's
metrics, stay. Nothing is ever unpickled.
"""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from safetensors import SafetensorError
from safetensors.torch import load_file
from safetensors.torch import save as to_bytes

from moclip import catalog
from moclip.files import fill_folder, read_bounded, write_atomically

if TYPE_CHECKING:
    from moclip.models.two_tower import MoCLIP

FORMAT = 1
_CONFIG, _WEIGHTS = "config.json", "model.safetensors"
_PATTERNS = ["*.json", "*.safetensors", "*.txt", "*.md", "*.toml"]


def save(model: "MoCLIP", folder: Path, *, recipe: str | None, card: str | None) -> None:
    """Writes the folder; weights last but for the config, so that a config means a whole model."""
    with fill_folder(folder / "text") as text:
        model.text.save_config(text)
    state = {name: tensor.contiguous().cpu() for name, tensor in model.state_dict().items()}
    write_atomically(folder / _WEIGHTS, to_bytes(state, {"format": "pt"}))
    write_atomically(folder / "README.md", _card(model, card).encode())
    if recipe is not None:
        write_atomically(folder / "recipe.toml", recipe.encode())
    write_atomically(folder / _CONFIG, json.dumps(_config(model), indent=2).encode())


def load(source: str | Path, **hub: Any) -> "MoCLIP":
    """From a folder, or from the hub when no folder has that name; strict about every weight."""
    from moclip.models.two_tower import MoCLIP

    folder = Path(source)
    if not folder.is_dir():
        folder = _download(str(source), **hub)
    config = _read_config(folder)
    try:
        text_class = catalog.load("models.text", config["text"]["tower"], "Encoder")
        text = text_class.from_config(folder / "text", config["text"]["source"])
        tower = config["motion"]["tower"]
        motion_config = catalog.load("models.motion", tower, "Config")(**config["motion"]["config"])
        motion = catalog.load("models.motion", tower, "Encoder")(motion_config, dim=text.dim)
        fps = float(config["fps"])
    except (KeyError, TypeError, ValueError, OSError) as error:
        reason = str(error).splitlines()[0]
        raise ValueError(f"{folder / _CONFIG} does not describe a model: {reason}") from None
    model = MoCLIP(text, motion, text_name=config["text"]["tower"], motion_name=tower, fps=fps)
    _load_weights(model, folder / _WEIGHTS)
    return model.eval()


def _config(model: "MoCLIP") -> dict[str, Any]:
    return {
        "format": FORMAT,
        "architecture": "MoCLIP",
        "text": {"tower": model.text_name, "source": model.text.source},
        "motion": {
            "tower": model.motion_name,
            "config": model.motion.config.model_dump(mode="json"),
        },
        "dim": model.dim,
        "fps": model.fps,
    }


def _read_config(folder: Path) -> dict[str, Any]:
    path = folder / _CONFIG
    if not path.exists():
        raise ValueError(f"{folder} is no model: it has no {_CONFIG}")
    try:
        config = json.loads(read_bounded(path, 2**20))
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"{path} is not JSON: {error}") from None
    if not isinstance(config, dict) or config.get("architecture") != "MoCLIP":
        raise ValueError(f"{path} is the config of another kind of model, not of MoCLIP")
    if config.get("format") != FORMAT:
        raise ValueError(f"{path} has format {config.get('format')}, this version reads {FORMAT}")
    return config


def _load_weights(model: "MoCLIP", path: Path) -> None:
    """Every key and shape must match. Raises ``ValueError`` naming the first that does not."""
    if not path.exists():
        raise ValueError(f"{path.parent} is no whole model: it has no {_WEIGHTS}")
    try:
        found = load_file(path)
    except (SafetensorError, OSError) as error:
        raise ValueError(f"{path} is damaged or no safetensors file: {error}") from None
    wanted = model.state_dict()
    for what, names in (
        ("misses", wanted.keys() - found),
        ("has the unknown", found.keys() - wanted),
    ):
        if names:
            first = min(names)
            raise ValueError(f"{path} {what} weight '{first}' ({len(names)} such weights)")
    for name, tensor in wanted.items():
        if found[name].shape != tensor.shape:
            came, want = tuple(found[name].shape), tuple(tensor.shape)
            raise ValueError(f"{path}: weight '{name}' has shape {came}, wanted {want}")
    model.load_state_dict(found)


def _download(source: str, **hub: Any) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HFValidationError

    if source.count("/") != 1 or source.startswith((".", "/", "~")):
        raise ValueError(f"there is no model folder {source}")
    try:
        return Path(snapshot_download(source, allow_patterns=_PATTERNS, **hub))
    except (OSError, ValueError, HFValidationError) as error:
        reason = str(error).splitlines()[0]
        raise ValueError(
            f"{source} is neither a model folder nor a model of the hub: {reason}"
        ) from None


def _card(model: "MoCLIP", card: str | None) -> str:
    count = sum(parameter.numel() for parameter in model.parameters())
    return (
        "---\nlibrary_name: moclip\ntags: [motion, clip, text-to-motion, retrieval]\n---\n"
        "# A MoCLIP model\n\n"
        f"Text tower `{model.text_name}` (from {model.text.source}), motion tower "
        f"`{model.motion_name}`, {model.dim} dimensions, {count / 1e6:.1f} M parameters. It takes "
        f"motions of any known skeleton and sees them at {model.fps:g} fps.\n\n"
        "```python\nfrom moclip import MoCLIP, read_motion\n\n"
        'model = MoCLIP.from_pretrained("PATH")\n'
        'model.similarity(read_motion("walk.bvh"), ["a person walks"])\n```\n\n'
        f"{card or ''}"
    )
