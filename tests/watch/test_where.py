"""Law: one training shows the same, in whatever form it is run: wrapped, compiled, checkpointed, split or fused.

What a form hides is stated in docs/where.md, and by each row here.
"""

import contextlib
import gc
import math
from collections.abc import Callable
from dataclasses import dataclass

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from rhobar.diagnose.live import Run, watch
from rhobar.record import Reading, Training

STEPS, ROWS = 6, 16


def model_of() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(8, 16), nn.Tanh(), nn.Linear(16, 16), nn.Tanh(), nn.Linear(16, 3))


def data() -> tuple[Tensor, Tensor]:
    x = torch.randn(ROWS, 8, generator=torch.Generator().manual_seed(1))
    return x, x[:, :3].argmax(1)


def sgd(model: nn.Module) -> torch.optim.Optimizer:
    return torch.optim.SGD(model.parameters(), lr=0.1)


def loop(model: nn.Module, optimizers: list[torch.optim.Optimizer], call: Callable[[Tensor], Tensor]) -> None:
    x, y = data()
    for _ in range(STEPS):
        for optimizer in optimizers:
            optimizer.zero_grad()
        F.cross_entropy(call(x), y).backward()
        for optimizer in optimizers:
            optimizer.step()


def plainly(model):
    loop(model, [sgd(model)], model)


def data_parallel(model):
    loop(model, [sgd(model)], nn.DataParallel(model))


def compiled(backend: str, *, fullgraph: bool = False, called_before: bool = False):
    """`torch.compile`; graph breaks and recompilation must be what they are without a watch."""

    made = []

    def body(model):
        loop(model, [sgd(model)], made.pop())

    def before(model):
        torch._dynamo.reset()
        made.append(torch.compile(model, backend=backend, fullgraph=fullgraph))
        if called_before:
            made[0](data()[0])

    return body, before


def in_place(backend: str):
    def body(model):
        loop(model, [sgd(model)], model)

    def before(model):
        torch._dynamo.reset()
        model.compile(backend=backend)

    return body, before


def checkpointed(reentrant: bool):
    class Checkpointed(nn.Sequential):
        def forward(self, x):
            first, *rest = self
            return checkpoint(lambda h: [h := part(h) for part in rest][-1], first(x), use_reentrant=reentrant)

    def body(model):
        model.__class__ = Checkpointed
        loop(model, [sgd(model)], model)

    return body


def checkpointed_whole(reentrant: bool):
    def body(model):
        loop(model, [sgd(model)], lambda x: checkpoint(model, x.requires_grad_(reentrant), use_reentrant=reentrant))

    return body


def an_optimizer_a_layer(model):
    loop(model, [sgd(part) for part in model if list(part.parameters())], model)


def in_the_backward_pass(model):
    own = {p: torch.optim.SGD([p], lr=0.1) for p in model.parameters()}

    def use(p: Tensor) -> None:
        own[p].step()
        own[p].zero_grad()

    for p in own:
        p.register_post_accumulate_grad_hook(use)
    loop(model, [], model)


def by_autograd_grad(model):
    x, y = data()
    optimizer, parameters = sgd(model), list(model.parameters())
    for _ in range(STEPS):
        for p, g in zip(parameters, torch.autograd.grad(F.cross_entropy(model(x), y), parameters), strict=True):
            p.grad = g
        optimizer.step()


@dataclass(frozen=True)
class Form:
    """A way to run the training; which layers it shows, and of which of them the signal that enters."""

    body: Callable[[nn.Module], None]
    layers: tuple[str, ...] = ("0", "2", "4")
    inputs: tuple[str, ...] = ("0", "2", "4")
    before: Callable[[nn.Module], None] = lambda model: None
    gradients: bool = True


def form(pair, **changes) -> Form:
    return Form(pair[0], before=pair[1], **changes)


FORMS = {
    "DataParallel": Form(data_parallel),
    "compile, eager": form(compiled("eager")),
    "compile, eager, called before": form(compiled("eager", called_before=True)),
    "compile, fullgraph": form(compiled("eager", fullgraph=True)),
    "compile, aot": form(compiled("aot_eager"), layers=()),
    "compile, aot, fullgraph, called before": form(
        compiled("aot_eager", fullgraph=True, called_before=True), layers=()
    ),
    "model.compile": form(in_place("eager")),
    "model.compile, aot": form(in_place("aot_eager"), layers=()),
    "checkpoint": Form(checkpointed(False), inputs=("0",)),
    "checkpoint, reentrant": Form(checkpointed(True), layers=("0",)),
    "checkpoint of all": Form(checkpointed_whole(False), inputs=()),
    "checkpoint of all, reentrant": Form(checkpointed_whole(True), layers=()),
    "an optimizer a layer": Form(an_optimizer_a_layer),
    "in the backward pass": Form(in_the_backward_pass),
    "autograd.grad": Form(by_autograd_grad, gradients=False),
}


def watched(form: Form) -> Run:
    model = model_of()
    form.before(model)
    with watch(model, budget=None) as run:
        form.body(model)
    assert not [u for u in run.record.unseen if "Error" in u.reason], run.record.unseen
    return run


def near(value: float | None) -> object:
    return value if value is None else pytest.approx(value, rel=1e-4, abs=1e-7)


@pytest.mark.filterwarnings("ignore:The .grad attribute of a Tensor that is not a leaf")  # dynamo looks at it
@pytest.mark.parametrize("name", FORMS)
def test_a_form_shows_the_training(name):
    form = FORMS[name]
    (plain,) = watched(Form(plainly)).record.trainings
    run = watched(form)
    (other,) = run.record.trainings
    assert (other.num_steps, other.backwards_per_step, other.uncleared_steps) == (STEPS, 1.0, 0)
    assert other.losses == [near(loss) for loss in plain.losses]
    assert other.num_rows_seen == plain.num_rows_seen and not other.evaluations
    assert {p.name for p in other.parameters} == {p.name for p in plain.parameters}
    assert all(p.reached and p.held and p.moved for p in other.parameters)
    assert [r.step for r in other.readings] == [r.step for r in plain.readings]
    for one, two in zip(plain.readings[1:], other.readings[1:], strict=True):
        _same(one, two, form)


def _same(one: Reading, two: Reading, form: Form) -> None:
    expected = [layer for layer in one.layers if layer.name in form.layers]
    assert [layer.name for layer in two.layers] == [layer.name for layer in expected]
    for mine, theirs in zip(two.layers, expected, strict=True):
        assert (mine.input is not None) == (mine.name in form.inputs)
        assert mine.input is None or mine.input.rms == near(theirs.input.rms)
        assert mine.gradient.rms == near(theirs.gradient.rms)
    updates = {p.name: p for p in one.parameters}
    for p in two.parameters:
        assert p.update == near(updates[p.name].update) and p.update > 0
        if form.gradients:
            assert p.gradient == near(updates[p.name].gradient)
    if form.gradients:
        assert two.gradient_norm == near(one.gradient_norm) and two.uphill == near(-1.0)


def test_compilation_is_not_repeated_because_of_a_watch():
    torch._dynamo.reset()
    torch._dynamo.utils.counters.clear()
    model, (x, y) = model_of(), data()
    fast, optimizer = torch.compile(model, backend="eager", fullgraph=True), sgd(model)
    for round_ in range(3):
        run = watch(model, budget=None)
        with run if round_ == 1 else contextlib.nullcontext():
            for _ in range(3):
                optimizer.zero_grad()
                F.cross_entropy(fast(x), y).backward()
                optimizer.step()
    assert torch._dynamo.utils.counters["stats"]["unique_graphs"] == 1
    assert not torch._dynamo.utils.counters["graph_break"]


@pytest.mark.slow
def test_inductor():
    (plain,) = watched(Form(plainly)).record.trainings
    (other,) = watched(form(compiled("inductor"), layers=())).record.trainings
    assert other.losses == [near(loss) for loss in plain.losses]
    assert all(p.update > 0 for r in other.readings for p in r.parameters)


@pytest.mark.parametrize("parts", [2, 4])
def test_accumulated_batches_share_the_update_of_their_step(parts):
    model, (x, y) = model_of(), data()
    optimizer = sgd(model)
    with watch(model, budget=None) as run:
        for _ in range(4):
            optimizer.zero_grad()
            for rows in torch.arange(ROWS).chunk(parts):
                (F.cross_entropy(model(x[rows]), y[rows]) / parts).backward()
            optimizer.step()
    (training,) = run.record.trainings
    (plain,) = watched(Form(plainly)).record.trainings
    assert training.backwards_per_step == parts and training.num_steps == 4 and training.clipped == 0
    for i, whole in enumerate(plain.readings[1:4], start=1):
        group = training.readings[parts * i : parts * i + parts]
        assert {tuple(p.update for p in r.parameters) for r in group} == {tuple(p.update for p in group[0].parameters)}
        assert [p.update for p in group[-1].parameters] == [near(p.update) for p in whole.parameters]
        assert group[-1].gradient_norm == near(whole.gradient_norm)
        assert sum(r.loss for r in group) / parts == near(whole.loss)


def test_lbfgs_is_watched_by_its_closures():
    model, (x, y) = model_of(), data()
    optimizer = torch.optim.LBFGS(model.parameters(), lr=0.5, max_iter=3)
    calls = []

    def closure() -> Tensor:
        optimizer.zero_grad()
        calls.append(F.cross_entropy(model(x), y))
        calls[-1].backward()
        return calls[-1]

    with watch(model, budget=None) as run:
        for _ in range(4):
            optimizer.step(closure)
    (training,) = run.record.trainings
    assert training.num_steps == 4 and training.losses == [c.item() for c in calls]
    assert all(p.update is not None for r in training.readings for p in r.parameters)


def test_a_shared_weight_is_one_parameter():
    torch.manual_seed(0)
    embed, head = nn.Embedding(12, 8), nn.Linear(8, 12, bias=False)
    head.weight = embed.weight
    model, x = nn.Sequential(embed, nn.Tanh(), head), torch.randint(12, (ROWS,))
    optimizer = sgd(model)
    with watch(model, budget=None) as run:
        for _ in range(4):
            optimizer.zero_grad()
            F.cross_entropy(model(x), (x + 1) % 12).backward()
            norm = float(embed.weight.grad.norm())
            optimizer.step()
    (training,) = run.record.trainings
    assert len(training.parameters) == 1
    assert training.readings[-1].gradient_norm == near(norm)


def norms_seen(model: nn.Module, loss: Callable[[], Tensor], optimizer) -> tuple[Training, list[float]]:
    wanted = []
    with watch(model, budget=None) as run:
        for _ in range(4):
            optimizer.zero_grad()
            loss().backward()
            grads = [p.grad.to_dense() for p in model.parameters()]
            wanted.append(
                math.sqrt(
                    sum(
                        float(torch.view_as_real(g).square().sum() if g.is_complex() else g.square().sum())
                        for g in grads
                    )
                )
            )
            optimizer.step()
    assert not [u for u in run.record.unseen if "Error" in u.reason], run.record.unseen
    return run.record.trainings[0], wanted


def test_complex_gradients():
    torch.manual_seed(0)
    model, x = nn.Sequential(nn.Linear(8, 16, dtype=torch.cfloat), nn.Linear(16, 3, dtype=torch.cfloat)), data()
    training, wanted = norms_seen(model, lambda: F.cross_entropy(model(x[0].to(torch.cfloat)).abs(), x[1]), sgd(model))
    assert [r.gradient_norm for r in training.readings] == [near(norm) for norm in wanted]
    assert all(p.update > 0 for r in training.readings for p in r.parameters)


def test_sparse_gradients():
    torch.manual_seed(0)
    model, x = nn.Sequential(nn.EmbeddingBag(20, 8, sparse=True), nn.Linear(8, 3)), torch.randint(20, (ROWS, 4))
    training, wanted = norms_seen(model, lambda: F.cross_entropy(model(x), x[:, 0] % 3), sgd(model))
    assert [r.gradient_norm for r in training.readings] == [near(norm) for norm in wanted]


def test_a_meta_model_is_left_alone():
    model = model_of().to("meta")
    with watch(model) as run:
        F.cross_entropy(
            model(torch.empty(4, 8, device="meta")), torch.empty(4, dtype=torch.long, device="meta")
        ).backward()
    assert not run.record.trainings and "losses without values" in [u.what for u in run.record.unseen]


def test_two_thousand_modules():
    parts = [nn.Sequential(nn.Linear(2, 2), nn.LayerNorm(2), nn.Tanh()) for _ in range(500)]
    model = nn.Sequential(*parts, nn.Linear(2, 2))
    x = torch.randn(4, 2)
    with watch(model) as run:
        loss = model(x).square().mean()
        loss.backward()
        sgd(model).step()
    (training,) = run.record.trainings
    assert len(training.readings[0].layers) == 501 and len(training.parameters) == 2002
    assert not [u for u in run.record.unseen if "Error" in u.reason]


@pytest.mark.filterwarnings("ignore")
def test_ten_thousand_steps_in_constant_memory():
    model = nn.Linear(2, 2)
    optimizer, x = sgd(model), torch.randn(4, 2)
    counts = []
    with watch(model):
        for step in range(10_000):
            if step in (3000, 9999):
                gc.collect()
                counts.append(len(gc.get_objects()))
            optimizer.zero_grad()
            model(x).square().mean().backward()
            optimizer.step()
    assert counts[1] <= counts[0] + 400  # a few more readings; losses and rates are plain numbers
