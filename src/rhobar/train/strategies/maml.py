"""Model-agnostic meta-learning: weights from which a few gradient steps suffice for a new task.

    θ' = U(θ) = θ_J,   θ_{j+1} = θ_j − α ∇L_support(θ_j),   θ_0 = θ
    min_θ E_tasks[ L_query(U(θ)) ]

The meta-gradient passes through the inner steps, ∇_θ L_query(θ') = ∏_j (I − α H_j) ∇L_query(θ'), H_j the Hessian of the
support loss. `first_order` leaves the Hessians out.

Reference: Finn, Abbeel and Levine (2017), Model-agnostic meta-learning for fast adaptation, eq. (1) and section 5.2.
"""

from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.func import functional_call

from rhobar.train.strategies.episodes import Episode

__all__ = ["adapted", "maml_logits", "maml_loss"]

Loss = Callable[[Tensor, Tensor], Tensor]


def adapted(
    model: nn.Module,
    loss: Loss,
    inputs: Tensor,
    targets: Tensor,
    *,
    lr: float,
    num_steps: int = 1,
    first_order: bool = False,
    differentiable: bool = True,
) -> dict[str, Tensor]:
    """Take gradient steps on a few samples, without touching the model.

    Args:
        model: θ; its buffers are neither read back nor changed.
        loss: ``loss(outputs, targets)``.
        inputs: The support.
        targets: Its targets.
        lr: α.
        num_steps: J.
        first_order: Treat the inner gradients as constants.
        differentiable: Whether θ' shall depend on θ in the graph; not needed for answering.

    Returns:
        Name ↦ θ', for `torch.func.functional_call`.

    Raises:
        ValueError: If the number of steps is negative.

    Example:
        >>> model = nn.Linear(1, 1, bias=False)
        >>> _ = nn.init.zeros_(model.weight)
        >>> x, y = torch.ones(1, 1), torch.ones(1, 1)
        >>> adapted(model, nn.MSELoss(), x, y, lr=0.25)["weight"].item()  # 0 − 0.25 · 2 · (0 − 1)
        0.5

    Textbook: B74, C-§11.1.1.
    """
    if num_steps < 0:
        raise ValueError(f"num_steps must be at least 0, got {num_steps}.")
    params: dict[str, Tensor] = dict(model.named_parameters())
    learned = [name for name, p in params.items() if p.requires_grad]
    with torch.enable_grad():
        for _ in range(num_steps):
            value = loss(_call(model, params, inputs), targets)
            grads = torch.autograd.grad(
                value, [params[n] for n in learned], create_graph=differentiable and not first_order,
                allow_unused=True, materialize_grads=True,
            )  # fmt: skip
            params |= {name: params[name] - lr * g for name, g in zip(learned, grads, strict=True)}
            if not differentiable:
                params |= {name: params[name].detach().requires_grad_() for name in learned}
    return params


def maml_loss(
    model: nn.Module,
    episode: Episode,
    *,
    lr: float,
    num_steps: int = 1,
    first_order: bool = False,
    loss: Loss = nn.functional.cross_entropy,
) -> Float[Tensor, ""]:
    """Loss of the queries after adapting to the support; its gradient is the meta-gradient.

    Args:
        model: θ. Batch norm must use the batch's own statistics (``track_running_stats=False``), or be left out.
        episode: The task.
        lr: α.
        num_steps: J.
        first_order: Leave the Hessians out of the meta-gradient.
        loss: Of support and queries.

    Returns:
        L_query(U(θ)).

    Example:
        >>> x, y = torch.tensor([[0.0], [1.0]]), torch.tensor([0, 1])
        >>> model = nn.Linear(1, 2)
        >>> task = Episode(x, y, x, y)
        >>> bool(maml_loss(model, task, lr=0.5, num_steps=3) < maml_loss(model, task, lr=0.5, num_steps=0))
        True

    Textbook: B74, C-§11.1.1.
    """
    params = adapted(
        model, loss, episode.support, episode.support_labels, lr=lr, num_steps=num_steps, first_order=first_order
    )
    return loss(_call(model, params, episode.query), episode.query_labels)


def maml_logits(
    model: nn.Module,
    episode: Episode,
    *,
    lr: float,
    num_steps: int = 1,
    loss: Loss = nn.functional.cross_entropy,
) -> Float[Tensor, "queries ways"]:
    """Answer the queries after adapting to the support, for `few_shot_accuracy`.

    Args:
        model: θ.
        episode: The task; its query labels are not looked at.
        lr: α.
        num_steps: J; often more than in training.
        loss: Of the support.

    Returns:
        Logits.

    Example:
        >>> x, y = torch.tensor([[0.0], [1.0]]), torch.tensor([0, 1])
        >>> maml_logits(nn.Linear(1, 2), Episode(x, y, x, y), lr=1.0, num_steps=50).argmax(1)
        tensor([0, 1])

    Textbook: B74.
    """
    params = adapted(
        model, loss, episode.support, episode.support_labels, lr=lr, num_steps=num_steps, differentiable=False
    )
    with torch.no_grad():
        logits: Tensor = _call(model, params, episode.query)
        return logits


def _call(model: nn.Module, params: dict[str, Tensor], inputs: Tensor) -> Tensor:
    """Run the model with other parameters, and copies of its buffers."""
    buffers = {name: b.clone() for name, b in model.named_buffers()}
    outputs: Tensor = functional_call(model, {**params, **buffers}, (inputs,))
    return outputs
