import itertools

import pytest
import torch
import torch.nn.functional as F
from tests.strategies.cases import rand, turned_digits
from torch import nn

from rhobar.train.strategies import (
    Episode,
    adapted,
    draw_episode,
    few_shot_accuracy,
    maml_logits,
    maml_loss,
    prototypes,
    prototypical_logits,
    prototypical_loss,
)

SEEN = [c for c in range(40) if c % 10 < 5]
UNSEEN = [c for c in range(40) if c % 10 >= 5]


def network(outputs, seed=0):
    torch.manual_seed(seed)
    return nn.Sequential(
        nn.Conv2d(1, 24, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(24, 48, 3, padding=1), nn.ReLU(),
        nn.MaxPool2d(2), nn.Flatten(), nn.Linear(192, outputs),
    )  # fmt: skip


def tasks(classes, count, seed, **options):
    x, y = turned_digits()
    generator = rand(seed)
    for _ in range(count):
        yield draw_episode(x, y, classes=classes, generator=generator, **options)


def test_an_episode_holds_what_it_should():
    x, y = turned_digits()
    marked = torch.arange(len(x))  # every sample is its own number
    for ways, shots in ((5, 1), (3, 4)):
        task = draw_episode(marked, y, classes=UNSEEN, num_ways=ways, num_shots=shots, num_queries=6, generator=rand(1))
        assert len(set(torch.cat([task.support, task.query]).tolist())) == ways * (shots + 6)
        for k in range(ways):
            own = torch.cat([y[task.support[task.support_labels == k]], y[task.query[task.query_labels == k]]])
            assert len(set(own.tolist())) == 1
            assert own[0].item() in UNSEEN
            assert len(own) == shots + 6
        assert len({y[task.support[task.support_labels == k]][0].item() for k in range(ways)}) == ways


def test_prototypes_are_means_and_the_nearest_wins():
    f, labels = torch.randn(6, 3, generator=rand(0)), torch.tensor([2, 0, 1, 0, 2, 0])
    c = prototypes(f, labels, 3)
    for k in range(3):
        assert torch.allclose(c[k], f[labels == k].mean(0))
    queries = torch.randn(7, 3, generator=rand(1))
    logits = prototypical_logits(nn.Identity(), Episode(f, labels, queries, torch.zeros(7).long()))
    assert torch.allclose(logits, -torch.cdist(queries, c).square(), atol=1e-5)


def test_prototypical_classification_is_linear_in_the_embedding():
    """−‖f − c‖² + ‖f‖² = 2 c·f − ‖c‖²."""
    f, labels, q = (
        torch.randn(4, 3, generator=rand(0)),
        torch.tensor([0, 0, 1, 1]),
        torch.randn(5, 3, generator=rand(1)),
    )
    c = prototypes(f, labels, 2)
    logits = prototypical_logits(nn.Identity(), Episode(f, labels, q, torch.zeros(5).long()))
    assert torch.allclose(logits.log_softmax(1), (2 * q @ c.T - c.square().sum(1)).log_softmax(1), atol=1e-5)


@pytest.mark.parametrize("first_order", [False, True])
def test_the_meta_gradient_is_autograd_of_the_two_step_composition(first_order):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2)).double()
    task = Episode(
        torch.randn(6, 3).double(), torch.randint(2, (6,)), torch.randn(5, 3).double(), torch.randint(2, (5,))
    )
    maml_loss(model, task, lr=0.3, num_steps=2, first_order=first_order).backward()

    def net(x, W, b, V, c):
        return torch.tanh(x @ W.T + b) @ V.T + c

    theta = tuple(p.detach().clone().requires_grad_() for p in model.parameters())
    now = theta
    for _ in range(2):
        grads = torch.autograd.grad(
            F.cross_entropy(net(task.support, *now), task.support_labels), now, create_graph=True
        )
        now = tuple(p - 0.3 * (g.detach() if first_order else g) for p, g in zip(now, grads, strict=True))
    F.cross_entropy(net(task.query, *now), task.query_labels).backward()
    for p, q in zip(model.parameters(), theta, strict=True):
        assert torch.allclose(p.grad, q.grad, rtol=0, atol=1e-12)


def test_the_meta_gradient_is_that_of_finite_differences():
    torch.manual_seed(0)
    model = nn.Linear(3, 2).double()
    task = Episode(
        torch.randn(4, 3).double(), torch.randint(2, (4,)), torch.randn(5, 3).double(), torch.randint(2, (5,))
    )
    maml_loss(model, task, lr=0.5, num_steps=3).backward()
    for p in model.parameters():
        for i in itertools.product(*map(range, p.shape)):
            values = []
            for sign in (1, -1):
                with torch.no_grad():
                    p[i] += sign * 1e-5
                values.append(maml_loss(model, task, lr=0.5, num_steps=3).item())
                with torch.no_grad():
                    p[i] -= sign * 1e-5
            assert float(p.grad[i]) == pytest.approx((values[0] - values[1]) / 2e-5, abs=1e-8)


def test_on_a_quadratic_it_is_the_formula():
    """L = ½ a θ²: θ' = (1 − αa)^J θ, and the meta-gradient is (1 − αa)^{2J} aθ, (1 − αa)^J aθ to first order."""
    a, alpha, J, theta = 3.0, 0.1, 4, 1.7
    loss = lambda out, _: 0.5 * a * out.square().mean()  # noqa: E731
    x, y = torch.ones(1, 1).double(), torch.zeros(1, dtype=torch.long)
    for first_order, power in ((False, 2 * J), (True, J)):
        model = nn.Linear(1, 1, bias=False).double()
        nn.init.constant_(model.weight, theta)
        found = adapted(model, loss, x, y, lr=alpha, num_steps=J)
        assert float(found["weight"].detach()) == pytest.approx((1 - alpha * a) ** J * theta)
        maml_loss(model, Episode(x, y, x, y), lr=alpha, num_steps=J, first_order=first_order, loss=loss).backward()
        assert float(model.weight.grad) == pytest.approx((1 - alpha * a) ** power * a * theta)


def test_the_model_stays_as_it_was():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 2))
    model[0].bias.requires_grad_(False)
    before = {k: v.clone() for k, v in model.state_dict().items()}
    task = Episode(torch.randn(6, 3), torch.randint(2, (6,)), torch.randn(5, 3), torch.randint(2, (5,)))
    with torch.no_grad():
        maml_logits(model, task, lr=0.5, num_steps=3)
    params = adapted(model, F.cross_entropy, task.support, task.support_labels, lr=0.5, num_steps=2)
    assert all(torch.equal(v, before[k]) for k, v in model.state_dict().items())
    assert torch.equal(params["0.bias"], model[0].bias), "frozen parameters are not adapted"
    assert all(p.grad is None for p in model.parameters())


def test_maml_learns_to_adapt_to_sine_waves_in_few_steps():
    """y = A sin(x + φ), ten points: after meta-training a few steps fit a new wave, before it they do not."""
    mse = nn.functional.mse_loss
    generator = rand(0)

    def wave(points):
        A, phi = 0.5 + 1.5 * torch.rand(1, generator=generator), 3.14 * torch.rand(1, generator=generator)
        x = 6 * torch.rand(points, 1, generator=generator) - 3
        return x, A * torch.sin(x + phi)

    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(1, 40), nn.Tanh(), nn.Linear(40, 40), nn.Tanh(), nn.Linear(40, 1))

    def judge(steps):
        total = 0.0
        for _ in range(30):
            x, y = wave(60)
            params = adapted(model, mse, x[:10], y[:10], lr=0.05, num_steps=steps, differentiable=False)
            total += float(mse(torch.func.functional_call(model, params, (x[10:],)), y[10:]).detach()) / 30
        return total

    fresh = judge(5)
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    for _ in range(250):
        optimizer.zero_grad()
        for _ in range(3):
            x, y = wave(20)
            params = adapted(model, mse, x[:10], y[:10], lr=0.05, num_steps=2)
            (mse(torch.func.functional_call(model, params, (x[10:],)), y[10:]) / 3).backward()
        optimizer.step()
    assert judge(5) < 0.4 * judge(0)
    assert judge(5) < 0.4 * fresh


def test_prototypical_networks_name_unseen_classes_from_one_sample():
    """5-way 1-shot on turned digits; the classes of the test have no part in training. Chance is 0.2."""
    model = network(32)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    for task in tasks(SEEN, 250, seed=0, num_ways=10, num_queries=8):
        optimizer.zero_grad()
        prototypical_loss(model, task).backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        found = few_shot_accuracy(lambda e: prototypical_logits(model, e), tasks(UNSEEN, 100, seed=1))
        many = few_shot_accuracy(lambda e: prototypical_logits(model, e), tasks(UNSEEN, 60, seed=1, num_shots=5))
    assert found.interval[0] > 0.5, found
    assert many.value > found.value + 3 * found.stderr


@pytest.mark.slow
def test_maml_names_unseen_classes_from_one_sample():
    model = network(5)
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    stream = tasks(SEEN, 4 * 500, seed=0, num_queries=10)
    for _ in range(500):
        optimizer.zero_grad()
        for task in itertools.islice(stream, 4):
            (maml_loss(model, task, lr=0.4, num_steps=2) / 4).backward()
        optimizer.step()
    found = few_shot_accuracy(lambda e: maml_logits(model, e, lr=0.4, num_steps=5), tasks(UNSEEN, 100, seed=1))
    assert found.interval[0] > 0.45, found


def test_the_interval_covers_the_true_accuracy():
    """Answers right with probability 0.7."""
    covered = 0
    for seed in range(200):
        g = rand(seed)
        right = [torch.rand(20, generator=g) < 0.7 for _ in range(30)]
        episodes = [Episode(torch.zeros(1, 1), torch.zeros(1).long(), torch.zeros(20, 1), r.long()) for r in right]
        found = few_shot_accuracy(lambda e: torch.tensor([[0.0, 1.0]]).expand(20, 2), episodes)
        covered += found.interval[0] <= 0.7 <= found.interval[1]
    assert 0.88 <= covered / 200 <= 0.99


@pytest.mark.parametrize("options", [{"num_ways": 41}, {"num_ways": 1}, {"num_shots": 0}, {"num_queries": 400}])
def test_refusals(options):
    with pytest.raises(ValueError, match=r"got|it has"):
        draw_episode(*turned_digits(), **options)
    with pytest.raises(ValueError, match="At least 2 episodes"):
        few_shot_accuracy(lambda e: torch.zeros(1, 2), [])
