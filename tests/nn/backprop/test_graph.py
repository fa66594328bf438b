"""The computational graph of any model: structure, the sizes of its derivatives, and that drawing changes nothing."""

import math
import re

import pytest
import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.checkpoint import checkpoint

from rhobar.nn.backprop import computational_graph
from rhobar.nn.layers import DenseBlock, MBConv, MultiHeadAttention, Residual


def random(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


class Square(torch.autograd.Function):
    @staticmethod
    def forward(ctx, label, x, y):
        ctx.save_for_backward(x)
        return x**2 + y

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return None, 2 * x * g, None


class Custom(nn.Linear):
    def forward(self, x):
        return Square.apply("label", super().forward(x), x[:, :1].detach())


class Checkpointed(nn.Linear):
    def __init__(self, reentrant):
        super().__init__(6, 3)
        self.reentrant = reentrant

    def forward(self, x):
        return checkpoint(super().forward, x.requires_grad_(), use_reentrant=self.reentrant)


class Sequence(nn.Module):
    def __init__(self, layer):
        super().__init__()
        self.embed, self.layer, self.head = nn.Embedding(7, 6), layer, nn.Linear(6, 3)

    def forward(self, tokens):
        h = self.layer(self.embed(tokens))
        return self.head((h[0] if isinstance(h, tuple) else h).mean(1))


def images(*layers):
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.LazyLinear(3))


TOKENS = torch.tensor([[0, 1, 2, 3], [4, 5, 6, 0]])
VECTORS, PICTURES = random(2, 6), random(2, 4, 5, 5)
MODELS = {
    "linear": (lambda: nn.Linear(6, 3), VECTORS),
    "mlp": (lambda: nn.Sequential(nn.Linear(6, 5), nn.ReLU(), nn.Linear(5, 3)), VECTORS),
    "residual": (lambda: nn.Sequential(Residual(nn.Sequential(nn.Linear(6, 6), nn.GELU())), nn.Linear(6, 3)), VECTORS),
    "convolution": (lambda: images(nn.Conv2d(4, 3, 3), nn.BatchNorm2d(3), nn.ReLU(), nn.MaxPool2d(2)), PICTURES),
    "dense block": (lambda: images(DenseBlock(4, 2, 2)), PICTURES),
    "MBConv": (lambda: images(MBConv(4, 4, 3)), PICTURES),
    "attention": (lambda: Sequence(MultiHeadAttention(6, 2, causal=True)), TOKENS),
    "transformer": (lambda: Sequence(nn.TransformerEncoderLayer(6, 2, 8, batch_first=True)), TOKENS),
    "rnn": (lambda: Sequence(nn.RNN(6, 6, batch_first=True)), TOKENS),
    "lstm": (lambda: Sequence(nn.LSTM(6, 6, batch_first=True)), TOKENS),
    "gru": (lambda: Sequence(nn.GRU(6, 6, batch_first=True)), TOKENS),
    "custom function": (lambda: Custom(6, 3), VECTORS),
    "checkpoint": (lambda: Checkpointed(False), VECTORS),
}


def make(name):
    torch.manual_seed(0)
    build, x = MODELS[name]
    model = build()
    model(x)
    return model, F.cross_entropy(model(x), torch.tensor([0, 2]))


each_model = pytest.mark.parametrize("name", MODELS)


@each_model
def test_the_graph_is_whole(name):
    model, loss = make(name)
    graph = computational_graph(loss, model)
    assert [node.index for node in graph.nodes] == list(range(len(graph.nodes)))
    assert [node.kind for node in graph.nodes].count("loss") == 1
    assert graph.nodes[-1].kind == "loss"
    for edge in graph.edges:
        assert 0 <= edge.source < edge.target < len(graph.nodes)
        assert graph.nodes[edge.source].depth < graph.nodes[edge.target].depth
        assert math.isfinite(edge.derivative.size), edge.derivative.reason
        assert edge.derivative.size >= 0
    used, fed = {e.source for e in graph.edges}, {e.target for e in graph.edges}
    for node in graph.nodes:
        assert (node.index in used) == (node.kind != "loss")
        assert (node.index in fed) == (node.kind in ("operation", "loss"))
    named = {node.name: node.shape for node in graph.nodes if node.kind == "parameter"}
    reached = torch.autograd.grad(loss, list(model.parameters()), allow_unused=True)
    wanted = {n: tuple(p.shape) for (n, p), g in zip(model.named_parameters(), reached, strict=True) if g is not None}
    assert named == wanted


@each_model
def test_drawing_changes_nothing(name):
    model, loss = make(name)
    seen = []
    for p in model.parameters():
        p.register_hook(lambda g: seen.append("hook"))
    buffers, state = {k: b.clone() for k, b in model.named_buffers()}, torch.get_rng_state()
    graph = computational_graph(loss, model)
    graph.without_views().to_mermaid()
    assert not seen
    assert all(p.grad is None for p in model.parameters())
    assert all(torch.equal(b, buffers[k]) for k, b in model.named_buffers())
    assert torch.equal(state, torch.get_rng_state())
    assert computational_graph(loss, model) == graph  # reproducible
    loss.backward()
    assert seen


def edges_into(graph, operation):
    (target,) = [node.index for node in graph.nodes if node.operation == operation]
    return [edge for edge in graph.edges if edge.target == target]


def exactly(size, *others):
    return pytest.approx([size, *others], rel=1e-5)


def sizes(graph, operation):
    return [edge.derivative.size for edge in edges_into(graph, operation)]


def test_sizes_by_hand():
    """‖∂(xW + b)/∂b‖² = BM, by x: B‖W‖², by W: M‖x‖²; of a product: the other factor; of a mean: 1/√n."""
    B, M, layer, x = 5, 3, nn.Linear(6, 3), random(5, 6).requires_grad_()
    out = layer(x)
    graph = computational_graph((out * out.exp()).mean(), exact_up_to=1000)
    norm = torch.linalg.vector_norm
    with torch.no_grad():
        W, e = layer.weight, out.exp()
        found = {graph.nodes[edge.source].label: edge.derivative.size for edge in edges_into(graph, "Addmm")}
        assert found == pytest.approx(
            {"parameter": (B * M) ** 0.5, "input": B**0.5 * norm(W).item(), "T": M**0.5 * norm(x).item()}, rel=1e-5
        )
        assert sizes(graph, "Mul") == exactly(norm(e).item(), norm(out).item())
        assert sizes(graph, "Exp") == exactly(norm(e).item())
        assert sizes(graph, "Mean") == exactly((B * M) ** -0.5)
        assert sizes(graph, "T") == exactly(18**0.5)
    assert all(edge.derivative.exact and edge.derivative.stderr == 0 for edge in graph.edges)


def test_a_broadcast_is_summed_as_the_engine_does():
    a, b = random(4, 3).requires_grad_(), random(3).requires_grad_()
    graph = computational_graph((a + b).sum(), {"a": a, "b": b}, exact_up_to=1000)
    found = {graph.nodes[e.source].name: e.derivative.size for e in edges_into(graph, "Add")}
    assert found == pytest.approx({"a": 12**0.5, "b": 12**0.5})  # ∂(a+b)/∂b: each of 3 entries reaches 4 outputs
    assert sizes(graph, "Sum") == exactly(12**0.5)


def test_along_a_chain_of_numbers_the_product_is_the_gradient():
    w = torch.tensor(0.7, dtype=torch.float64, requires_grad=True)
    loss = torch.exp(torch.tanh(torch.sin(w) * 3.0)) ** 2
    graph = computational_graph(loss)
    product = math.prod(edge.derivative.size for edge in graph.edges)
    assert product == pytest.approx(abs(torch.autograd.grad(loss, w)[0].item()), rel=1e-12)
    assert [node.depth for node in graph.nodes] == list(range(6))


def test_only_the_edge_itself_is_counted():
    """In x + f(x) the edge around f has the identity's size, whatever f does."""
    x = random(4).requires_grad_()
    graph = computational_graph((x + 100 * x).sum())
    assert sizes(graph, "Add") == exactly(2.0, 2.0)
    assert sizes(graph, "Mul") == exactly(200.0)


def test_a_tensor_used_twice_has_two_edges_and_a_tied_weight_one_node():
    layer, x = nn.Linear(3, 3), random(2, 3)
    graph = computational_graph((layer(layer(x)) ** 2).sum(), layer)
    assert sorted(node.name for node in graph.nodes if node.kind == "parameter") == ["bias", "weight"]
    w = random(3).requires_grad_()
    assert len(edges_into(computational_graph((w * w).sum()), "Mul")) == 2


def test_estimates_and_their_error_bars():
    """Over many seeds (estimate − truth)/stderr has mean about 0 and standard deviation about 1."""
    A, x = random(9, 8), random(8).requires_grad_()
    loss = A @ x
    truth = torch.linalg.vector_norm(A).item()
    scores = []
    for seed in range(200):
        (edge,) = computational_graph(
            loss, exact_up_to=1, num_probes=40, generator=torch.Generator().manual_seed(seed)
        ).edges
        scores.append((edge.derivative.size - truth) / edge.derivative.stderr)
    scores = torch.tensor(scores)
    assert abs(scores.mean()) < 0.25
    assert 0.85 < scores.std() < 1.2


@pytest.mark.parametrize("name", ["mlp", "attention", "lstm", "convolution"])
def test_estimates_agree_with_exact_sizes(name):
    model, loss = make(name)
    exact = computational_graph(loss, model, exact_up_to=10_000)
    rough = computational_graph(loss, model, exact_up_to=0, num_probes=64)
    for a, b in zip(exact.edges, rough.edges, strict=True):
        assert (a.source, a.target) == (b.source, b.target)
        assert b.derivative.size == pytest.approx(
            a.derivative.size, abs=6 * b.derivative.stderr + 1e-4 * a.derivative.size
        )
        assert a.derivative.exact
        assert not b.derivative.exact


def test_dead_units_have_derivatives_of_size_zero():
    model = nn.Sequential(nn.Linear(6, 5), nn.ReLU(), nn.Linear(5, 3))
    nn.init.constant_(model[0].bias, -100.0)
    assert sizes(computational_graph(model(VECTORS).sum(), model), "Relu") == [0.0]


@each_model
def test_views_leave_without_a_trace(name):
    model, loss = make(name)
    graph = computational_graph(loss, model)
    short = graph.without_views()
    views = {"T", "View", "Transpose", "Permute", "UnsafeView", "Unsqueeze", "Squeeze", "Clone", "ReshapeAlias"}
    assert not views & {node.operation for node in short.nodes if node.kind == "operation"}
    assert {n.name for n in graph.nodes} == {n.name for n in short.nodes}
    kept = {n.index for n in graph.nodes if n.operation not in views}
    into = [e.derivative for e in graph.edges if e.target in kept]
    assert [e.derivative for e in short.edges] == into
    for edge in short.edges:
        assert edge.source < edge.target
    assert short.without_views() == short


def test_a_view_keeps_the_size_that_follows_it():
    x = random(3, 4).requires_grad_()
    W = random(3, 2)
    graph = computational_graph((x.T @ W).sum(), exact_up_to=1000).without_views()
    assert sizes(graph, "Mm") == exactly(4**0.5 * torch.linalg.vector_norm(W).item())
    J = torch.func.jacrev(lambda x: x.T @ W)(x.detach())
    assert sizes(graph, "Mm") == exactly(torch.linalg.vector_norm(J).item())


def test_a_view_that_is_the_loss_or_has_a_name_stays():
    x = random(3, 4).requires_grad_()
    y = x.T
    assert len(computational_graph(y).without_views().nodes) == 2
    graph = computational_graph((y * 2).sum(), {"x transposed": y}).without_views()
    assert "x transposed" in [node.label for node in graph.nodes]


def test_what_cannot_be_measured_says_why():
    class Broken(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x.clone()

        @staticmethod
        def backward(ctx, g):
            raise NotImplementedError("no derivative yet")

    x = random(3).requires_grad_()
    graph = computational_graph(Broken.apply(x * 2).sum())
    (edge,) = edges_into(graph, "Broken")
    assert math.isnan(edge.derivative.size)
    assert edge.derivative.reason == "no derivative yet"
    assert sizes(graph, "Mul") == exactly(2 * 3**0.5)
    assert '"?"' in graph.to_mermaid()


def test_reentrant_checkpoints_are_not_run():
    model = Checkpointed(True)
    graph = computational_graph(model(VECTORS.clone()).sum(), model)
    assert model.weight.grad is None
    assert any("reentrant" in edge.derivative.reason for edge in graph.edges)


def test_sparse_and_complex_derivatives():
    table = nn.Embedding(5, 3, sparse=True)
    graph = computational_graph(table(torch.tensor([1, 1, 4])).sum(), exact_up_to=100)
    assert sizes(graph, "Embedding") == exactly(9**0.5)  # J is a selection: one entry for each of 9 outputs
    z = torch.complex(random(4), random(4)).requires_grad_()
    graph = computational_graph((z * (1 + 2j)).abs().sum(), exact_up_to=100)
    assert sizes(graph, "Mul") == exactly((4 * 5) ** 0.5)


def test_deep_graphs_need_no_recursion():
    x = torch.tensor(1.0, requires_grad=True)
    y = x
    for _ in range(3000):
        y = y + 0.0
    graph = computational_graph(y)
    assert graph.nodes[-1].depth == 3000
    assert len(graph.without_views().to_mermaid().splitlines()) == 1 + 3001 + 3000


def test_refusals():
    with pytest.raises(ValueError, match="tensor without history"):
        computational_graph(torch.tensor(1.0))
    x = random(3).requires_grad_()
    with pytest.raises(ValueError, match="num_probes"):
        computational_graph((x * x).sum(), num_probes=1)
    loss = (x * x).sum()
    loss.backward()
    with pytest.raises(ValueError, match="freed by a backward pass"):
        computational_graph(loss)


def test_names_are_harmless_in_mermaid():
    evil = [
        '<script>alert("1")</script>',
        'a"]; click n0 "javascript:alert(1)"',
        "%%{init: {}}%%",
        "new\nline",
        "#quot;",
    ]
    x = {name: random(1).requires_grad_() for name in evil}
    text = computational_graph(sum(x.values()).sum(), x).to_mermaid()
    for line in text.splitlines()[1:]:
        assert re.fullmatch(
            r'    n\d+(\[\["[^"<>\n]*"\]\]|\(\["[^"<>\n]*"\]\)|\["[^"<>\n]*"\]|\(\("[^"<>\n]*"\)\))'
            r'|    n\d+ -->\|"[^"<>|\n]*"\| n\d+',
            line,
        ), line
        assert not re.search(r"[;%{}](?<!#\d\d;)(?<!#\d\d\d;)", line)
    assert "#60;script#62;" in text
