"""The tokens that refine a motion, layer after layer: MoMask's residual transformer.

Each layer is told at once from the sum of all layers before it (arXiv 2312.00063, section 3.3).
"""

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from moclip.models.generator._codes import Codes
from moclip.models.generator._trunk import Config, Guess, Trunk, draw, forget

__all__ = ["Config", "Transformer"]


class Transformer(nn.Module):
    """Tokens of the first layers and a caption's raw vector to those of the next layer.

    One table of vectors a layer serves both ways, as in MoMask: what a code is read as is what it
    is told by. The base layer is only read, the last one only told.
    """

    def __init__(self, config: Config, *, codes: int, layers: int, text_dim: int) -> None:
        super().__init__()
        if layers < 2:
            raise ValueError(f"{layers} layers leave nothing to refine, wanted at least 2")
        self.config, self.codes, self.layers, self.text_dim = config, codes, layers, text_dim
        self.tables = nn.Parameter(torch.randn(layers, codes, config.width) * config.width**-0.5)
        self.read = nn.Linear(config.width, config.width)
        self.caption = nn.Linear(text_dim, config.width)
        self.number = nn.Embedding(layers, config.width)
        self.trunk = Trunk(config)
        self.tell = nn.Sequential(
            nn.Linear(config.width, config.width), nn.GELU(), nn.LayerNorm(config.width)
        )

    def forward(
        self,
        tokens: Int[Tensor, "clip token layer"],
        mask: Bool[Tensor, "clip token"],
        text: Float[Tensor, "clip dim"],
        layer: Int[Tensor, " clip"],
    ) -> Float[Tensor, "clip token code"]:
        """Logits of layer ``layer`` (1 or more) of each clip; its own and later codes are unseen.

        ``text`` holds raw vectors, zeros where there is no caption.
        """
        told = torch.stack((self.caption(text), self.number(layer)), dim=1)
        x = self.trunk(self.read(self._sum(tokens, layer)), mask, told)
        logits: Tensor = self.tell(x) @ self.tables[layer].mT
        return logits

    def _sum(
        self, tokens: Int[Tensor, "clip token layer"], layer: Int[Tensor, " clip"]
    ) -> Float[Tensor, "clip token width"]:
        """Vectors of all codes before ``layer``, of unit deviation a layer."""
        numbers = torch.arange(tokens.shape[-1], device=tokens.device)
        vectors = self.tables[numbers, tokens] * self.config.width**0.5
        before = (numbers < layer[:, None])[:, None, :, None]
        return torch.where(before, vectors, 0.0).sum(dim=2)

    def loss(
        self, codes: Codes, text: Float[Tensor, "clip dim"], *, generator: torch.Generator
    ) -> Guess:
        """How well one layer, drawn for each clip, is told from those before it."""
        device = codes.tokens.device
        layer = 1 + (draw((len(codes),), generator, device) * (self.layers - 1)).long()
        layer = layer.clamp(max=self.layers - 1)
        text = forget(text, self.config.forget_caption, generator)
        logits = self(codes.tokens, codes.mask, text, layer)
        wanted = codes.tokens[torch.arange(len(codes), device=device), :, layer]
        return Guess.of(logits, wanted, codes.mask, smoothing=self.config.smoothing)
