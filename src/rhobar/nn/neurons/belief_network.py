"""The deep belief network: restricted Boltzmann machines, each trained on the hidden units of the one below.

Textbook: C-§2.3, C-§2.4

Reference: Hinton, Osindero and Teh (2006), A fast learning algorithm for deep belief nets, section 4.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import torch
from jaxtyping import Float
from torch import Tensor, nn

from rhobar.nn.neurons.rbm import RBM, contrastive_divergence

__all__ = ["BeliefNetwork", "LayerTraining", "pretrain"]


@dataclass(frozen=True)
class LayerTraining:
    """What the training of one layer did.

    Attributes:
        before: Mean squared error of the data reconstructed through all layers up to this one, untrained.
        after: The same when it was trained.
    """

    before: float
    after: float


class BeliefNetwork(nn.Module):
    """Machines one upon the other.

    Args:
        sizes: Units of each layer, the visible one first.
        generator: Source of the start.

    Example:
        >>> net = BeliefNetwork([64, 32, 16])
        >>> net(torch.zeros(5, 64)).shape, net.reconstruct(torch.zeros(5, 64)).shape
        (torch.Size([5, 16]), torch.Size([5, 64]))
    """

    def __init__(self, sizes: Sequence[int], *, generator: torch.Generator | None = None) -> None:
        super().__init__()
        if len(sizes) < 2:
            raise ValueError(f"sizes must name at least a visible and a hidden layer, got {list(sizes)}.")
        self.machines = nn.ModuleList(RBM(v, h, generator=generator) for v, h in pairwise(sizes))

    def forward(self, v: Float[Tensor, "batch visible"], depth: int | None = None) -> Float[Tensor, "batch hidden"]:
        """Return the probabilities of the top layer, or of layer `depth`: units hand on their probabilities."""
        for machine in list(self.machines)[:depth]:
            v = machine(v)
        return v

    def reconstruct(
        self, v: Float[Tensor, "batch visible"], depth: int | None = None
    ) -> Float[Tensor, "batch visible"]:
        """Return what comes back from the top layer, or from layer `depth`."""
        machines = list(self.machines)[:depth]
        h = self(v, depth)
        for machine in reversed(machines):
            assert isinstance(machine, RBM)
            h = machine.backward_pass(h)
        value: Tensor = h
        return value

    def encoder(self) -> nn.Sequential:
        """Return the way up as layers of torch's, to be trained on with labels; the weights are copies."""
        layers: list[nn.Module] = []
        for machine in self.machines:
            assert isinstance(machine, RBM)
            linear = nn.Linear(machine.weight.shape[1], machine.weight.shape[0]).to(machine.weight)
            linear.load_state_dict({"weight": machine.weight.detach(), "bias": machine.hidden_bias.detach()})
            layers += [linear, nn.Sigmoid()]
        return nn.Sequential(*layers)


@torch.no_grad()
def pretrain(
    net: BeliefNetwork,
    data: Float[Tensor, "samples visible"],
    *,
    epochs: int = 10,
    rate: float = 0.1,
    momentum: float = 0.9,
    batch_size: int = 32,
    steps: int = 1,
    generator: torch.Generator | None = None,
) -> tuple[LayerTraining, ...]:
    """Train the machines from the bottom up, each by contrastive divergence on what those below make of the data.

    Args:
        net: The network, trained in place.
        data: Values in [0, 1], read as probabilities.
        epochs: Passes over the data for each layer.
        rate: Of the updates.
        momentum: Share of the last update that is kept.
        batch_size: Samples an update.
        steps: Gibbs steps of contrastive divergence.
        generator: Source of batches and samples.

    Returns:
        For each layer the error of reconstruction before and after.

    Raises:
        ValueError: If the data leave [0, 1].

    Example:
        >>> data, generator = torch.eye(4).repeat(50, 1), torch.Generator().manual_seed(0)
        >>> (layer,) = pretrain(BeliefNetwork([4, 8]), data, epochs=60, batch_size=8, generator=generator)
        >>> layer.after < layer.before / 2
        True
    """
    if not bool(((data >= 0) & (data <= 1)).all()):
        raise ValueError(
            f"data must lie in [0, 1], got values from {data.min().item():.6g} to {data.max().item():.6g}."
        )
    trained = []
    for depth, machine in enumerate(net.machines, 1):
        assert isinstance(machine, RBM)
        below = net(data, depth - 1)
        mean = below.mean(0).clamp(0.01, 0.99)
        before = _error(net, data, depth)
        machine.visible_bias.copy_(torch.logit(mean))  # Hinton's guide, section 8.1
        velocity = [torch.zeros_like(p) for p in (machine.weight, machine.visible_bias, machine.hidden_bias)]
        for _ in range(epochs):
            for rows in torch.randperm(len(data), generator=generator).split(batch_size):
                d = contrastive_divergence(machine, below[rows], steps=steps, generator=generator)
                moves = (d.weight, d.visible_bias, d.hidden_bias)
                for parameter, v, move in zip(machine.parameters(), velocity, moves, strict=True):
                    parameter.add_(v.mul_(momentum).add_(move, alpha=rate))
        trained.append(LayerTraining(before, _error(net, data, depth)))
    return tuple(trained)


def _error(net: BeliefNetwork, data: Tensor, depth: int) -> float:
    return (net.reconstruct(data, depth) - data).square().mean().item()
