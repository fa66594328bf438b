"""Law: a program that is watched computes, bit for bit, what it computes alone, and finds torch as it left it."""

import copy
import io
import pickle
import random
import threading
import weakref
from collections.abc import Callable, Iterator

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from tests.watch.exactness import Program, bits, check, seed, surroundings
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from rhobar.diagnose.live import watch

PROGRAMS: dict[str, Program] = {}


def program(body: Program) -> Program:
    PROGRAMS[body.__name__] = body
    return body


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    torch.set_warn_always(True)
    yield
    torch.set_warn_always(False)
    torch.set_num_threads(before)


# A seeded table: architecture × optimizer × loss × habits


class Residual(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first, self.a, self.b, self.last = nn.Linear(8, 16), nn.Linear(16, 16), nn.Linear(16, 16), nn.Linear(16, 3)
        self.drop = nn.Dropout(0.1)

    def forward(self, x: Tensor) -> Tensor:
        h = self.first(x)
        h += self.drop(self.b(torch.relu_(self.a(h.tanh()))))  # in place, on purpose
        return self.last(h.mul_(0.5))


class Recurrent(nn.Module):
    def __init__(self, kind: type[nn.RNNBase]) -> None:
        super().__init__()
        self.rnn, self.head = kind(4, 12, num_layers=2, dropout=0.2, batch_first=True), nn.Linear(12, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.rnn(x.reshape(-1, 2, 4))[0][:, -1])


class Attention(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
        self.embed, self.head = nn.Linear(4, 8), nn.Linear(8, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.layer(self.embed(x.reshape(-1, 2, 4))).mean(1))


class Noisy(nn.Module):
    """Draws from every generator in its forward pass."""

    def __init__(self) -> None:
        super().__init__()
        self.net = nn.Linear(8, 3)
        self.register_buffer("calls", torch.zeros(()))

    def forward(self, x: Tensor) -> Tensor:
        self.calls += 1
        return self.net(x + 0.01 * torch.randn_like(x) * float(np.random.rand()))


MODELS: dict[str, Callable[[], nn.Module]] = {
    "mlp": lambda: nn.Sequential(nn.Linear(8, 16), nn.Tanh(), nn.Linear(16, 3)),
    "inplace": lambda: nn.Sequential(
        nn.Linear(8, 16), nn.Dropout(0.3, inplace=True), nn.ReLU(inplace=True), nn.Linear(16, 3)
    ),
    "conv": lambda: nn.Sequential(
        nn.Unflatten(1, (2, 2, 2)),
        nn.Conv2d(2, 4, 2, padding=1),
        nn.BatchNorm2d(4),
        nn.GELU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(4, 3),
    ),
    "norms": lambda: nn.Sequential(nn.Linear(8, 16), nn.BatchNorm1d(16), nn.SiLU(), nn.LayerNorm(16), nn.Linear(16, 3)),
    "residual": Residual,
    "lstm": lambda: Recurrent(nn.LSTM),
    "gru": lambda: Recurrent(nn.GRU),
    "transformer": Attention,
    "noisy": Noisy,
    "weight_norm": lambda: nn.Sequential(
        nn.utils.parametrizations.weight_norm(nn.Linear(8, 16)),
        nn.ELU(),
        nn.utils.parametrizations.spectral_norm(nn.Linear(16, 3)),
    ),
}
OPTIMIZERS: dict[str, Callable[..., torch.optim.Optimizer]] = {
    "sgd": lambda p: torch.optim.SGD(p, lr=0.05),
    "momentum": lambda p: torch.optim.SGD(p, lr=0.02, momentum=0.9, nesterov=True, weight_decay=1e-3),
    "adam": lambda p: torch.optim.Adam(p, lr=1e-2),
    "adamw": lambda p: torch.optim.AdamW(p, lr=1e-2, amsgrad=True),
    "rmsprop": lambda p: torch.optim.RMSprop(p, lr=1e-3),
    "lbfgs": lambda p: torch.optim.LBFGS(p, lr=0.1, max_iter=3),
}
LOSSES: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "module": lambda z, y: nn.CrossEntropyLoss()(z, y),
    "functional": lambda z, y: F.cross_entropy(z, y, label_smoothing=0.1),
    "nll": lambda z, y: F.nll_loss(F.log_softmax(z, -1), y),
    "mse": lambda z, y: F.mse_loss(input=z, target=F.one_hot(y, 3).float()),
    "bce": lambda z, y: nn.BCEWithLogitsLoss()(z, F.one_hot(y, 3).float()),
    "by hand": lambda z, y: -torch.log(z.softmax(1)[torch.arange(len(y)), y] + 1e-9).mean(),
    "sum": lambda z, y: F.l1_loss(z, F.one_hot(y, 3).float(), reduction="sum") / 7,
}


def family(model_name: str, optimizer_name: str, loss_name: str, habit: int) -> Program:
    def body() -> object:
        model, loss = MODELS[model_name](), LOSSES[loss_name]
        optimizer = OPTIMIZERS[optimizer_name](model.parameters())
        x, y = torch.randn(24, 8), torch.randint(3, (24,))
        losses: list[float] = []

        def closure() -> Tensor:
            optimizer.zero_grad(set_to_none=habit % 2 == 0)
            value = loss(model(x), y)
            value.backward()
            return value

        for step in range(8):
            model.train()
            if optimizer_name == "lbfgs":
                losses.append(float(optimizer.step(closure)))
                continue
            parts = 2 if habit & 1 else 1
            for part in range(parts):
                rows = slice(part * 12, None if parts == 1 else part * 12 + 12)
                value = loss(model(x[rows]), y[rows]) / parts
                value.backward()
                losses.append(value.item())
            if habit & 2:
                losses.append(float(nn.utils.clip_grad_norm_(model.parameters(), 0.5)))
            optimizer.step()
            optimizer.zero_grad(set_to_none=habit % 2 == 0)
            if habit & 4 and step % 3 == 2:
                model.eval()
                with torch.inference_mode() if habit & 1 else torch.no_grad():
                    losses.append(loss(model(x), y).item())
        return losses, model, optimizer

    return body


def _family() -> list[tuple[str, str, str, int]]:
    draw = random.Random(0)
    rows = [
        (m, draw.choice(list(OPTIMIZERS)), draw.choice(list(LOSSES)), draw.randrange(8))
        for m in MODELS
        for _ in range(2)
    ]
    rows += [
        (draw.choice(list(MODELS)), o, draw.choice(list(LOSSES)), draw.randrange(8))
        for o in OPTIMIZERS
        for _ in range(2)
    ]
    return rows + [("mlp", "adam", loss, 7) for loss in LOSSES]


@pytest.mark.parametrize(("model", "optimizer", "loss", "habit"), _family())
def test_a_random_program(model: str, optimizer: str, loss: str, habit: int) -> None:
    check(family(model, optimizer, loss, habit), budget=0.05 if habit & 2 else None)


# What programs do beside training


def small() -> nn.Sequential:
    return nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 3))


def pairs(rows: int = 16) -> tuple[Tensor, Tensor]:
    return torch.randn(rows, 4), torch.randint(3, (rows,))


def train(model: nn.Module, loss: Callable[[], Tensor], steps: int = 5) -> list[float]:
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
    losses = []
    for _ in range(steps):
        optimizer.zero_grad()
        value = loss()
        value.backward()
        optimizer.step()
        losses.append(value.item())
    return losses


@program
def copies_and_pickles() -> object:
    model, (x, y) = small(), pairs()
    losses = train(model, lambda: F.cross_entropy(model(x), y))
    twin, back = copy.deepcopy(model), pickle.loads(pickle.dumps(model))
    stream = io.BytesIO()
    torch.save({"model": model.state_dict(), "loss": losses}, stream)
    stream.seek(0)
    loaded = torch.load(stream, weights_only=True)
    assert pickle.loads(pickle.dumps(F.cross_entropy)) is F.cross_entropy
    losses += train(twin, lambda: F.cross_entropy(twin(x), y))
    return losses, twin, back, loaded, len(pickle.dumps(model))


class Scripted(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.net = nn.Linear(4, 3)

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        return F.cross_entropy(self.net(x), y) + F.mse_loss(x, x)


@program
def scripted() -> object:
    x, y = pairs()
    model = torch.jit.script(Scripted())
    return train(model, lambda: model(x, y)), model.code


@program
def traced() -> object:
    x, y = pairs()
    model = torch.jit.trace(Scripted(), (x, y))
    return train(model, lambda: model(x, y)), str(model.graph).count("\n")


@program
def symbolically_traced() -> object:
    x, y = pairs()
    graph = torch.fx.symbolic_trace(Scripted())
    return graph.code, train(graph, lambda: graph(x, y))


@program
def compiled() -> object:
    torch._dynamo.reset()
    model, (x, y) = small(), pairs()
    fast = torch.compile(lambda a, b: F.cross_entropy(model(a), b), backend="eager", fullgraph=True)
    return train(model, lambda: fast(x, y)), model


@program
def functional_gradients() -> object:
    model, (x, y) = small(), pairs()
    params = {k: v.detach() for k, v in model.named_parameters()}

    def loss(p: dict[str, Tensor], a: Tensor, b: Tensor) -> Tensor:
        return F.cross_entropy(torch.func.functional_call(model, p, (a,)), b)

    losses = []
    for _ in range(4):
        each = torch.func.vmap(torch.func.grad(loss), in_dims=(None, 0, 0))(params, x, y)
        params = {k: p - 0.1 * each[k].mean(0) for k, p in params.items()}
        losses.append(float(loss(params, x, y)))
    tangent = torch.func.jvp(lambda a: model(a), (x,), (torch.ones_like(x),))[1]
    hessian = torch.func.hessian(
        lambda b: F.mse_loss(torch.func.functional_call(model, {**params, "2.bias": b}, (x,)), torch.zeros(16, 3))
    )(params["2.bias"])
    return losses, params, tangent, hessian


@program
def gradients_by_call() -> object:
    model, (x, y) = small(), pairs()
    losses = []
    for step in range(5):
        value = F.cross_entropy(model(x), y)
        which = model.parameters() if step % 2 else tuple(model.parameters())  # a generator can be read only once
        for p, g in zip(model.parameters(), torch.autograd.grad(value, which), strict=True):
            p.data.sub_(0.1 * g)
        losses.append(value.item())
    edge = torch.autograd.graph.get_gradient_edge(model[2].bias)
    return losses, model, torch.autograd.grad(model(x).sum(), [edge])


@program
def backward_of_several() -> object:
    model, (x, y) = small(), pairs()
    for _ in range(3):
        out = model(x)
        torch.autograd.backward(v for v in (F.cross_entropy(out, y), out.square().mean()))
        model(x).backward(torch.ones(16, 3))
        model(x).backward(gradient=torch.full((16, 3), 0.1), inputs=list(model.parameters()))
    return model


@program
def physics_informed() -> object:
    net = nn.Sequential(nn.Linear(1, 16), nn.Tanh(), nn.Linear(16, 1))
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-2)
    losses = []
    for _ in range(6):
        t = torch.rand(20, 1, requires_grad=True)
        u = net(t)
        du = torch.autograd.grad(u.sum(), t, create_graph=True)[0]
        value = (du + u).square().mean() + (net(torch.zeros(1, 1)) - 1).square().mean()
        optimizer.zero_grad()
        value.backward()
        optimizer.step()
        losses.append(value.item())
    return losses, net


class Counted(nn.Module):
    """Counts how often it runs, drawing from the generator: recomputation is visible."""

    def __init__(self) -> None:
        super().__init__()
        self.net, self.calls = small(), 0

    def forward(self, x: Tensor) -> Tensor:
        self.calls += 1
        return F.dropout(self.net(x), 0.2)


def checkpointed(reentrant: bool) -> Program:
    def body() -> object:
        model, head, (x, y) = Counted(), nn.Linear(3, 3), pairs()
        x.requires_grad_()
        both = nn.ModuleList([model, head])
        losses = train(both, lambda: F.cross_entropy(head(checkpoint(model, x, use_reentrant=reentrant)), y))
        return losses, model.calls, both

    return body


PROGRAMS["checkpointed, reentrant"] = checkpointed(True)
PROGRAMS["checkpointed"] = checkpointed(False)


@program
def hooks_on_saved_tensors() -> object:
    model, (x, y), seen = small(), pairs(), []

    def pack(t: Tensor) -> Tensor:
        seen.append("pack")
        return t

    def unpack(t: Tensor) -> Tensor:
        seen.append("unpack")
        return t

    def loss() -> Tensor:
        with torch.autograd.graph.saved_tensors_hooks(pack, unpack):
            return F.cross_entropy(model(x), y)

    losses = train(model, loss)
    with torch.autograd.graph.save_on_cpu():
        losses += train(model, lambda: F.cross_entropy(model(x), y))
    return losses, seen, model


class Square(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        ctx.name, ctx.variable, ctx.metadata_, ctx._saved_self = "square", x, 1, "mine"
        return x * x

    @staticmethod
    def backward(ctx, grad):
        (x,) = ctx.saved_tensors
        return 2 * x * grad


@program
def custom_function() -> object:
    model, (x, y) = small(), pairs()
    return train(model, lambda: F.cross_entropy(Square.apply(model(x)), y)), model


@program
def hooks_of_the_user() -> object:
    model, (x, y), seen = small(), pairs(), []
    model[0].register_forward_hook(lambda m, a, o: seen.append(("f", o.sum().item())))
    model[0].register_forward_pre_hook(lambda m, a: seen.append(("p", len(a))))
    model[2].register_full_backward_hook(lambda m, i, o: seen.append(("b", o[0].sum().item())))
    model[2].weight.register_hook(lambda g: seen.append(("t", g.sum().item())))
    model[0].weight.register_post_accumulate_grad_hook(lambda p: seen.append(("a", p.grad.sum().item())))

    def loss() -> Tensor:
        out = model(x)
        out.register_hook(lambda g: seen.append(("o", g.sum().item())) or g * 2)
        out.retain_grad()
        return F.cross_entropy(out, y)

    return train(model, loss), seen, model


@program
def threads() -> object:
    models = [small() for _ in range(3)]
    x, y = pairs()
    done: list[list[float]] = [[] for _ in models]

    def work(i: int) -> None:
        done[i] = train(models[i], lambda: F.cross_entropy(models[i](x), y), 8)

    workers = [threading.Thread(target=work, args=(i,)) for i in range(3)]
    for w in workers:
        w.start()
    for w in workers:
        w.join()
    return done, models


@program
def evaluation_in_inference_mode() -> object:
    model, (x, y) = small(), pairs()
    losses = []
    for _ in range(3):
        losses += train(model, lambda: F.cross_entropy(model(x), y), 2)
        with torch.inference_mode():
            losses.append(F.cross_entropy(model(torch.randn(16, 4)), y).item())
    return losses, model


@program
def worker_processes() -> object:
    data = torch.utils.data.TensorDataset(*pairs(32))
    loader = torch.utils.data.DataLoader(data, batch_size=8, shuffle=True, num_workers=1)
    model = small()
    optimizer = torch.optim.Adam(model.parameters())
    losses = []
    for x, y in loader:
        optimizer.zero_grad()
        value = F.cross_entropy(model(x), y)
        value.backward()
        optimizer.step()
        losses.append(value.item())
    return losses, model


@program
def dispatch_modes() -> object:
    from torch.utils._python_dispatch import TorchDispatchMode
    from torch.utils.flop_counter import FlopCounterMode

    seen: list[str] = []

    class Log(TorchDispatchMode):
        def __torch_dispatch__(self, func, types, args=(), kwargs=None):
            seen.append(str(func))
            return func(*args, **(kwargs or {}))

    class Names(torch.overrides.TorchFunctionMode):
        def __torch_function__(self, func, types, args=(), kwargs=None):
            seen.append(getattr(func, "__name__", "?"))
            return func(*args, **(kwargs or {}))

    model, (x, y) = small(), pairs()
    losses = []
    for mode in (Log(), Names(), FlopCounterMode(display=False)):
        with mode:
            losses += train(model, lambda: F.cross_entropy(model(x), y), 3)
        if isinstance(mode, FlopCounterMode):
            losses.append(float(mode.get_total_flops()))
    return losses, seen, model


@program
def fake_tensors() -> object:
    from torch._subclasses.fake_tensor import FakeTensorMode

    with FakeTensorMode():
        model = small()
        x, y = torch.empty(16, 4), torch.empty(16, dtype=torch.long)
        F.cross_entropy(model(x), y).backward()
        shapes = [tuple(p.grad.shape) for p in model.parameters()]
    return shapes


@program
def meta_device() -> object:
    model = small().to("meta")
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for _ in range(3):
        F.cross_entropy(
            model(torch.empty(16, 4, device="meta")), torch.empty(16, dtype=torch.long, device="meta")
        ).backward()
        optimizer.step()
        optimizer.zero_grad()
    return [tuple(p.shape) for p in model.parameters()]


@program
def autocast() -> object:
    model, (x, y) = small(), pairs()
    scaler = torch.amp.GradScaler("cpu", enabled=False)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    losses = []
    for _ in range(4):
        with torch.autocast("cpu", dtype=torch.bfloat16):
            value = F.cross_entropy(model(x), y)
        optimizer.zero_grad()
        scaler.scale(value).backward()
        scaler.step(optimizer)
        scaler.update()
        losses.append(value.item())
    return losses, model


class Marked(Tensor):
    """A subclass of Tensor, as libraries of units, masks and images make them."""


@program
def tensor_subclass() -> object:
    model, (x, y) = small(), pairs()
    marked = x.as_subclass(Marked)
    kinds = []

    def loss() -> Tensor:
        value = F.cross_entropy(model(marked), y)
        kinds.append(type(value).__name__)
        return value

    return train(model, loss), kinds, model


@program
def retained_graphs() -> object:
    model, (x, y) = small(), pairs()
    value = F.cross_entropy(model(x), y)
    for _ in range(3):
        value.backward(retain_graph=True)
    value.backward(create_graph=True)
    total = sum(p.grad.square().sum() for p in model.parameters())
    total.backward()
    return model


@program
def failing_backward() -> object:
    model, (x, y) = small(), pairs()
    value = F.cross_entropy(model(x), y)
    value.backward()
    said = []
    for bad in (
        value.backward,
        lambda: F.cross_entropy(model(x), y[:3]),
        lambda: torch.zeros(3).sum().backward(),
        lambda: model(x).backward(),
    ):
        try:
            bad()
        except Exception as error:
            said.append(str(error))
    return said, train(model, lambda: F.cross_entropy(model(x), y)), model


@program
def anomaly_mode() -> object:
    model, (x, y) = small(), pairs()
    with torch.autograd.set_detect_anomaly(True):
        return train(model, lambda: F.cross_entropy(model(x), y)), model


@program
def broadcasting_warning() -> object:
    model = nn.Linear(4, 1)
    x, _ = pairs()
    target = torch.randn(16)
    return train(model, lambda: F.mse_loss(model(x), target)), train(model, lambda: nn.L1Loss()(model(x), target))


@program
def set_default_device_and_dtype() -> object:
    torch.set_default_dtype(torch.float64)
    torch.set_default_device("cpu")
    try:
        model, (x, y) = small(), pairs()
        return train(model, lambda: F.cross_entropy(model(x), y)), model
    finally:
        torch.set_default_dtype(torch.float32)
        torch.set_default_device(None)


@program
def deterministic_algorithms() -> object:
    torch.use_deterministic_algorithms(True)
    try:
        table = nn.Embedding(10, 4)
        return train(table, lambda: table(torch.arange(5)).square().sum()), table
    finally:
        torch.use_deterministic_algorithms(False)


@program
def several_generators() -> object:
    model = nn.Sequential(nn.Linear(4, 8), nn.RReLU(), nn.Dropout(0.5), nn.Linear(8, 3))
    x, y = pairs()
    losses = train(model, lambda: F.cross_entropy(model(x), y))
    return losses, float(np.random.rand()), torch.rand(3), model


@program
def a_model_that_was_never_trained_is_freed() -> object:
    model = small()
    with torch.no_grad():
        model(torch.randn(2, 4))
    gone = weakref.ref(model)
    del model
    return gone() is None


@pytest.mark.parametrize("name", PROGRAMS)
@pytest.mark.filterwarnings("ignore")
def test_a_program(name: str) -> None:
    if name in ("scripted", "traced", "functional_gradients"):
        PROGRAMS[name]()  # says once a process that something is deprecated
    check(PROGRAMS[name])


def test_compiled_before_watching_and_after() -> None:
    torch._dynamo.reset()
    seed()
    model, (x, y) = small(), pairs()
    fast = torch.compile(lambda a, b: F.cross_entropy(model(a), b), backend="eager", fullgraph=True)
    before = fast(x, y)
    with watch(model):
        inside = fast(x, y)
        inside.backward()
    after = fast(x, y)
    assert bits(before) == bits(inside) == bits(after)


def test_overlapping_watches_leave_nothing_behind() -> None:
    before = surroundings()
    model, (x, y) = small(), pairs()
    one, two = watch(model).start(), watch(model).start()
    train(model, lambda: F.cross_entropy(model(x), y))
    one.stop()
    train(model, lambda: F.cross_entropy(model(x), y))
    two.stop()
    assert surroundings() == before
    assert len(one.record.trainings[0].losses) == 5
    assert len(two.record.trainings[0].losses) == 10


def test_an_exception_takes_the_watch_away() -> None:
    before = surroundings()
    with pytest.raises(ZeroDivisionError), watch():
        raise ZeroDivisionError
    assert surroundings() == before


@pytest.mark.skipif(not torch.distributed.is_available(), reason="torch is built without distributed")
def test_distributed_data_parallel(tmp_path) -> None:
    torch.distributed.init_process_group("gloo", init_method=f"file://{tmp_path}/store", rank=0, world_size=1)
    try:

        def body() -> object:
            model = nn.parallel.DistributedDataParallel(small())
            x, y = pairs()
            return train(model, lambda: F.cross_entropy(model(x), y)), model

        check(body)
    finally:
        torch.distributed.destroy_process_group()
