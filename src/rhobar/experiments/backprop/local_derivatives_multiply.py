"""The chain rule: the product of the layers' Jacobians, taken where the signal was, is the gradient."""

from itertools import pairwise

import torch
from torch import Tensor

from rhobar.experiments.checks import at_least, at_most
from rhobar.experiments.experiment import Experiment, Result, Setting
from rhobar.nn.activations import tanh_derivative
from rhobar.nn.backprop import chain_product, layer_jacobian, mlp_forward, preactivation_jacobian
from rhobar.probes.survey import Curve, Plot

__all__ = ["EXPERIMENT"]

_WIDTHS = (8, 12, 12, 12, 12, 6)


def _gradients(z: Tensor, weights: list[Tensor], biases: list[Tensor]) -> list[Tensor]:
    """Return ∂L/∂a_l of L = ½‖a_L‖² for every layer, by autograd."""
    z = z.clone().requires_grad_()
    a = mlp_forward(z, weights, biases, [torch.tanh] * len(weights)).a
    return list(torch.autograd.grad(a[-1].square().sum() / 2, list(a)))


def _run(setting: Setting) -> Result:
    generator = setting.generator()

    def normal(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=generator, dtype=torch.float64)

    weights = [normal(m, n) / n**0.5 for n, m in pairwise(_WIDTHS)]
    biases = [0.3 * normal(m) for m in _WIDTHS[1:]]
    x, elsewhere = normal(1, _WIDTHS[0]), normal(1, _WIDTHS[0])
    done = mlp_forward(x, weights, biases, [torch.tanh] * len(weights))
    place = mlp_forward(elsewhere, weights, biases, [torch.tanh] * len(weights)) if setting.broken else done
    slopes = [tanh_derivative(z[0]) for z in place.z]
    jacobians = [layer_jacobian(W, df) for W, df in zip(weights, slopes, strict=True)]
    true_gradients = _gradients(x, weights, biases)
    top = done.a[-1][0]
    chained = [chain_product(top, jacobians[layer:]) for layer in range(len(weights) + 1)]
    errors = [float((mine - true[0]).norm() / true.norm()) for mine, true in zip(chained, true_gradients, strict=True)]
    # The printed W_l diag(f′(z_{l−1})) belongs to preactivations; multiplied, it gives another number.
    printed = [preactivation_jacobian(W, df) for W, df in zip(weights[1:], slopes[:-1], strict=True)]
    loose = chain_product(top, printed)
    off = float((loose - true_gradients[1][0]).norm() / true_gradients[1].norm())
    depths = tuple(float(layer) for layer in range(len(weights) + 1))
    return Result(
        checks=(
            at_most("largest relative difference to autograd over the layers: rounding", 1e-12, max(errors)),
            at_least("relative error if W_l diag(f′(z_{l−1})) is multiplied instead: not rounding", 1e-3, off),
        ),
        figures=(
            Plot(
                "Length of the gradient in each layer",
                "layer l",
                "‖∂L/∂a_l‖",
                (
                    Curve("product of Jacobians", depths, tuple(float(g.norm()) for g in chained)),
                    Curve("autograd", depths, tuple(float(g.norm()) for g in true_gradients)),
                ),
            ),
        ),
        notes=("∂a_l/∂a_{l−1} is diag(f′(z_l)) W_l; the factors stand in the order L, L−1, …, and do not commute.",),
    )


EXPERIMENT = Experiment(
    name="local-derivatives-multiply",
    claim="∂L/∂a_l = ∂L/∂a_L ∏ diag(f′(z_k)) W_k over the layers k above l, taken where the signal was.",
    source="Rumelhart, Hinton and Williams (1986), Learning representations by back-propagating errors, eq. 4–7.",
    textbook=("A48", "A51", "A52", "C25", "C54", "C68", "C69", "B16"),
    control="the local derivatives are taken at another input",
    run=_run,
    formulas=("rhobar.nn.backprop.chain_product", "rhobar.nn.backprop.layer_jacobian"),
    exact="the gradients agree to rounding, whatever the widths.",
)
