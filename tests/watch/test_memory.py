"""Law: watching holds a constant number of tensors, however long the training, and no graph after its backward pass."""

import gc
import random
import weakref

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from rhobar.diagnose.live import watch


def tensors() -> int:
    gc.collect()
    return sum(isinstance(o, Tensor) for o in gc.get_objects())


class Activation:
    """Stands in for what a graph keeps: it lives as long as the node that it hangs on."""


def small() -> nn.Sequential:
    return nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 3))


def steps(model: nn.Module, count: int) -> None:
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    for _ in range(count):
        x, y = torch.randn(8, 4), torch.randint(3, (8,))
        optimizer.zero_grad()
        F.cross_entropy(model(x), y).backward()
        optimizer.step()


@pytest.mark.filterwarnings("ignore")
def test_the_number_of_tensors_does_not_grow_with_the_steps():
    model = small()
    with watch(model):
        steps(model, 300)
        middle = tensors()
        steps(model, 900)
        # Readings are numbers; what grows between is the kept sample of targets, up to its bound of 2048 rows.
        assert tensors() <= middle + 40


@pytest.mark.parametrize("budget", [None, 0.05])
def test_a_graph_dies_after_its_backward_pass(budget):
    model, refs = small(), []
    with watch(model, budget=budget):
        for _ in range(6):
            out = model(torch.randn(8, 4))
            mark = Activation()
            out.grad_fn.metadata["mark"] = mark
            refs.append(weakref.ref(mark))
            loss = F.cross_entropy(out, torch.randint(3, (8,)))
            loss.backward()
            del out, loss, mark
        gc.collect()
        assert [r() for r in refs] == [None] * 6


def test_evaluation_with_gradients_on_does_not_pile_up_graphs():
    """A forgotten no_grad is common: each pass then has a graph of its own, which must not be held."""
    model, refs = small(), []
    with watch(model):
        steps(model, 3)
        for _ in range(200):
            out = model(torch.randn(8, 4))
            mark = Activation()
            out.grad_fn.metadata["mark"] = mark
            refs.append(weakref.ref(mark))
            F.cross_entropy(out, torch.randint(3, (8,))).item()
            del out, mark
        gc.collect()
        assert sum(r() is not None for r in refs) <= 24


def test_evaluation_does_not_hold_its_batches():
    model, refs = small(), []
    with watch(model):
        steps(model, 3)
        with torch.no_grad():
            for _ in range(100):
                x = torch.randn(8, 4)
                refs.append(weakref.ref(x))
                model(x)
                del x
        assert sum(r() is not None for r in refs) <= 8


def test_a_failed_backward_pass_leaves_no_graph():
    model = small()
    with watch(model):
        out = model(torch.randn(8, 4))
        mark = Activation()
        out.grad_fn.metadata["mark"] = mark
        ref = weakref.ref(mark)
        with pytest.raises(ZeroDivisionError):
            out.register_hook(lambda g: 1 / 0)
            F.cross_entropy(out, torch.randint(3, (8,))).backward()
        del out, mark
        model(torch.randn(8, 4)).sum().backward()
        gc.collect()
        assert ref() is None


def random_program(number: int) -> tuple[nn.Module, str]:
    draw = random.Random(number)
    width = draw.choice([4, 8, 16])
    parts: list[nn.Module] = [nn.Linear(6, width)]
    for _ in range(draw.randrange(3)):
        parts += [draw.choice([nn.ReLU, nn.Sigmoid, nn.Tanh, nn.Identity, nn.GELU])(), nn.Linear(width, width)]
        if draw.random() < 0.3:
            parts.append(draw.choice([nn.LayerNorm, nn.BatchNorm1d])(width))
    parts += [draw.choice([nn.ReLU, nn.Tanh])(), nn.Linear(width, 3)]
    if draw.random() < 0.3:
        parts.append(nn.Softmax(1))
    return nn.Sequential(*parts), draw.choice(["ce", "mse", "by hand"])


def findings(number: int, *, renamed: bool = False, permuted: bool = False) -> list[str]:
    torch.manual_seed(number)
    net, kind = random_program(number)
    x, y = torch.randn(32, 6) * 10 ** random.Random(number).randrange(3), torch.randint(3, (32,))
    if permuted:
        order = torch.randperm(32, generator=torch.Generator().manual_seed(1))
        x, y = x[order], y[order]
    if renamed:
        holder = nn.Module()
        for i, part in enumerate(net):
            holder.add_module(f"weight_{i}_<b>", part)
        holder.forward = lambda a: [a := part(a) for part in holder.children()][-1]
        net = holder
    optimizer = torch.optim.SGD(net.parameters(), lr=10 ** random.Random(number).uniform(-3, 1))
    with watch(net, optimizer, budget=None) as run:
        for _ in range(6):
            z = net(x)
            hot = F.one_hot(y, 3).float()
            loss = {
                "ce": lambda: F.cross_entropy(z, y),
                "mse": lambda: F.mse_loss(z, hot),
                "by hand": lambda: (z - hot).pow(2).mean(),
            }[kind]()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    assert not [u for u in run.record.unseen if "Error" in u.reason], run.record.unseen
    diagnosis = run.diagnosis()
    assert not [n for n in diagnosis.not_checked if "check failed" in n.reason]
    return sorted(f.id for f in diagnosis.findings)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("start", range(0, 60, 10))
def test_findings_do_not_depend_on_names_or_the_order_of_a_batch(start):
    for number in range(start, start + 10):
        plain = findings(number)
        other = findings(number, renamed=True) if number % 2 else findings(number, permuted=True)
        assert plain == other, number
