"""What trainers of other libraries do that a plain loop does not, in plain torch."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

import rhobar as rb
from rhobar.watch.watcher import Watcher


class Unlisted(nn.Module):
    """Its parameters are its own, the layers that use them are no children of it: so are Keras's models."""

    def __init__(self) -> None:
        super().__init__()
        self._layers = (nn.Linear(20, 32), nn.ReLU(), nn.Linear(32, 3))
        self.own = nn.ParameterDict({f"{i}{n}": p for i in (0, 2) for n, p in self._layers[i].named_parameters()})

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for layer in self._layers:
            x = layer(x)
        return x


def guarded(loss: torch.Tensor) -> torch.Tensor:
    """A mean whose division guards against 0, as Keras's."""
    total, count = loss.sum(), torch.tensor(float(loss.numel()))
    return torch.where(count == 0, torch.tensor(0.0), total / torch.where(count == 0, torch.tensor(1.0), count))


REDUCED = {
    "by mean": lambda p, y: F.cross_entropy(p, y, reduction="none").mean(),
    "by a guarded division": lambda p, y: guarded(F.cross_entropy(p, y, reduction="none")),
    "binary, by mean": lambda p, y: F.binary_cross_entropy_with_logits(
        p, F.one_hot(y, 3).float(), reduction="none"
    ).mean(),
}


def train(model: nn.Module, loss, *, steps: int = 60, evaluated: bool = False):
    torch.manual_seed(0)
    x = torch.randn(256, 20)
    y = x[:, :3].argmax(1)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    watcher = Watcher(model)
    with watcher:
        for _ in range(steps):
            i = torch.randperm(256)[:32]
            optimizer.zero_grad()
            loss(model(x[i]), y[i]).backward()
            optimizer.step()
        if evaluated:
            with torch.no_grad():
                model.eval()(x[:100])
            watcher.observer.evaluated(0.25, 0.75)
    return watcher.record


def test_layers_whose_parameters_a_model_owns_are_its_parts() -> None:
    record = train(Unlisted(), F.cross_entropy)
    (training,) = record.trainings
    assert training.name == "Unlisted" and training.batch_sizes == (32,)
    assert training.num_rows_seen == 60 * 32 and record.forwards == 60


def test_a_layer_of_another_model_is_none_of_its_parts() -> None:
    class Borrows(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.last = nn.Linear(32, 3)
            self.borrowed = (nn.Sequential(nn.Linear(20, 32), nn.ReLU()),)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.last(self.borrowed[0](x))

    model = Borrows()
    with rb.watch() as run:
        F.cross_entropy(model(torch.randn(8, 20)), torch.zeros(8, dtype=torch.long)).backward()
    assert run.record.trainings[0].name == "Sequential + Borrows"


@pytest.mark.parametrize("name", REDUCED)
def test_losses_reduced_by_hand_are_known_and_can_be_run_again(name: str) -> None:
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(20, 32), nn.ReLU(), nn.Linear(32, 3))
    record = train(net, REDUCED[name])
    (training,) = record.trainings
    assert training.loss is not None and training.loss.kind.startswith(("cross", "bce_with"))
    assert training.rate is not None and not record.unseen
    assert training.rate.losses[0] == pytest.approx(sum(training.losses[-10:]) / 10, rel=0.5)


def test_a_masked_loss_is_not_run_again_as_if_it_were_whole() -> None:
    net = nn.Sequential(nn.Linear(20, 32), nn.ReLU(), nn.Linear(32, 3))
    record = train(net, lambda p, y: (F.cross_entropy(p, y, reduction="none") * (y > 0)).sum() / 7)
    assert record.trainings[0].rate is None and record.unseen


def test_who_runs_an_evaluation_may_say_how_it_went() -> None:
    net = nn.Sequential(nn.Linear(20, 32), nn.ReLU(), nn.Linear(32, 3))
    (evaluation,) = train(net, F.cross_entropy, evaluated=True).trainings[0].evaluations
    assert (evaluation.num_rows, evaluation.loss, evaluation.accuracy) == (100, 0.25, 0.75)


def test_a_name_that_is_given_prevails_over_torch_s_own() -> None:
    net = nn.Linear(20, 3)
    torch.manual_seed(0)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    watcher = Watcher()
    watcher.observer.names.give(net.weight, "encoder.kernel", "Dense")
    with watcher:
        F.cross_entropy(net(torch.randn(8, 20)), torch.zeros(8, dtype=torch.long)).backward()
        optimizer.step()
    (training,) = watcher.record.trainings
    assert {(p.name, p.module) for p in training.parameters} == {("encoder.kernel", "Dense"), ("bias", "Linear")}
    assert training.readings[0].layers[0].name == "encoder"
