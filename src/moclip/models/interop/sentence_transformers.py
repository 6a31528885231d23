"""sentence-transformers: a folder that ``SentenceTransformer(path)`` opens with no code of ours.

Its ``encode`` gives the unit vectors of ``MoCLIP.encode_text``. Stock modules only: for CLIP the
transformer, its last token, the projection as a linear layer; for MiniLM the mean over tokens.
"""

import json
from pathlib import Path
from typing import Any

import transformers
from safetensors.torch import save_file

from moclip.files import fill_folder
from moclip.models.interop import hf
from moclip.models.interop._clip import ClipText, save_tokenizer
from moclip.models.interop._files import read_state
from moclip.models.interop._names import State
from moclip.models.text import _huggingface as huggingface
from moclip.models.text import clip, minilm
from moclip.models.text.base import TextTower

_PROJECTION = "text_projection.weight"
_POOLING = {
    "pooling_mode_cls_token": "cls",
    "pooling_mode_mean_tokens": "mean",
    "pooling_mode_max_tokens": "max",
    "pooling_mode_mean_sqrt_len_tokens": "mean_sqrt_len_tokens",
    "pooling_mode_weightedmean_tokens": "weightedmean",
    "pooling_mode_lasttoken": "lasttoken",
}
"""A key for each way; newer folders have its name under ``pooling_mode``."""
_IDENTITY = "torch.nn.modules.linear.Identity"
_DENSE = {
    "bias": (True, False),
    "activation_function": ("torch.nn.modules.activation.Tanh", _IDENTITY),
    "use_residual": (False, False),
    "module_input_name": ("sentence_embedding", "sentence_embedding"),
    "module_output_name": ("sentence_embedding", "sentence_embedding"),
}
"""What a key that is left out stands for, and what makes a plain product with the weights."""


def write(tower: TextTower, out: Path, *, base: str | None = None) -> None:
    """``out`` is a folder. A whole CLIP has no place in it, so ``base`` must be left out."""
    if base is not None:
        raise ValueError("sentence-transformers' layout holds a text tower alone; leave base out")
    with fill_folder(out) as folder:
        if isinstance(tower, minilm.Encoder):
            modules = _write_minilm(tower, folder)
        else:
            modules = _write_clip(tower, folder)
        _json(folder / "modules.json", modules)
        _json(folder / "sentence_bert_config.json", {"max_seq_length": tower.max_tokens})
        versions = {"transformers": transformers.__version__}
        _json(
            folder / "config_sentence_transformers.json",
            {"__version__": versions, "similarity_fn_name": "cosine"},
        )


def _write_minilm(tower: minilm.Encoder, folder: Path) -> list[dict[str, Any]]:
    with huggingface.quiet():
        tower.transformer.save_pretrained(folder)
    hf.save_bert_tokenizer(tower, folder)
    _pooling(folder, tower.dim, "pooling_mode_mean_tokens")
    return _modules("Transformer", "Pooling", "Normalize")


def _write_clip(tower: TextTower, folder: Path) -> list[dict[str, Any]]:
    text = ClipText.of(tower)
    state = {name: weight.cpu().contiguous() for name, weight in text.state.items()}
    projection = state.pop(_PROJECTION)
    _json(folder / "config.json", text.config.to_dict() | {"architectures": ["CLIPTextModel"]})
    save_file(state, folder / "model.safetensors", metadata={"format": "pt"})
    save_tokenizer(tower, folder)
    _pooling(folder, text.config.hidden_size, "pooling_mode_lasttoken")
    _dense(folder / "2_Dense", projection.shape, {"linear.weight": projection})
    return _modules("Transformer", "Pooling", "Dense", "Normalize")


def _pooling(folder: Path, width: int, mode: str) -> None:
    (folder / "1_Pooling").mkdir()
    table = {"word_embedding_dimension": width, **{key: key == mode for key in _POOLING}}
    _json(folder / "1_Pooling" / "config.json", table)


def _dense(folder: Path, shape: tuple[int, ...], state: State) -> None:
    folder.mkdir()
    table = {
        "in_features": shape[1],
        "out_features": shape[0],
        "bias": False,
        "activation_function": _IDENTITY,
    }
    _json(folder / "config.json", table)
    save_file(state, folder / "model.safetensors")


def _modules(*kinds: str) -> list[dict[str, Any]]:
    return [
        {
            "idx": number,
            "name": str(number),
            "path": f"{number}_{kind}" if number else "",
            "type": f"sentence_transformers.models.{kind}",
        }
        for number, kind in enumerate(kinds)
    ]


def read(folder: Path) -> TextTower:
    """A tower from a folder that :func:`write` made, or one that holds the same modules.

    Raises ``ValueError`` for other modules, for modules that do something else and for weights that
    do not fit.
    """
    modules = [module["type"].rpartition(".")[2] for module in _table(folder / "modules.json")]
    if modules == ["Transformer", "Pooling", "Normalize"]:
        _require_pooling(folder, "mean")
        return minilm.Encoder.from_pretrained(str(folder))
    if modules != ["Transformer", "Pooling", "Dense", "Normalize"]:
        raise ValueError(f"{folder} has the modules {', '.join(modules)}, none of our towers'")
    _require_pooling(folder, "lasttoken")
    _require_product(folder / "2_Dense")
    config = huggingface.load_config(transformers.CLIPTextConfig, str(folder))
    state = read_state(folder / "model.safetensors")
    dense = read_state(folder / "2_Dense" / "model.safetensors")
    if list(dense) != ["linear.weight"]:
        raise ValueError(f"{folder}/2_Dense holds {', '.join(dense)}, wanted linear.weight")
    config.projection_dim = len(dense["linear.weight"])
    text = ClipText.checked(config, {**state, _PROJECTION: dense["linear.weight"]})
    words = huggingface.load_tokenizer(
        "CLIPTokenizerFast", str(folder), config.max_position_embeddings, pad_id=clip.PAD_ID
    )
    return text.tower(words, source=huggingface.short_name(str(folder)))


def _require_pooling(folder: Path, wanted: str) -> None:
    table = _settings(folder / "1_Pooling")
    named = table.get("pooling_mode", [mode for key, mode in _POOLING.items() if table.get(key)])
    modes = named if isinstance(named, list) else [named]
    if (modes or ["mean"]) != [wanted]:
        told = ", ".join(map(str, modes or ["mean"]))
        raise ValueError(f"{folder} pools by {told}, wanted {wanted} as our tower does")


def _require_product(folder: Path) -> None:
    table = _settings(folder)
    for key, (left_out, wanted) in _DENSE.items():
        found = left_out if table.get(key) is None else table[key]
        if found != wanted:
            raise ValueError(f"{folder} has {key} {found!r}, wanted {wanted!r} as in our tower")


def _settings(folder: Path) -> dict[str, Any]:
    table = _table(folder / "config.json")
    if not isinstance(table, dict):
        raise ValueError(f"{folder / 'config.json'} is damaged: wanted keys and values")
    return table


def _table(path: Path) -> Any:
    try:
        return json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise ValueError(f"{path} is damaged: {error}") from None


def _json(path: Path, table: Any) -> None:
    path.write_text(json.dumps(table, indent=2) + "\n")
