"""A tower whose weights are spread over devices (FSDP2): each keeps a part and borrows the rest.

Blocks are put together just before they compute and let go of right after, forwards and backwards,
so that weights, gradients and moments of a tower may be larger than the memory of one device.
"""

from collections.abc import Iterable

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import FSDPModule, fully_shard
from torch.distributed.tensor import DTensor, distribute_tensor

from moclip.ranks import Ranks


def shard(tower: nn.Module, device: torch.device) -> None:
    """Spreads all weights of a tower, by its blocks: the members of its ``ModuleList``s."""
    mesh = init_device_mesh(device.type, (Ranks.now().count,))
    for module in list(tower.modules()):
        if isinstance(module, nn.ModuleList):
            for block in module:
                fully_shard(block, mesh=mesh)
    fully_shard(tower, mesh=mesh)


def is_sharded(model: nn.Module) -> bool:
    """Whether any part of a model is."""
    return any(isinstance(module, FSDPModule) for module in model.modules())


def whole(tensor: Tensor) -> Tensor:
    """All of a tensor; every rank must ask."""
    return tensor.full_tensor() if isinstance(tensor, DTensor) else tensor


def whole_weights(model: nn.Module) -> dict[str, Tensor]:
    """All of a model's; every rank must ask."""
    return {name: whole(tensor) for name, tensor in model.state_dict().items()}


def spread_like(tensor: Tensor, wanted: Tensor) -> Tensor:
    """A whole tensor, which all ranks have, as another is: spread over the devices, or whole."""
    if not isinstance(wanted, DTensor):
        return tensor
    mesh, placements = wanted.device_mesh, wanted.placements
    return distribute_tensor(tensor, mesh, placements, src_data_rank=None)


def local(tensor: Tensor) -> Tensor:
    """What this rank has of a tensor, in the same memory."""
    return tensor.to_local() if isinstance(tensor, DTensor) else tensor


@torch.no_grad()
def clip(gradients: Iterable[Tensor], most: float) -> float:
    """As ``clip_grad_norm_``, where some gradients are spread and some are not."""
    found = list(gradients)
    squares = [torch.zeros((), device=found[0].device) for _ in range(2)]
    for gradient in found:
        squares[isinstance(gradient, DTensor)] += local(gradient).square().sum()
    dist.all_reduce(squares[True])
    norm = (squares[False] + squares[True]).sqrt()
    share = (most / (norm + 1e-6)).clamp(max=1.0)
    for gradient in found:
        local(gradient).mul_(share)
    return float(norm)
