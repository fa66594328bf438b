"""Averages of weights along a training: EMA and SWA, by torch's AveragedModel."""

from torch import nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn, get_swa_multi_avg_fn

__all__ = ["ema", "swa"]


def ema(model: nn.Module, *, decay: float = 0.999, average_buffers: bool = True) -> AveragedModel:
    """Return a copy of the model that follows it as an exponential moving average.

        θ̄₁ = θ₁,   θ̄_t = d θ̄_{t−1} + (1 − d) θ_t

    Call `update_parameters(model)` after each optimizer step. The average reaches back about 1/(1 − d) steps, and
    begins at the first update, not at zero: there is no bias to correct.

    Args:
        model: The network in training; it is copied, not touched.
        decay: d in [0, 1).
        average_buffers: Average the statistics of batch norm, too; otherwise they are the model's latest.

    Returns:
        torch's AveragedModel: call it like the model; `state_dict` holds the average and the number of updates.

    Raises:
        ValueError: If the decay is out of range.

    Example:
        >>> import torch
        >>> model = nn.Linear(1, 1, bias=False)
        >>> average = ema(model, decay=0.75)
        >>> for value in (0.0, 4.0):
        ...     _ = nn.init.constant_(model.weight, value)
        ...     average.update_parameters(model)
        >>> average(torch.ones(1)).item()
        1.0

    Reference: Polyak and Juditsky (1992), Acceleration of stochastic approximation by averaging.
    Textbook: A92
    """
    if not 0 <= decay < 1:
        raise ValueError(f"decay must be in [0, 1), got {decay}; at 1 the average never moves.")
    return AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(decay), use_buffers=average_buffers)


def swa(model: nn.Module) -> AveragedModel:
    """Return a copy of the model that holds the plain mean of the weights it is shown.

        θ̄_t = θ̄_{t−1} + (θ_t − θ̄_{t−1})/t

    Call `update_parameters(model)` after each epoch of the last quarter or so, at a constant or cyclic rate
    (`torch.optim.swa_utils.SWALR`). A network with batch norm needs `torch.optim.swa_utils.update_bn(batches,
    average)` before use: the mean of the weights has statistics of its own.

    Args:
        model: The network in training; it is copied, not touched.

    Returns:
        torch's AveragedModel: call it like the model; `state_dict` holds the average and the number of updates.

    Example:
        >>> import torch
        >>> model = nn.Linear(1, 1, bias=False)
        >>> average = swa(model)
        >>> for value in (1.0, 2.0, 6.0):
        ...     _ = nn.init.constant_(model.weight, value)
        ...     average.update_parameters(model)
        >>> average(torch.ones(1)).item()
        3.0

    Reference: Izmailov et al. (2018), Averaging weights leads to wider optima and better generalization, algorithm 1.
    Textbook: A92, B65
    """
    return AveragedModel(model, multi_avg_fn=get_swa_multi_avg_fn())
