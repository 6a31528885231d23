"""A CLIP of a few thousand random weights on disk, in the very layout of the hub."""

import json
from pathlib import Path

import torch
from tokenizers.pre_tokenizers import ByteLevel
from transformers import CLIPConfig, CLIPModel, CLIPTextConfig, CLIPTextModelWithProjection

MERGES = ("w a", "wa l", "wal k", "walk s</w>", "p er", "per s", "pers o", "perso n</w>", "e r")
START, END = "<|startoftext|>", "<|endoftext|>"


def write_tokenizer(folder: Path) -> int:
    """``vocab.json``, ``merges.txt`` and ``tokenizer_config.json``; returns the number of words."""
    letters = sorted(ByteLevel.alphabet())
    words = [*letters, *(f"{letter}</w>" for letter in letters)]
    words += [merge.replace(" ", "") for merge in MERGES]
    vocabulary = {word: number for number, word in enumerate([*words, START, END])}
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "vocab.json").write_text(json.dumps(vocabulary))
    (folder / "merges.txt").write_text("\n".join(("#version: 0.2", *MERGES)) + "\n")
    options = {
        "tokenizer_class": "CLIPTokenizer",
        "bos_token": START,
        "eos_token": END,
        "unk_token": END,
        "pad_token": END,
        "model_max_length": 77,
        "do_lower_case": True,
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(options))
    return len(vocabulary)


def text_config(words: int, *, legacy: bool = False) -> CLIPTextConfig:
    """``legacy`` has the wrong number of the closing token, as the hub's ViT-B/32 does."""
    return CLIPTextConfig(
        vocab_size=words,
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        projection_dim=24,
        max_position_embeddings=77,
        bos_token_id=0 if legacy else words - 2,
        eos_token_id=2 if legacy else words - 1,
    )


def write_text_tower(folder: Path, *, legacy: bool = False, seed: int = 0) -> Path:
    """As ``CLIPTextModelWithProjection.save_pretrained`` leaves it, with the tokenizer's files."""
    config = text_config(write_tokenizer(folder), legacy=legacy)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        CLIPTextModelWithProjection(config).save_pretrained(folder)
    return folder


def write_whole(folder: Path, *, seed: int = 0) -> Path:
    """Both towers, as on the hub under ``openai/clip-vit-base-patch32``."""
    text = text_config(write_tokenizer(folder)).to_dict()
    image = {
        "hidden_size": 32,
        "intermediate_size": 64,
        "num_hidden_layers": 1,
        "num_attention_heads": 4,
        "image_size": 32,
        "patch_size": 16,
    }
    text["projection_dim"] = 512  # the hub's text half says one thing, the whole another
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        config = CLIPConfig(text_config=text, vision_config=image, projection_dim=24)
        CLIPModel(config).save_pretrained(folder)
    return folder
