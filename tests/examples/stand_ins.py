"""The text paths of MoMask, BAMM, MDM and diffusers, written anew around a small CLIP."""

from pathlib import Path
from typing import Any

import openai_clip
import torch
from tokenizers import Tokenizer
from torch import Tensor, nn
from transformers import CLIPTextModel, CLIPTokenizerFast


class Conditioned(nn.Module):
    """What MoMask's, BAMM's and MDM's models share: CLIP, frozen, as ``clip_model``."""

    def __init__(self, tokenizer: Tokenizer, *, half: bool, seed: int) -> None:
        super().__init__()
        self.words = tokenizer
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            self.cond_emb = nn.Linear(48, 8)
            self.clip_model = openai_clip.CLIP(tokenizer.get_vocab_size()).eval()
        if half:
            openai_clip.convert_weights(self.clip_model)
        self.clip_model.requires_grad_(False)

    @torch.no_grad()
    def encode_text(self, raw_text: list[str]) -> Tensor:
        return self.clip_model.encode_text(openai_clip.tokenize(self.words, raw_text)).float()

    def checkpoint_weights(self) -> dict[str, Tensor]:
        """None of CLIP's: that is how they are all saved."""
        weights = self.state_dict().items()
        return {name: weight for name, weight in weights if not name.startswith("clip_model.")}


class Trainer:
    """A plain object around one transformer or two, with a save of its own."""

    def __init__(self, transformer: Conditioned, res_model: Conditioned | None = None) -> None:
        self.t2m_transformer, self.res_model = transformer, res_model
        self.tower_hash = ""

    def save(self, file: Path) -> None:
        state = {"t2m_transformer": self.t2m_transformer.checkpoint_weights(), "ep": 3}
        torch.save({**state, "tower_hash": self.tower_hash}, file)


class MDM(Conditioned):
    """Twenty tokens of a caption between the opening and the closing one, zeros to 77."""

    @torch.no_grad()
    def encode_text(self, raw_text: list[str]) -> Tensor:
        texts = openai_clip.tokenize(self.words, raw_text, context_length=22)
        padding = torch.zeros(len(texts), 77 - 22, dtype=texts.dtype)
        return self.clip_model.encode_text(torch.cat([texts, padding], dim=1)).float()


class DiffusionPipeline:
    """No module, its parts as attributes; conditions on one vector a token, all 77 of them."""

    def __init__(self, folder: Path, **others: Any) -> None:
        self.tokenizer = CLIPTokenizerFast.from_pretrained(folder)
        self.text_encoder = CLIPTextModel.from_pretrained(folder).eval()
        self.unet = nn.Linear(128, 4)
        vars(self).update(others)

    @torch.no_grad()
    def encode_prompt(self, prompts: list[str]) -> tuple[Tensor, Tensor]:
        """Of each token, and pooled."""
        tokens = self.tokenizer(
            prompts, padding="max_length", max_length=77, truncation=True, return_tensors="pt"
        )
        found = self.text_encoder(tokens.input_ids)
        return found.last_hidden_state, found.pooler_output
