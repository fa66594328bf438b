"""Initial weights have the moments that the papers ask for."""

import math

import pytest
import torch
from torch import Tensor, nn

from rhobar.nn.architectures.alexnet import AlexNet
from rhobar.nn.architectures.bert import BERT, MaskedLanguageModel
from rhobar.nn.architectures.densenet import DenseNet
from rhobar.nn.architectures.efficientnet import EfficientNet
from rhobar.nn.architectures.gan import Discriminator, Generator
from rhobar.nn.architectures.gcn import GraphConvolution
from rhobar.nn.architectures.gpt import GPT
from rhobar.nn.architectures.lenet import LeNet5
from rhobar.nn.architectures.mlp import MLP
from rhobar.nn.architectures.recurrent import RecurrentClassifier, RecurrentLanguageModel
from rhobar.nn.architectures.recurrent_stack import recurrent_stack
from rhobar.nn.architectures.resnet import resnet
from rhobar.nn.architectures.transformer import TransformerDecoder, TransformerEncoder


def fan_in(weight: Tensor) -> int:
    return weight[0].numel()


def fan_out(weight: Tensor) -> int:
    return weight.shape[0] * weight[0, 0].numel() if weight.ndim == 4 else weight.shape[0]


def assert_deviation(weight: Tensor, wanted: float) -> None:
    """Within five standard errors of a Gaussian's deviation, and the mean within five of its own."""
    n = weight.numel()
    assert abs(weight.std(correction=0).item() / wanted - 1) < 5 / math.sqrt(2 * n), (
        weight.shape,
        weight.std(),
        wanted,
    )
    assert abs(weight.mean().item()) < 5 * wanted / math.sqrt(n)


def weights(model: nn.Module, kind: type[nn.Module] | tuple[type[nn.Module], ...]) -> list[Tensor]:
    return [m.weight.detach() for m in model.modules() if isinstance(m, kind)]


CONVOLUTIONAL = {
    "alexnet": (lambda: AlexNet(50, channels=(16, 24, 24, 24, 24), hidden=64), fan_in),
    "resnet": (lambda: resnet(18, width=16, num_classes=50), fan_out),
    "densenet": (lambda: DenseNet([2, 2], num_classes=50, growth=8, width=16), fan_in),
    "efficientnet": (lambda: EfficientNet(50, width=0.5, depth=0.5), fan_out),
}


@pytest.mark.parametrize("name", CONVOLUTIONAL)
def test_he_in_convolutional_networks(name: str) -> None:
    """A71: Var w = 2/n for what a ReLU follows; 1/n in the last layer; no bias."""
    make, fan = CONVOLUTIONAL[name]
    model = make()
    for weight in weights(model, nn.Conv2d):
        assert_deviation(weight, math.sqrt(2 / fan(weight)))
    *hidden, last = weights(model, nn.Linear)
    for weight in hidden:
        assert_deviation(weight, math.sqrt(2 / fan_in(weight)))
    assert_deviation(last, math.sqrt(1 / fan_in(last)))
    for part in model.modules():
        if isinstance(part, nn.Conv2d | nn.Linear) and part.bias is not None:
            assert not part.bias.any()


@pytest.mark.parametrize(
    ("model", "gain"), [(MLP(60, [80, 70], 50), 2), (MLP(60, [80, 70], 50, gain=1.0), 1), (LeNet5(), 1)]
)
def test_plain_networks(model: nn.Module, gain: float) -> None:
    *hidden, last = weights(model, (nn.Conv2d, nn.Linear))
    for weight in hidden:
        assert_deviation(weight, math.sqrt(gain / fan_in(weight)))
    assert_deviation(last, math.sqrt(1 / fan_in(last)))
    assert not any(p.any() for name, p in model.named_parameters() if name.endswith("bias"))


def test_the_signal_of_a_deep_mlp_lasts() -> None:
    """He for ReLU keeps E[x²] over 30 layers; without its factor 2 a billionth would be left."""
    model = MLP(512, [512] * 30, 10)
    x = torch.randn(64, 512)
    with torch.no_grad():
        out = model.layers[:-1](x)
    assert 0.3 < out.square().mean().item() < 3


def test_gpt_starts_as_the_paper_says() -> None:
    """0.02 everywhere, 0.02/√(2L) in the maps that end a branch."""
    model = GPT(211, 32, dim=64, num_layers=6, num_heads=4)
    ends = 0
    for name, p in model.named_parameters():
        if name.endswith(("attention.out_proj.weight", "feedforward.2.weight")):
            assert_deviation(p.detach(), 0.02 / math.sqrt(12))
            ends += 1
        elif p.ndim == 2:
            assert_deviation(p.detach(), 0.02)
        else:
            assert (p == (1.0 if "norm" in name and name.endswith("weight") else 0.0)).all()
    assert ends == 12


def test_bert_starts_as_the_paper_says() -> None:
    model = MaskedLanguageModel(BERT(211, 32, dim=64, num_layers=2, num_heads=4, std=0.05, pooled=False))
    cut = 0.05 * 0.8796  # deviation of a Gaussian cut at two deviations
    for name, p in model.named_parameters():
        if p.ndim == 2:
            n = p.numel()
            assert p.abs().max() <= 0.1
            assert abs(p.std().item() / cut - 1) < 5 / math.sqrt(2 * n), name
        else:
            assert (p == (1.0 if p.ndim == 1 and "weight" in name else 0.0)).all(), name


@pytest.mark.parametrize("make", [TransformerEncoder, TransformerDecoder])
def test_the_transformer_starts_by_glorot(make) -> None:
    model = make(211, 32, dim=64, num_layers=1, num_heads=4, hidden=96)
    assert_deviation(model.embedding.weight.detach(), 1 / 8)
    for weight in weights(model, nn.Linear):
        bound = math.sqrt(6 / sum(weight.shape))
        assert 0.98 * bound < weight.abs().max() <= bound
        assert_deviation(weight, bound / math.sqrt(3))


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
def test_recurrent_stacks_start_orthogonal(cell) -> None:
    stack = recurrent_stack(cell, 30, 40, num_layers=2)
    for name, p in stack.named_parameters():
        if name.startswith("weight_hh"):
            for gate in p.split(40):
                torch.testing.assert_close(gate @ gate.T, torch.eye(40), atol=1e-5, rtol=0)
        elif name.startswith("weight_ih"):
            assert_deviation(p.detach(), 1 / math.sqrt(p.shape[1]))
        else:
            forget = torch.zeros(len(p))
            if cell == "lstm" and name.startswith("bias_ih"):
                forget[40:80] = 1
            assert torch.equal(p.detach(), forget)


@pytest.mark.parametrize("tied", [False, True])
def test_answers_of_recurrent_networks(tied: bool) -> None:
    model = RecurrentLanguageModel("gru", 211, 32, tied=tied)
    assert_deviation(model.embedding.weight.detach(), 1 / math.sqrt(32) if tied else 1.0)
    assert_deviation(model.head.weight.detach(), 1 / math.sqrt(32))
    assert (model.head.weight is model.embedding.weight) == tied
    head = RecurrentClassifier("gru", 8, 32, 50).head
    assert_deviation(head.weight.detach(), 1 / math.sqrt(32))
    assert not head.bias.any() and not model.head.bias.any()


@pytest.mark.parametrize("make", [Generator, Discriminator])
def test_the_adversaries_start_as_the_paper_says(make) -> None:
    model = make(width=16, size=32)
    for weight in weights(model, (nn.Conv2d, nn.ConvTranspose2d)):
        assert_deviation(weight, 0.02)
    scales = torch.cat(weights(model, nn.BatchNorm2d))
    assert_deviation(scales - 1, 0.02)


def test_graph_convolutions_start_by_glorot() -> None:
    layer = GraphConvolution(60, 40)
    assert_deviation(layer.weight.detach(), math.sqrt(2 / 100))
    assert not layer.bias.any()
