"""LeNet, AlexNet, ResNets, DenseNets and EfficientNets against the equations and tables of their papers."""

import pytest
import torch
from tests.nn.architectures.rows import lively, seeded
from torch import Tensor, nn
from torch.nn import functional as F
from torch.testing import assert_close
from torch.utils.flop_counter import FlopCounterMode

from rhobar.nn.architectures.alexnet import AlexNet
from rhobar.nn.architectures.cifar_resnet import CifarResNet, PaddedShortcut
from rhobar.nn.architectures.compound_scaling import compound_scaling
from rhobar.nn.architectures.densenet import DenseNet, densenet
from rhobar.nn.architectures.efficientnet import EfficientNet, efficientnet
from rhobar.nn.architectures.gan import Discriminator, Generator
from rhobar.nn.architectures.lenet import LeNet5, ScaledTanh
from rhobar.nn.architectures.mlp import MLP
from rhobar.nn.architectures.residual_blocks import BasicBlock, Bottleneck, start_as_identity_
from rhobar.nn.architectures.resnet import ResNet, resnet
from rhobar.nn.architectures.table import ARCHITECTURES
from rhobar.nn.layers import DenseBlock, DenseLayer, MBConv


def sides(
    model: nn.Module, kind: type[nn.Module] | tuple[type[nn.Module], ...], images: Tensor
) -> list[tuple[int, int]]:
    """(Channels, side) of what each module of a kind gives."""
    seen: list[tuple[int, int]] = []
    hooks = [
        part.register_forward_hook(lambda _, __, out: seen.append((out.shape[1], out.shape[-1])))
        for part in model.modules()
        if isinstance(part, kind)
    ]
    with torch.no_grad():
        model(images)
    for hook in hooks:
        hook.remove()
    return seen


def test_mlp_is_its_equation() -> None:
    model = lively(MLP(4, [6, 5], 3, activation=nn.Tanh))
    x = torch.randn(7, 4, generator=seeded(0)).double()
    (W1, b1), (W2, b2), (W3, b3) = [(m.weight, m.bias) for m in model.layers if isinstance(m, nn.Linear)]
    assert_close(model(x), torch.tanh(torch.tanh(x @ W1.T + b1) @ W2.T + b2) @ W3.T + b3)
    assert [type(m) for m in MLP(4, [], 3).layers] == [nn.Linear]


def test_lenet_is_its_equation() -> None:
    model = lively(LeNet5())
    x = torch.randn(2, 1, 32, 32, generator=seeded(0)).double()

    def f(a: Tensor) -> Tensor:
        return 1.7159 * torch.tanh(2 * a / 3)

    s2 = F.avg_pool2d(f(F.conv2d(x, model.c1.weight, model.c1.bias)), 2)
    s4 = F.avg_pool2d(f(F.conv2d(s2, model.c3.weight, model.c3.bias)), 2)
    c5 = f(s4.flatten(1) @ model.c5.weight.flatten(1).T + model.c5.bias)
    f6 = f(c5 @ model.f6.weight.T + model.f6.bias)
    assert_close(model(x), f6 @ model.output.weight.T + model.output.bias)
    assert_close(ScaledTanh()(torch.tensor([-1.0, 0.0, 1.0])), torch.tensor([-1.0, 0.0, 1.0]), atol=1e-4, rtol=0)


@pytest.mark.parametrize(("model", "side"), [(LeNet5(), 32), (AlexNet(2, hidden=4), 63)], ids=["lenet5", "alexnet"])
def test_images_too_small_are_refused(model: nn.Module, side: int) -> None:
    channels = 1 if side == 32 else 3
    assert model(torch.zeros(1, channels, side, side)).isfinite().all()
    with pytest.raises(ValueError, match=f"at least {side}×{side} pixels, got {side - 1}×{side}"):
        model(torch.zeros(1, channels, side - 1, side))


def test_alexnet_has_the_maps_of_the_paper() -> None:
    model = AlexNet(10, hidden=4)
    seen = sides(model, (nn.Conv2d, nn.MaxPool2d), torch.zeros(1, 3, 224, 224))
    assert seen == [(64, 55), (64, 27), (192, 27), (192, 13), (384, 13), (256, 13), (256, 13), (256, 6)]
    kinds = "".join("rd"[isinstance(m, nn.Dropout)] for m in model.classifier if isinstance(m, nn.ReLU | nn.Dropout))
    assert kinds == "drdr" and sum(isinstance(m, nn.ReLU) for m in model.features) == 5


LETTERS = {
    nn.Conv2d: "C", nn.ConvTranspose2d: "T", nn.BatchNorm2d: "B", nn.ReLU: "r", nn.SiLU: "s", nn.LeakyReLU: "l",
    nn.Tanh: "t", nn.MaxPool2d: "M", nn.AvgPool2d: "A", nn.AdaptiveAvgPool2d: "a", nn.Flatten: "f", nn.Unflatten: "u",
    nn.Dropout: "d", nn.Linear: "L", DenseBlock: "D", MBConv: "I", BasicBlock: "R",
}  # fmt: skip


@pytest.mark.parametrize(("layers", "wanted"), [
    (AlexNet(3, hidden=4).features, "CrM CrM CrCrCrM af"),
    (AlexNet(3, hidden=4).classifier, "dLr dLr L"),
    (ResNet(BasicBlock, [1], width=4).stem, "CBrM"),
    (CifarResNet(14, width=4).stem, "CBr"),
    (CifarResNet(14, width=4).blocks, "RRRRRR"),
    (DenseNet([1, 2, 1], growth=4, width=8).features, "CBrM D BrCA D BrCA D Br"),
    (EfficientNet(3, depth=0.1, width=0.25).features, "CBs IIIIIII CBs"),
    (Generator(5, width=4, size=32).layers, "u TBr TBr TBr Tt"),
    (Discriminator(width=4, size=32).layers, "Cl CBl CBl Cf"),
], ids=lambda x: x if isinstance(x, str) else None)  # fmt: skip
def test_layers_stand_in_the_order_of_the_paper(layers: nn.Sequential, wanted: str) -> None:
    assert "".join(LETTERS[type(layer)] for layer in layers) == wanted.replace(" ", "")


@pytest.mark.parametrize("name", ["resnet18", "resnet20-cifar", "densenet121", "efficientnet-b0"])
def test_the_answer_is_taken_of_the_mean_over_the_image(name: str) -> None:
    model = lively(ARCHITECTURES[name].small())
    last, seen = getattr(model, "blocks", getattr(model, "features", None)), {}
    last.register_forward_hook(lambda _, __, out: seen.update(maps=out))
    model.head.register_forward_hook(lambda _, inputs, __: seen.update(pooled=inputs[0]))
    model(torch.randn(2, 2, 70, 66, generator=seeded(0)).double())
    assert seen["maps"].shape[2] > 1
    assert_close(seen["pooled"], seen["maps"].flatten(2).mean(2))


def test_lenet_averages_over_the_windows_of_a_larger_image() -> None:
    """The paper's space displacement network, its C5 map averaged: of 36×32 pixels two windows, four rows apart."""
    model = lively(LeNet5())
    x = torch.randn(1, 1, 36, 32, generator=seeded(0)).double()
    maps: list[Tensor] = []
    model.c5.register_forward_hook(lambda _, __, out: maps.append(model.f(out)))
    model.f6.register_forward_hook(lambda _, inputs, __: maps.append(inputs[0]))
    model(x)
    model(x[:, :, :32])
    model(x[:, :, 4:])
    whole, pooled, upper, _, lower, _ = maps
    assert whole.shape[2:] == (2, 1)
    assert_close(whole, torch.cat([upper, lower], 2))
    assert_close(pooled, (upper + lower)[:, :, 0, 0] / 2)


@pytest.mark.parametrize("depth", [18, 50])
def test_resnet_has_the_maps_of_table_1(depth: int) -> None:
    with torch.device("meta"):
        model = resnet(depth)
        seen = sides(model, (BasicBlock, Bottleneck), torch.empty(1, 3, 224, 224))
    wide = 4 if depth == 50 else 1
    table = ((64, 56), (128, 28), (256, 14), (512, 7))
    blocks = {18: (2, 2, 2, 2), 50: (3, 4, 6, 3)}[depth]
    assert seen == [(maps * wide, side) for (maps, side), n in zip(table, blocks, strict=True) for _ in range(n)]


def test_cifar_resnet_has_the_maps_of_the_paper() -> None:
    seen = sides(CifarResNet(20), BasicBlock, torch.zeros(1, 3, 32, 32))
    assert seen == [(16, 32)] * 3 + [(32, 16)] * 3 + [(64, 8)] * 3


def test_densenet_reads_all_earlier_maps() -> None:
    """C81: the l-th layer of a block has k₀ + (l − 1)k channels; a transition halves maps and sides."""
    with torch.device("meta"):
        model = densenet(121)
        heads = [m[0].num_features for m in model.modules() if isinstance(m, DenseLayer)]
        seen = sides(model, (nn.AvgPool2d,), torch.empty(1, 3, 224, 224))
    k0, wanted = 64, []
    for depth in (6, 12, 24, 16):
        wanted += [k0 + layer * 32 for layer in range(depth)]
        k0 = (k0 + depth * 32) // 2
    assert heads == wanted
    assert seen == [(128, 28), (256, 14), (512, 7)]
    assert model.head.in_features == 1024


def test_densenet_hands_the_input_of_a_block_on() -> None:
    model = lively(DenseNet([3], num_classes=2, in_channels=2, growth=4, width=6))
    x = torch.randn(2, 2, 32, 32, generator=seeded(0)).double()
    stem = model.features[:4](x)
    assert torch.equal(model.features[:5](x)[:, :6], stem)


def test_efficientnet_has_the_maps_of_table_1() -> None:
    with torch.device("meta"):
        model = efficientnet(0)
        blocks = [m for m in model.modules() if isinstance(m, MBConv)]
        seen = sides(model, MBConv, torch.empty(1, 3, 224, 224))
    table = ((16, 112, 1), (24, 56, 2), (40, 28, 2), (80, 14, 3), (112, 14, 3), (192, 7, 4), (320, 7, 1))
    assert seen == [(maps, side) for maps, side, n in table for _ in range(n)]
    rates = torch.tensor([block.drop.p for block in blocks])
    assert_close(rates, 0.2 * torch.arange(16) / 16)
    assert [block.depthwise[0].kernel_size[0] for block in blocks] == [3] * 3 + [5] * 2 + [3] * 3 + [5] * 7 + [3]


@pytest.mark.parametrize("phi", [0.5, 1.0, 2.0])
def test_compound_scaling_doubles_the_work(phi: float) -> None:
    """C82–C84: α β² γ² ≈ 2, and the counted work of a network so scaled grows by that factor."""
    scale = compound_scaling(phi)
    assert scale[:3] == (1.2**phi, 1.1**phi, 1.15**phi)
    assert scale.flops == pytest.approx(1.92**phi, rel=2e-3) and scale.flops == pytest.approx(2**phi, rel=0.09)

    def work(depth: float, width: float, resolution: float) -> float:
        side, maps = round(400 * resolution), round(400 * width)
        layers = [nn.Conv2d(maps, maps, 3, padding=1) for _ in range(round(100 * depth))]
        with FlopCounterMode(display=False) as counter:
            nn.Sequential(*layers)(torch.empty(1, maps, side, side))
        return counter.get_total_flops()

    with torch.device("meta"), torch.no_grad():
        assert work(*scale[:3]) / work(1, 1, 1) == pytest.approx(scale.flops, rel=0.01)
    with pytest.raises(ValueError, match="at least 1"):
        compound_scaling(1.0, beta=0.9)


@pytest.mark.parametrize("block", [BasicBlock(6, 6), Bottleneck(8, 2)], ids=["basic", "bottleneck"])
def test_a_block_whose_branch_is_nothing_is_the_identity(block: nn.Module) -> None:
    """C75, C79 with F = 0; C80: the gradient then passes whole."""
    start_as_identity_([block])
    x = torch.rand(3, 6 if isinstance(block, BasicBlock) else 8, 5, 5, generator=seeded(0)).requires_grad_()
    for mode in (True, False):
        assert torch.equal(block.train(mode)(x), x)
    g = torch.randn(x.shape, generator=seeded(1))
    block(x).backward(g)
    assert_close(x.grad, g)


@pytest.mark.parametrize("make", [
    lambda zero: ResNet(Bottleneck, [1, 2], num_classes=3, width=4, zero_init_residual=zero),
    lambda zero: CifarResNet(14, 3, width=4, zero_init_residual=zero),
], ids=["resnet", "cifar"])  # fmt: skip
def test_zero_init_residual(make) -> None:
    def last(model: nn.Module) -> list[Tensor]:
        return [m.branch[-1].weight for m in model.modules() if hasattr(m, "branch")]

    assert all((w == 0).all() for w in last(make(True)))
    assert all((w == 1).all() for w in last(make(False)))
    norms = [m.weight for m in make(True).modules() if isinstance(m, nn.BatchNorm2d)]
    assert sum(not w.any() for w in norms) == len(last(make(True)))


@pytest.mark.parametrize(
    "block", [lively(BasicBlock(6, 8, stride=2)), lively(Bottleneck(6, 2, stride=2))], ids=["basic", "bottleneck"]
)
def test_a_block_is_its_equation(block: nn.Module) -> None:
    """y = ReLU(F(x) + s(x)) with normalisation by running statistics, from the weights alone."""
    x = torch.randn(2, 6, 9, 9, generator=seeded(0)).double()

    def normed(conv: nn.Conv2d, norm: nn.BatchNorm2d, h: Tensor) -> Tensor:
        h = F.conv2d(h, conv.weight, None, conv.stride, (conv.kernel_size[0] - 1) // 2)
        return h / (1 + 1e-5) ** 0.5 * norm.weight[:, None, None] + norm.bias[:, None, None]

    parts = [m for m in block[0].branch if not isinstance(m, nn.ReLU)]
    h = x
    for i in range(0, len(parts), 2):
        h = normed(parts[i], parts[i + 1], h)
        h = h if i == len(parts) - 2 else h.clamp_min(0)
    assert_close(block(x), (h + normed(*block[0].shortcut, x)).clamp_min(0), rtol=1e-9, atol=1e-10)
    strided = [m.stride for m in block.modules() if isinstance(m, nn.Conv2d)]
    assert strided.count((2, 2)) == 2 and block(x).shape[-1] == 5


def test_option_a_has_no_parameters_and_keeps_every_other_pixel() -> None:
    shortcut = PaddedShortcut(2, 5, stride=2)
    x = torch.randn(1, 2, 5, 5, generator=seeded(0))
    y = shortcut(x)
    assert not list(shortcut.parameters())
    assert torch.equal(y[:, 1:3], x[:, :, ::2, ::2]) and not y[:, [0, 3, 4]].any()
    with pytest.raises(ValueError, match="at least in_channels = 5"):
        PaddedShortcut(5, 2, stride=2)


@pytest.mark.parametrize(("build", "said"), [
    (lambda: resnet(20), "18, 34, 50, 101, 152, got 20"),
    (lambda: CifarResNet(21), "6n \\+ 2"),
    (lambda: CifarResNet(2), "6n \\+ 2"),
    (lambda: densenet(100), "121, 169, 201, got 100"),
    (lambda: efficientnet(8), "between 0 and 7, got 8"),
    (lambda: efficientnet(-1), "got -1"),
])  # fmt: skip
def test_what_the_tables_do_not_hold_is_refused(build, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        build()


def test_widths_are_multiples_of_eight_and_not_much_less_than_asked() -> None:
    for width in (0.25, 0.5, 1.1, 1.4, 2.0):
        with torch.device("meta"):
            model = EfficientNet(width=width)
        asked = [32 * width, *[maps * width for maps, n, *_ in EfficientNet.STAGES for _ in range(n)], 1280 * width]
        got = [model.features[0].out_channels]
        got += [m.project[0].out_channels for m in model.modules() if isinstance(m, MBConv)] + [model.head.in_features]
        assert all(g % 8 == 0 and g >= 0.9 * a and abs(g - a) <= 8 for g, a in zip(got, asked, strict=True))
