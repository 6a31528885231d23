"""transformers' encoders on tokens without padding: only attention sees the grid.

Captions of a batch differ in length by half and more, and a processor multiplies padding as slowly
as words. The encoder's own layers run, told by an option which tokens stand where; they hand it on
to the attention function that is registered here.
"""

from typing import Any

from jaxtyping import Bool, Float
from torch import Tensor, nn
from transformers import AttentionInterface, AttentionMaskInterface, PreTrainedModel
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import sdpa_mask

from moclip.models._packing import Packing

ATTENTION = "moclip_packed"
"""Its name for ``attn_implementation``; without a packing it is torch's own attention."""


def take(transformer: PreTrainedModel) -> None:
    """The model attends as :func:`through` needs; on a grid as it ever did."""
    transformer.set_attn_implementation(ATTENTION)


def packing(transformer: PreTrainedModel, real: Bool[Tensor, "caption token"]) -> Packing:
    """Without padding, unless somebody has since given the model another attention."""
    is_ours = transformer.config._attn_implementation == ATTENTION
    return Packing(real, padded=not is_ours)


def through(
    layers: nn.ModuleList,
    embeddings: Float[Tensor, "caption token width"],
    packing: Packing,
    mask: Bool[Tensor, "..."] | None = None,
    **options: Any,
) -> Float[Tensor, "caption token width"]:
    """What layers of transformers make of the real tokens; zeros where there is padding.

    ``mask``, where a token may look, and ``options`` are attention's, of the grid.
    """
    x = packing.pack(embeddings)[None]
    for layer in layers:
        x = layer(x, mask, packing=packing, **options)
    return packing.spread(x[0])


def _attend(
    module: nn.Module,
    query: Float[Tensor, "batch head token channel"],
    key: Float[Tensor, "batch head token channel"],
    value: Float[Tensor, "batch head token channel"],
    mask: Tensor | None,
    *,
    packing: Packing | None = None,
    **options: Any,
) -> tuple[Tensor, None]:
    """As transformers asks of an attention function: (batch, token, head, channel), no weights."""
    if packing is None:
        return sdpa_attention_forward(module, query, key, value, mask, **options)
    query, key, value = (
        packing.spread(x[0].transpose(0, 1)).transpose(1, 2) for x in (query, key, value)
    )
    seen, _ = sdpa_attention_forward(module, query, key, value, mask, **options)
    return packing.pack(seen)[None], None


AttentionInterface.register(ATTENTION, _attend)
AttentionMaskInterface.register(ATTENTION, sdpa_mask)
