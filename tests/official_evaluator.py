"""Files as EricGuo5513/text-to-motion leaves them, with random numbers in them."""

import pickle
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

WORDS = ("unk", "sos", "eos", "a", "man", "kick", "walk", "slowly", "left", "leg")
BOTH = ("", "_reverse")


def shapes(channels: int = 259) -> dict[str, dict[str, tuple[int, ...]]]:
    """Names and sizes of the published networks."""
    return {
        "movement_encoder": {
            "main.0.weight": (512, channels, 4),
            "main.0.bias": (512,),
            "main.3.weight": (512, 512, 4),
            "main.3.bias": (512,),
            "out_net.weight": (512, 512),
            "out_net.bias": (512,),
        },
        "text_encoder": {
            "hidden": (2, 1, 512),
            "pos_emb.weight": (300, 15),
            "pos_emb.bias": (300,),
            "input_emb.weight": (512, 300),
            "input_emb.bias": (512,),
            **_gru(512),
            **_output(512),
        },
        "motion_encoder": {
            "hidden": (2, 1, 1024),
            "input_emb.weight": (1024, 512),
            "input_emb.bias": (1024,),
            **_gru(1024),
            **_output(1024),
        },
    }


def _gru(width: int) -> dict[str, tuple[int, ...]]:
    made: dict[str, tuple[int, ...]] = {}
    for way in BOTH:
        for kind in ("ih", "hh"):
            made[f"gru.weight_{kind}_l0{way}"] = (3 * width, width)
            made[f"gru.bias_{kind}_l0{way}"] = (3 * width,)
    return made


def _output(width: int) -> dict[str, tuple[int, ...]]:
    return {
        "output_net.0.weight": (width, 2 * width),
        "output_net.0.bias": (width,),
        "output_net.1.weight": (width,),
        "output_net.1.bias": (width,),
        "output_net.3.weight": (512, width),
        "output_net.3.bias": (512,),
    }


def weights(channels: int = 259) -> dict[str, dict[str, Tensor]]:
    draw = torch.Generator().manual_seed(0)
    return {
        network: {
            name: torch.randn(shape, generator=draw) / max(1, shape[-1]) ** 0.5
            for name, shape in parts.items()
        }
        for network, parts in shapes(channels).items()
    }


def write(root: Path, *, body: str = "humanml3d") -> Path:
    """``checkpoints`` and ``glove`` below ``root``; the folder of the checkpoints."""
    size, meta = {"humanml3d": (263, "Comp_v6_KLD01"), "kit": (251, "Comp_v6_KLD005")}[body]
    folder = root / "checkpoints"
    (folder / "text_mot_match" / "model").mkdir(parents=True)
    (folder / meta / "meta").mkdir(parents=True)
    state = weights(size - 4) | {"opt_text_encoder": {"state": {}}, "epoch": 56, "iter": 40_000}
    torch.save(state, folder / "text_mot_match" / "model" / "finest.tar")
    random = np.random.default_rng(0)
    np.save(folder / meta / "meta" / "mean.npy", random.normal(size=size).astype(np.float32))
    np.save(folder / meta / "meta" / "std.npy", random.uniform(0.5, 2, size).astype(np.float32))
    write_glove(root / "glove")
    return folder


def write_glove(folder: Path, protocol: int = 4) -> Path:
    folder.mkdir()
    vectors = np.random.default_rng(1).normal(size=(len(WORDS), 300))
    np.save(folder / "our_vab_data.npy", vectors)
    rows = {word: len(WORDS) - 1 - i for i, word in enumerate(WORDS)}
    (folder / "our_vab_words.pkl").write_bytes(pickle.dumps(list(WORDS), protocol))
    (folder / "our_vab_idx.pkl").write_bytes(pickle.dumps(rows, protocol))
    return folder
