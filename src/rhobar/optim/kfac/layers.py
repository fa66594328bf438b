"""Which layer is approximated by which block."""

from collections.abc import Collection

from torch import Tensor, nn

from rhobar.optim.kfac.affine import ConvBlock, LinearBlock
from rhobar.optim.kfac.block import Block
from rhobar.optim.kfac.embedding import EmbeddingBlock
from rhobar.optim.kfac.norm import NormBlock

__all__ = ["BLOCKS", "blocks_of", "split_parameters"]

BLOCKS: dict[type[nn.Module], type[Block]] = {
    nn.Linear: LinearBlock,
    nn.Conv1d: ConvBlock,
    nn.Conv2d: ConvBlock,
    nn.Embedding: EmbeddingBlock,
    nn.LayerNorm: NormBlock,
    nn.RMSNorm: NormBlock,
    nn.GroupNorm: NormBlock,
    nn.BatchNorm1d: NormBlock,
    nn.BatchNorm2d: NormBlock,
    nn.BatchNorm3d: NormBlock,
}
"""Layer ↦ block, by exact type: a subclass may compute something else."""


def split_parameters(model: nn.Module) -> tuple[list[nn.Parameter], list[nn.Parameter]]:
    """Return the trainable parameters that K-FAC can take, and the others, which need another optimizer.

    Example:
        >>> covered, others = split_parameters(nn.Sequential(nn.Linear(2, 3), nn.GRU(3, 4)))
        >>> len(covered), len(others)
        (2, 4)
    """
    trainable = [p for p in model.parameters() if p.requires_grad]
    uses = _uses(model)
    covered = {id(p) for m in model.modules() for p in m.parameters(recurse=False) if _reason(m, uses) is None}
    return [p for p in trainable if id(p) in covered], [p for p in trainable if id(p) not in covered]


def blocks_of(model: nn.Module, params: Collection[Tensor]) -> dict[str, Block]:
    """Return the block of each layer that holds some of the parameters, by the layer's name.

    Raises:
        ValueError: If a parameter belongs to no layer that can be approximated; names it and says why.
    """
    uses, wanted, blocks = _uses(model), {id(p) for p in params}, {}
    found: set[int] = set()
    for name, module in model.named_modules():
        own = {n: p for n, p in module.named_parameters(recurse=False) if id(p) in wanted}
        if not own:
            continue
        reason = _reason(module, uses)
        if reason is not None:
            raise ValueError(
                f"K-FAC cannot take {', '.join(f'{name}.{n}'.lstrip('.') for n in own)}: {reason}. Give K-FAC the "
                "first list of `split_parameters(model)` and another optimizer, such as Adam, the second."
            )
        blocks[name] = BLOCKS[type(module)](module, own.get("weight"), own.get("bias"))
        found |= {id(p) for p in own.values()}
    if wanted - found:
        raise ValueError(f"{len(wanted - found)} of the parameters are not in the model; hand over the model's own.")
    return blocks


def _uses(model: nn.Module) -> dict[int, int]:
    uses: dict[int, int] = {}
    for module in model.modules():
        for p in module.parameters(recurse=False):
            uses[id(p)] = uses.get(id(p), 0) + 1
    return uses


def _reason(module: nn.Module, uses: dict[int, int]) -> str | None:
    """Say why this layer cannot be approximated; None if it can."""
    if type(module) not in BLOCKS:
        return f"{type(module).__name__} is none of {', '.join(kind.__name__ for kind in BLOCKS)}"
    if any(uses[id(p)] > 1 for p in module.parameters(recurse=False)):
        return "the parameter is shared with another layer"
    return BLOCKS[type(module)].refusal(module)
