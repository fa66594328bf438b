"""Distillation: a small network learns from the answers of a large one, softened by a temperature.

    L = α T² KL(p_T ‖ q_T) + (1 − α) CE(y, q),    p_T = softmax(v/T),  q_T = softmax(z/T)

with v the teacher's and z the student's logits. The gradient of KL(p_T ‖ q_T) is (q_T − p_T)/T, of order 1/T²; the
factor T² keeps both parts in proportion when T changes. As T → ∞, with logits centred over the C classes,

    T² KL(p_T ‖ q_T) → ‖(z − z̄) − (v − v̄)‖² / (2C):   matching logits.

Reference: Hinton, Vinyals and Dean (2015), Distilling the knowledge in a neural network, section 2 and eq. (4).
"""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor, nn

__all__ = ["distillation", "distillation_loss", "taught"]


def distillation_loss(
    student: Float[Tensor, "batch classes"],
    teacher: Float[Tensor, "batch classes"],
    targets: Int[Tensor, " batch"],
    *,
    temperature: float = 4.0,
    alpha: float = 0.9,
) -> Float[Tensor, ""]:
    """The loss above, a mean over the batch.

    Args:
        student: z.
        teacher: v; no gradient flows into it.
        targets: y.
        temperature: T > 0.
        alpha: α in [0, 1], the teacher's share.

    Returns:
        L.

    Raises:
        ValueError: If T or α is out of range.

    Example:
        >>> z = torch.tensor([[2.0, 0.0]])
        >>> distillation_loss(z, z, torch.tensor([0]), alpha=1.0)
        tensor(0.)

    Textbook: B72.
    """
    if not temperature > 0 or not 0 <= alpha <= 1:
        raise ValueError(f"temperature must be positive and alpha in [0, 1], got {temperature} and {alpha}.")
    T = temperature
    log_p, log_q = (F.log_softmax(logits / T, 1) for logits in (teacher.detach(), student))
    soft = F.kl_div(log_q, log_p, reduction="batchmean", log_target=True)
    return alpha * T**2 * soft + (1 - alpha) * F.cross_entropy(student, targets)


def distillation(
    *, temperature: float = 4.0, alpha: float = 0.9
) -> Callable[[nn.Module, tuple[Tensor, Tensor, Tensor]], Tensor]:
    """Return the loss for `fit`, over batches of inputs, teacher's logits and targets.

    Args:
        temperature: T.
        alpha: α.

    Returns:
        ``loss(model, (inputs, logits, targets))``.

    Example:
        >>> from rhobar.train import Batches
        >>> x, y = torch.randn(8, 3), torch.arange(8) % 2
        >>> teacher, student = nn.Linear(3, 2), nn.Linear(3, 2)
        >>> batch = next(iter(Batches(x, taught(teacher, x), y, size=8)))
        >>> distillation()(student, batch).shape
        torch.Size([])

    Textbook: B72.
    """

    def loss(model: nn.Module, batch: tuple[Tensor, Tensor, Tensor]) -> Tensor:
        inputs, logits, targets = batch
        return distillation_loss(model(inputs), logits, targets, temperature=temperature, alpha=alpha)

    return loss


@torch.no_grad()
def taught(teacher: nn.Module, inputs: Tensor, *, size: int = 512) -> Float[Tensor, "n classes"]:
    """Answer all inputs once, in evaluation mode, so that the teacher runs once and not every epoch.

    Args:
        teacher: The large network; its mode is put back.
        inputs: All samples.
        size: How many to run at a time.

    Returns:
        Its logits.

    Example:
        >>> taught(nn.Linear(3, 2), torch.randn(5, 3)).shape
        torch.Size([5, 2])

    Textbook: B72.
    """
    modes = {module: module.training for module in teacher.modules()}
    teacher.eval()
    try:
        return torch.cat([teacher(part) for part in inputs.split(size)])
    finally:
        for module, mode in modes.items():
            module.training = mode
