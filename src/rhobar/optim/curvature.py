"""Products with the Hessian and the Fisher matrix, by double backward on one kept graph.

The products are those of `rhobar.linalg.products`, here over the parameters as one vector.
"""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from rhobar.linalg import LinearOperator
from rhobar.linalg.flatten import flatten, unflatten
from rhobar.linalg.products import Parts, Product, hessian_product, sandwich
from rhobar.optim.likelihood import Likelihood

__all__ = ["fisher", "gradient_and_hessian"]


def gradient_and_hessian(
    loss: Float[Tensor, ""], params: Sequence[Tensor]
) -> tuple[Float[Tensor, " n"], LinearOperator]:
    """Return g = ∇L and v ↦ H v = ∇(gᵀv), both over the flattened parameters.

    Args:
        loss: L, with its graph.
        params: θ; those that L does not depend on have zero gradient.

    Returns:
        The gradient, detached, and the Hessian; the graph lives as long as the operator.

    Raises:
        RuntimeError: If the loss has no graph, or one that a `backward` has already consumed.

    Example:
        >>> x = torch.tensor([1.0, 2.0], requires_grad=True)
        >>> g, H = gradient_and_hessian((x**3).sum(), [x])
        >>> g, H @ torch.tensor([1.0, 1.0])
        (tensor([ 3., 12.]), tensor([ 6., 12.]))

    Reference: Pearlmutter (1994), Fast exact multiplication by the Hessian.
    Textbook: B22, B61
    """
    _require_graph(loss, "loss")
    try:
        slopes, product = hessian_product(loss, params)
    except RuntimeError as error:
        if "second time" in str(error):
            raise RuntimeError(
                "The closure's loss must still have its graph, but a backward() has consumed it; "
                "let the closure return the loss without calling backward()."
            ) from error
        raise
    filled = _filled(slopes, params)
    g = flatten(filled).detach()
    return g, _flat_operator(product, params, g.dtype)


def fisher(outputs: Float[Tensor, " batch *rest"], params: Sequence[Tensor], likelihood: Likelihood) -> LinearOperator:
    """Return v ↦ F v = Jᵀ S J v, the true Fisher information of the parameters.

    J v comes from differentiating u ↦ Jᵀu, which is linear, so that one graph serves both sides.

    Args:
        outputs: f, the natural parameters, with their graph.
        params: θ.
        likelihood: p(y | f), which gives S.

    Returns:
        The operator; the graph lives as long as it.

    Example:
        >>> from rhobar.optim.likelihood import likelihood_of
        >>> w = torch.tensor([2.0], requires_grad=True)
        >>> x = torch.tensor([[1.0], [3.0]])
        >>> fisher(x * w, [w], likelihood_of("gaussian")) @ torch.ones(1)  # 2 Σx²/n
        tensor([10.])

    Reference: Schraudolph (2002), Fast curvature matrix-vector products, section 3.
    Textbook: B24
    """
    _require_graph(outputs, "outputs")
    f = outputs.detach()

    def middle(w: Parts) -> list[Tensor | None]:
        return [likelihood.fisher_product(f, w[0])]

    return _flat_operator(sandwich([outputs], params, middle), params, outputs.dtype)


def _flat_operator(product: Product, params: Sequence[Tensor], dtype: torch.dtype) -> LinearOperator:
    def matvec(v: Tensor) -> Tensor:
        return flatten(_filled(product(unflatten(v, params)), params))

    n = sum(p.numel() for p in params)
    return LinearOperator.symmetric(matvec, n, dtype, params[0].device)


def _filled(parts: Sequence[Tensor | None], params: Sequence[Tensor]) -> list[Tensor]:
    return [torch.zeros_like(p) if part is None else part for part, p in zip(parts, params, strict=True)]


def _require_graph(y: object, name: str) -> None:
    if not (isinstance(y, Tensor) and y.requires_grad):
        raise RuntimeError(
            f"The {name} must be a tensor with its graph, got one that does not require a gradient; "
            "return it from the closure as computed, without detach(), item() or no_grad()."
        )
