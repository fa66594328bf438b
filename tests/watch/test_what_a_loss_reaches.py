"""Which passes make a training, where one training ends and the next begins, and what of a network is data or one map."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

import rhobar as rb

GENERATOR = torch.Generator().manual_seed(0)
X = torch.randn(200, 6, generator=GENERATOR)
Y = X[:, :3].argmax(1)
CODES, COLUMNS = torch.randint(0, 5, (200, 2), generator=GENERATOR), 1000 + 50 * X[:, :3]


def fit(net, inputs, optimizer, steps=30, rows=100):
    for i in range(steps):
        pick = torch.arange(20) + 20 * i % rows
        loss = F.cross_entropy(net(*(x[pick] for x in inputs)), Y[pick])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


def test_a_net_thawed_in_part_begins_a_training_of_its_own_at_once():
    net = nn.Sequential(nn.Linear(6, 16), nn.ReLU(), nn.Linear(16, 16), nn.ReLU(), nn.Linear(16, 3))
    with rb.watch(net) as run:
        fit(net, [X], torch.optim.SGD(net.parameters(), 0.1), steps=35)
        net[:4].requires_grad_(False)
        fit(net, [X], torch.optim.SGD(net[4].parameters(), 0.1), steps=27)
    assert [len(t.losses) for t in run.record.trainings] == [35, 27]


def test_a_group_added_to_an_optimizer_begins_one_too():
    net = nn.Sequential(nn.Linear(6, 16), nn.ReLU(), nn.Linear(16, 16), nn.ReLU(), nn.Linear(16, 3))
    net[:4].requires_grad_(False)
    optimizer = torch.optim.SGD(net[4].parameters(), 0.1)
    with rb.watch(net) as run:
        fit(net, [X], optimizer, steps=25)
        net[:4].requires_grad_(True)
        optimizer.add_param_group({"params": net[:4].parameters()})
        fit(net, [X], optimizer, steps=29)
    assert [len(t.losses) for t in run.record.trainings] == [25, 29]


def test_a_score_taken_with_gradients_on_before_a_training_is_none_of_its_rows():
    net = nn.Linear(6, 3)
    with rb.watch(net) as run:
        net(X[100:])
        fit(net, [X], torch.optim.SGD(net.parameters(), 0.1))
        for _ in range(3):
            with torch.no_grad():
                F.cross_entropy(net(X[100:]), Y[100:])
    (training,) = run.record.trainings
    assert training.num_rows_distinct == 100
    assert training.evaluations[-1].overlap == 0
    assert "train-validation-overlap" not in {f.id for f in run.diagnosis().findings}


class Table(nn.Module):
    """Embeddings and columns in one linear map, in a given order."""

    def __init__(self, order, dim):
        super().__init__()
        self.codes = nn.ModuleList(nn.Embedding(5, width) for width in (2, 4))
        self.order, self.dim = order, dim
        self.body = nn.Sequential(nn.Linear(9, 8), nn.ReLU(), nn.Linear(8, 3))

    def forward(self, codes, columns):
        parts = {str(i): embed(codes[:, i]) for i, embed in enumerate(self.codes)} | {"x": columns}
        return self.body(torch.cat([parts[name] for name in self.order], self.dim))


@pytest.mark.parametrize("order", ["01x", "x01", "0x1"])
@pytest.mark.parametrize("dim", [1, -1])
def test_columns_beside_embeddings_are_inputs(order, dim):
    net = Table(order, dim)
    with rb.watch(net) as run:
        fit(net, [CODES, COLUMNS], torch.optim.Adam(net.parameters(), 1e-3))
    inputs = run.record.trainings[0].inputs
    assert inputs.num_features == 3
    assert not inputs.integer
    assert all(abs(mean - 1000) < 30 for mean in inputs.mean)
    assert "unscaled-inputs" in {f.id for f in run.diagnosis().findings}


class Skip(nn.Module):
    """Two maps in a row; what lies between them varies."""

    def __init__(self, kind):
        super().__init__()
        self.kind = kind
        self.stem = nn.Conv1d(1, 4, 3, padding=1)
        self.up = nn.ConvTranspose1d(4, 4, 2, 2) if kind == "transposed" else nn.Conv1d(4, 4, 3, padding=1)
        self.last = nn.Conv1d(8 if kind == "skip" else 4, 4, 3, padding=1)
        self.head = nn.Linear(4, 3)

    def forward(self, x):
        h = torch.relu(self.stem(x[:, None]))
        z = self.up(h)
        z = self.last(torch.cat([z, h], 1) if self.kind == "skip" else z)
        return self.head(torch.relu(z).mean(-1))


@pytest.mark.parametrize(("kind", "collapsed"), [("plain", 1), ("skip", 0), ("transposed", 0)])
def test_maps_that_read_more_or_scale_up_are_not_one(kind, collapsed):
    net = Skip(kind)
    with rb.watch(net) as run:
        fit(net, [X], torch.optim.SGD(net.parameters(), 0.1), steps=20)
    assert len(run.record.trainings[0].structure.collapsed) == collapsed


@pytest.mark.parametrize(("rate", "modal"), [(0.0, False), (0.2, True)])
def test_beside_a_critic_train_mode_counts_if_the_generator_acts_by_it(rate, modal):
    made, critic = nn.Sequential(nn.Linear(6, 4), nn.Dropout(rate)), nn.Sequential(nn.Linear(4, 1), nn.Dropout(0.3))
    optimizer = torch.optim.SGD([*made.parameters(), *critic.parameters()], 0.01)
    with rb.watch() as run:
        for _ in range(10):
            optimizer.zero_grad()
            critic(made(X)).mean().backward()
            optimizer.step()
        with torch.no_grad():
            made(X)
    assert run.record.trainings[0].evaluations[-1].training_mode is modal


def kinked(activation, order):
    """Solve u⁽ᵒʳᵈᵉʳ⁾ = 1 by a net."""
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(1, 16), activation, nn.Linear(16, 16), activation, nn.Linear(16, 1))
    optimizer = torch.optim.Adam(net.parameters(), 5e-3)
    with rb.watch(net, optimizer) as run:
        for _ in range(100):
            x = torch.rand(32, 1, requires_grad=True)
            u = net(x)
            for _ in range(order):
                (u,) = torch.autograd.grad(u.sum(), x, create_graph=True)
            optimizer.zero_grad()
            ((u - 1).square().mean() + net(torch.zeros(1, 1)).square().mean()).backward()
            optimizer.step()
    return {f.id for f in run.diagnosis().findings}


@pytest.mark.parametrize(
    ("activation", "order", "sick"),
    [(nn.ReLU(), 2, True), (nn.Tanh(), 2, False), (nn.ReLU(), 1, False)],
)
def test_a_kinked_activation_has_no_second_derivative_to_train(activation, order, sick):
    assert ("unfit-activation" in kinked(activation, order)) is sick
