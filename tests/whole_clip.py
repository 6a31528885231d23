"""A small whole CLIP that OpenAI's code could build: heads of 64, quick_gelu, 77 tokens."""

from pathlib import Path

import small_clip
import torch
from transformers import CLIPConfig, CLIPModel

from moclip.models.text import clip

CAPTIONS = (
    "a person walks",
    "a person walks slowly in a wide circle, then sits down on the floor and waves!",
    "Jumps.",
    "",
    "walks " * 100,
)


def write_whole(folder: Path, *, seed: int = 0) -> Path:
    """Both towers and the tokenizer, by transformers."""
    words = small_clip.write_tokenizer(folder)
    sizes = {"hidden_size": 128, "intermediate_size": 512, "num_attention_heads": 2}
    text = {**sizes, "vocab_size": words, "num_hidden_layers": 2, "bos_token_id": words - 2}
    text |= {"projection_dim": 48, "eos_token_id": words - 1, "pad_token_id": words - 1}
    image = {**sizes, "num_hidden_layers": 1, "image_size": 64, "patch_size": 32}
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        config = CLIPConfig(text_config=text, vision_config=image, projection_dim=48)
        model = CLIPModel(config)
        for parameter in model.parameters():  # biases are zero at first and would hide a slip
            parameter.data += 0.02 * torch.randn_like(parameter)
        model.save_pretrained(folder)
    return folder


def fine_tuned(base: Path, *, seed: int = 1) -> clip.Encoder:
    """The base's text tower, moved a little."""
    tower = clip.Encoder.from_pretrained(str(base))
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in tower.parameters():
            parameter += 0.01 * torch.randn(parameter.shape, generator=generator)
    return tower


def vectors(tower: clip.Encoder) -> torch.Tensor:
    with torch.no_grad():
        return tower.encode(CAPTIONS)
