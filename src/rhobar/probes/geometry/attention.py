"""How widely attention looks, and how large its logits are.

Of every query with visible keys J, scores s_j = q · k_j · scale and weights a = softmax(s):

    entropy     H = −Σ_j a_j log a_j  in nats,     H / log |J|  as a share
    logit size  max_j |s_j|

An entropy that falls towards 0 early (attention collapse) goes with unstable training, and so do logits that grow.

Every call of `scaled_dot_product_attention` and of `nn.MultiheadAttention` is read, in modules of torch, of
`rhobar.nn` and of others; a softmax written by hand is not recognised as attention.

Textbook: B32[Prac].

References:
    Zhai et al. (2023), Stabilizing transformer training by preventing attention entropy collapse, section 3.
    Dehghani et al. (2023), Scaling vision transformers to 22 billion parameters, section 2 (logits).
"""

import inspect
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode

from rhobar.probes.estimate import Estimate, mean_of
from rhobar.probes.representations import inputs_of
from rhobar.probes.restoring import restored
from rhobar.probes.second_order import eager

__all__ = ["AttentionStatistics", "HeadStatistics", "attention_statistics"]


@dataclass(frozen=True)
class HeadStatistics:
    """One attention, over the samples seen; errors are those over samples.

    Attributes:
        entropy: Mean over samples, queries and heads, in nats.
        share: Mean of H / log |J|; queries that see one key only are left out.
        heads: Mean entropy of each head.
        logit: Mean of the largest score of a query in absolute value.
        largest_logit: The largest of all.
        num_samples: Samples seen.
    """

    entropy: Estimate
    share: Estimate
    heads: tuple[Estimate, ...]
    logit: Estimate
    largest_logit: float
    num_samples: int


@dataclass(frozen=True)
class AttentionStatistics:
    """All attentions of a model.

    Attributes:
        layers: By the module that called it, with `#2` for its second call in a pass, and so on.
        skipped: Calls that could not be read, each with the reason.
    """

    layers: dict[str, HeadStatistics]
    skipped: dict[str, str] = field(default_factory=dict)


def attention_statistics(model: nn.Module, batches: Iterable[object]) -> AttentionStatistics:
    """Read entropy and logits of every attention in a forward pass over the batches.

    Args:
        model: Any module, in the mode that is meant; it is left as it was.
        batches: Inputs, or pairs (inputs, targets).

    Raises:
        ValueError: If no attention was called.

    Example:
        >>> model = nn.MultiheadAttention(4, 2, batch_first=True)
        >>> x = torch.zeros(3, 5, 4)
        >>> found = attention_statistics(model, [(x, x, x)]).layers["MultiheadAttention"]
        >>> round(found.entropy.value, 4), round(math.log(5), 4)
        (1.6094, 1.6094)
    """
    model = eager(model)
    reader = _Reader()
    handles = []
    for name, module in model.named_modules():
        label = name or type(model).__name__
        handles.append(module.register_forward_pre_hook(reader.enter(label)))
        handles.append(module.register_forward_hook(reader.leave, always_call=True))
    fast = torch.backends.mha.get_fastpath_enabled()
    try:
        torch.backends.mha.set_fastpath_enabled(False)  # its kernel shows neither scores nor weights
        with restored(model), torch.no_grad(), reader:
            for batch in batches:
                reader.start()
                x, _ = inputs_of(batch)
                model(**x) if isinstance(x, dict) else model(*x) if isinstance(x, tuple) else model(x)
    finally:
        torch.backends.mha.set_fastpath_enabled(fast)
        for handle in handles:
            handle.remove()
    if not reader.rows and not reader.skipped:
        raise ValueError(
            "The model must call scaled_dot_product_attention or nn.MultiheadAttention, and called neither; a softmax "
            "written by hand is not recognised."
        )
    return AttentionStatistics({name: _summary(rows) for name, rows in reader.rows.items()}, reader.skipped)


_SIGNATURE = inspect.signature(F.multi_head_attention_forward)


class _Reader(TorchFunctionMode):
    """Sees the calls of attention, and in which module they are made."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: dict[str, list[tuple[Tensor, Tensor, Tensor]]] = {}
        self.skipped: dict[str, str] = {}
        self.stack: list[str] = []
        self.counts: dict[str, int] = {}

    def start(self) -> None:
        """A new forward pass."""
        self.counts.clear()
        self.stack.clear()

    def enter(self, name: str) -> Callable[[nn.Module, Any], None]:
        """Return the hook of a module."""

        def hook(module: nn.Module, args: Any) -> None:  # noqa: ANN401
            self.stack.append(name)

        return hook

    def leave(self, module: nn.Module, args: object, output: object) -> None:
        """The module returned, or raised."""
        if self.stack:
            self.stack.pop()

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:  # noqa: ANN401
        """Read the arguments of an attention, then call it."""
        kwargs = kwargs or {}
        if func is F.multi_head_attention_forward:
            self._read(*_projected_scores(*args, **kwargs))
        if func is F.scaled_dot_product_attention:
            self._read(*_scores(*args, **kwargs))
        return func(*args, **kwargs)

    def _read(self, scores: Tensor | None, reason: str = "") -> None:
        name = self.stack[-1] if self.stack else "functional"
        count = self.counts[name] = self.counts.get(name, 0) + 1
        name = name if count == 1 else f"{name}#{count}"
        if scores is None:
            self.skipped[name] = reason
        else:
            self.rows.setdefault(name, []).append(_read_scores(scores))


def _projected_scores(*args: Any, **kwargs: Any) -> tuple[Tensor | None, str]:
    """Return the scores inside `multi_head_attention_forward`, whose arguments these are.

    It takes (length, samples, width), and its masks are true, or -inf, where a key is hidden.
    """
    given = _SIGNATURE.bind(*args, **kwargs)
    given.apply_defaults()
    use = given.arguments
    q, k = (use[name] if use[name].dim() == 3 else use[name][:, None] for name in ("query", "key"))
    if use["use_separate_proj_weight"]:
        weights = [use[f"{name}_proj_weight"] for name in "qkv"]
    else:
        weights = list(use["in_proj_weight"].chunk(3))
    biases = [None] * 3 if use["in_proj_bias"] is None else list(use["in_proj_bias"].chunk(3))
    q, k = F.linear(q, weights[0], biases[0]), F.linear(k, weights[1], biases[1])
    num_heads, n = use["num_heads"], q.shape[1]
    if use["bias_k"] is not None:
        k = torch.cat([k, use["bias_k"].expand(1, n, -1)])
    if use["add_zero_attn"]:
        k = torch.cat([k, k.new_zeros(1, n, k.shape[2])])
    q, k = (t.unflatten(2, (num_heads, -1)).permute(1, 2, 0, 3) for t in (q, k))
    scores = (q @ k.mT).float() / q.shape[-1] ** 0.5
    padding, mask = use["key_padding_mask"], use["attn_mask"]
    if padding is not None:
        scores = _hidden(scores, padding.view(n, 1, 1, -1))
    if mask is not None:
        scores = _hidden(scores, mask.view(n, num_heads, *mask.shape[1:]) if mask.dim() == 3 else mask)
    return scores, ""


def _hidden(scores: Tensor, mask: Tensor) -> Tensor:
    """Apply a mask that is true, or -inf, where keys are hidden; appended keys are not."""
    missing = scores.shape[-1] - mask.shape[-1]
    mask = F.pad(mask, (0, missing))
    return scores.masked_fill(mask, -torch.inf) if mask.dtype == torch.bool else scores + mask


def _scores(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attn_mask: Tensor | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> tuple[Tensor | None, str]:
    """Return the scores that the kernel would give to the softmax, -inf where a key is hidden."""
    q, k = query.detach().float(), key.detach().float()
    if enable_gqa:
        k = k.repeat_interleave(q.shape[-3] // k.shape[-3], -3)
    if q.dim() == 3:
        q, k = q[:, None], k[:, None]
    if q.dim() != 4:
        return None, f"its queries of shape {tuple(query.shape)} are not (samples, heads, length, dim)"
    scores = q @ k.mT * (q.shape[-1] ** -0.5 if scale is None else scale)
    if is_causal:
        length, keys = scores.shape[-2:]
        hidden = torch.ones(length, keys, dtype=torch.bool, device=q.device).triu(1)
        scores = scores.masked_fill(hidden, -torch.inf)
    if attn_mask is not None:
        scores = scores.masked_fill(~attn_mask, -torch.inf) if attn_mask.dtype == torch.bool else scores + attn_mask
    return scores, ""


def _read_scores(scores: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return entropy (samples × heads), share and largest logit (samples each)."""
    visible = scores > -torch.inf
    empty = ~visible.any(-1)
    weights = torch.softmax(scores.masked_fill(empty[..., None], 0.0), -1)
    entropy = torch.special.entr(weights).sum(-1).masked_fill(empty, torch.nan)
    most = visible.sum(-1).double().log()
    share = torch.where(most > 0, entropy / most, torch.nan)
    logit = scores.masked_fill(~visible, 0.0).abs().amax(-1).masked_fill(empty, torch.nan)
    largest = logit.nan_to_num(0.0).flatten(1).amax(1)
    return entropy.nanmean(-1), share.flatten(1).nanmean(1), torch.stack([logit.flatten(1).nanmean(1), largest])


def _summary(rows: list[tuple[Tensor, Tensor, Tensor]]) -> HeadStatistics:
    entropy = torch.cat([row[0] for row in rows]).cpu()
    share = torch.cat([row[1] for row in rows]).cpu()
    logit, largest = torch.cat([row[2] for row in rows], 1).cpu()
    heads = tuple(mean_of(entropy[:, h]) for h in range(entropy.shape[1]))
    known = share[~share.isnan()]
    unknown = Estimate(math.nan, math.nan)
    return HeadStatistics(
        mean_of(entropy.mean(1)),
        mean_of(known) if known.numel() else unknown,
        heads,
        mean_of(logit),
        largest.max().item(),
        entropy.shape[0],
    )
