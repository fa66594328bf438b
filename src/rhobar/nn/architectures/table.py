"""All architectures in one table: a new one is a row here, and every law in the tests then applies to it."""

from functools import partial

import torch
from torch import Tensor, nn

from rhobar.nn.architectures.alexnet import AlexNet
from rhobar.nn.architectures.architecture import Architecture, images, pixels, squares, tokens, vectors
from rhobar.nn.architectures.bert import BERT, MaskedLanguageModel
from rhobar.nn.architectures.cifar_resnet import CifarResNet
from rhobar.nn.architectures.densenet import DenseNet, densenet
from rhobar.nn.architectures.efficientnet import FAMILY, EfficientNet, efficientnet
from rhobar.nn.architectures.gan import Discriminator, Generator
from rhobar.nn.architectures.gcn import GCN
from rhobar.nn.architectures.gpt import GPT
from rhobar.nn.architectures.lenet import LeNet5
from rhobar.nn.architectures.mlp import MLP
from rhobar.nn.architectures.recurrent import RecurrentClassifier, RecurrentLanguageModel
from rhobar.nn.architectures.recurrent_stack import Cell
from rhobar.nn.architectures.residual_blocks import BasicBlock, Bottleneck
from rhobar.nn.architectures.resnet import ResNet, resnet
from rhobar.nn.architectures.seq2seq import Transformer
from rhobar.nn.architectures.simclr import SimCLR
from rhobar.nn.architectures.transformer import TransformerDecoder, TransformerEncoder
from rhobar.nn.architectures.vae import VAE

__all__ = ["ARCHITECTURES"]

_CLASSES, _VOCABULARY, _DIM = 5, 13, 16
_RESIDUAL = ("C75", "C79", "C-§8.1.1")
_ATTENTION = ("C65", "C66", "C67", "C-§6.4.3")


def _scores(batch: int, size: int) -> tuple[tuple[int, ...], ...]:
    return ((batch, _CLASSES),)


def _scores_at_each(batch: int, size: int) -> tuple[tuple[int, ...], ...]:
    return ((batch, size, _VOCABULARY),)


def _plain() -> list[Architecture]:
    return [
        Architecture(
            "mlp", 238_510, "Rumelhart et al. 1986", "784–300–10: affine maps with ReLU between them",
            ("C-§6.1.2b", "A71", "C72"),
            lambda: MLP(784, [300], 10), lambda: MLP(7, [32, 16], _CLASSES),
            vectors(7), (1,), _scores, "classify",
        ),
        Architecture(
            "lenet5", 61_706, "LeCun et al. 1998", "convolutions and mean pooling for digits, all C3 maps connected",
            ("C55", "C-§2.3.2", "C-§6.2.2a", "C-§6.2.2b", "C-§6.2.3"),
            LeNet5, lambda: LeNet5(_CLASSES, in_channels=2),
            images(2), (32, 37), _scores, "classify",
        ),
        Architecture(
            "alexnet", 61_100_840, "Krizhevsky et al. 2012", "five convolutions, three linear layers; one tower",
            ("C55", "C56", "C-§6.2.3"),
            AlexNet, lambda: AlexNet(_CLASSES, in_channels=2, channels=(8, 12, 16, 12, 12), hidden=24),
            images(2), (63, 77), _scores, "classify", drawn="dropout",
        ),
    ]  # fmt: skip


def _basic() -> nn.Module:
    return ResNet(BasicBlock, [1, 1, 1, 2], num_classes=_CLASSES, in_channels=2, width=8)


def _bottleneck() -> nn.Module:
    return ResNet(Bottleneck, [1, 1, 1, 2], num_classes=_CLASSES, in_channels=2, width=4)


def _cifar() -> nn.Module:
    return CifarResNet(14, _CLASSES, in_channels=2, width=8)


def _dense() -> nn.Module:
    return DenseNet([2, 2, 3], num_classes=_CLASSES, in_channels=2, growth=6, width=12)


def _efficient() -> nn.Module:
    return EfficientNet(_CLASSES, in_channels=2, depth=0.5, width=0.25)


def _convolutional() -> list[Architecture]:
    imagenet = {18: 11_689_512, 34: 21_797_672, 50: 25_557_032, 101: 44_549_160, 152: 60_192_808}
    cifar = {20: 269_722, 32: 464_154, 44: 658_586, 56: 853_018, 110: 1_727_962}
    dense = {121: 7_978_856, 169: 14_149_480, 201: 20_013_928}
    efficient = (5_288_548, 7_794_184, 9_109_994, 12_233_232, 19_341_616, 30_389_784, 43_040_704, 66_347_960)
    scaled = zip(efficient, FAMILY, strict=True)
    rows = [
        Architecture(
            f"resnet{depth}", count, "He et al. 2016",
            f"{depth} layers in {'basic blocks' if depth < 50 else 'bottlenecks'} around identities, for ImageNet",
            _RESIDUAL, partial(resnet, depth), _basic if depth < 50 else _bottleneck,
            images(2), (32, 45), _scores, "classify", couples_batch=True,
        )
        for depth, count in imagenet.items()
    ]  # fmt: skip
    rows += [
        Architecture(
            f"resnet{depth}-cifar", count, "He et al. 2016",
            f"{depth} layers in basic blocks for 32×32 pixels, shortcuts without parameters",
            _RESIDUAL, partial(CifarResNet, depth), _cifar,
            images(2), (8, 15), _scores, "classify", couples_batch=True,
        )
        for depth, count in cifar.items()
    ]  # fmt: skip
    rows += [
        Architecture(
            f"densenet{depth}", count, "Huang et al. 2017", f"{depth} layers, each reads all earlier maps of its block",
            ("C81",), partial(densenet, depth), _dense,
            images(2), (32, 45), _scores, "classify", couples_batch=True,
        )
        for depth, count in dense.items()
    ]  # fmt: skip
    rows += [
        Architecture(
            f"efficientnet-b{variant}", count, "Tan and Le 2019",
            f"inverted bottlenecks, squeeze-and-excitation; {depth:g} times the depth, {width:g} times the width",
            ("C82", "C83", "C84"), partial(efficientnet, variant), _efficient,
            images(2), (48, 65), _scores, "classify", drawn="dropout, stochastic depth", couples_batch=True,
        )
        for variant, (count, (depth, width, _)) in enumerate(scaled)
    ]  # fmt: skip
    return rows


def _scores_and_state(parts: int, batch: int, size: int) -> tuple[tuple[int, ...], ...]:
    return (*_scores_at_each(batch, size), *[(2, batch, 16)] * parts)


def _recurrent() -> list[Architecture]:
    texts: list[tuple[Cell, str, tuple[str, ...], str, int, int]] = [
        ("rnn", "Elman 1990", ("C57", "C58"), "tanh units", 21_514, 14_702_600),
        ("lstm", "Hochreiter and Schmidhuber 1997", ("C59", "C60", "C61", "C62", "C63", "C64"), "gated memory cells",
         82_186, 19_780_400),
        ("gru", "Cho et al. 2014", ("C57", "C58"), "gated units", 61_962, 18_087_800),
    ]  # fmt: skip
    rows = []
    for cell, paper, ids, what, classifier, language in texts:
        rows.append(
            Architecture(
                f"{cell}-classifier", classifier, paper, f"{what}: the class of a sequence from its last state",
                ids, partial(RecurrentClassifier, cell, 28, 128, 10),
                partial(RecurrentClassifier, cell, 3, 16, _CLASSES, num_layers=2, dropout=0.1),
                lambda batch, size, generator: (torch.randn(batch, size, 3, generator=generator),),
                (1, 6, 9), _scores, "classify", drawn="dropout",
            )
        )  # fmt: skip
        rows.append(
            Architecture(
                f"{cell}-language-model", language, "Zaremba et al. 2014",
                f"{what}: the next of 10,000 words from the state so far",
                ids, partial(RecurrentLanguageModel, cell, 10_000, 650, num_layers=2, dropout=0.5),
                partial(RecurrentLanguageModel, cell, _VOCABULARY, 16, num_layers=2, dropout=0.1),
                tokens(_VOCABULARY), (1, 6, 9),
                partial(_scores_and_state, 2 if cell == "lstm" else 1),
                "next token", drawn="dropout",
            )
        )  # fmt: skip
    return rows


def _bert(*, pooled: bool) -> BERT:
    return BERT(_VOCABULARY, 16, dim=_DIM, num_layers=2, num_heads=2, std=0.1, pooled=pooled)


_SMALL = {"dim": _DIM, "num_layers": 2, "num_heads": 2}


def _pair(batch: int, size: int, generator: torch.Generator) -> tuple[Tensor, ...]:
    """A source, and a target that is longer."""
    source = torch.randint(_VOCABULARY, (batch, size), generator=generator)
    return source, torch.randint(_VOCABULARY, (batch, size + 2), generator=generator)


def _target_and_memory(batch: int, size: int, generator: torch.Generator) -> tuple[Tensor, ...]:
    target = torch.randint(_VOCABULARY, (batch, size), generator=generator)
    return target, torch.randn(batch, size + 2, _DIM, generator=generator)


def _attention() -> list[Architecture]:
    vaswani, words = "Vaswani et al. 2017", tokens(_VOCABULARY)
    return [
        Architecture(
            "transformer-encoder", 37_858_304, vaswani, "a vector for each of 37,000 tokens that knows all the others",
            _ATTENTION, TransformerEncoder, lambda: TransformerEncoder(_VOCABULARY, 16, hidden=32, **_SMALL),
            words, (1, 6, 9), lambda batch, size: ((batch, size, _DIM),), "encode", drawn="dropout",
        ),
        Architecture(
            "transformer-decoder", 44_168_192, vaswani, "the next token from those so far and an encoder's vectors",
            _ATTENTION, TransformerDecoder, lambda: TransformerDecoder(_VOCABULARY, 16, hidden=32, **_SMALL),
            _target_and_memory, (1, 6, 9), _scores_at_each, "decode", drawn="dropout",
        ),
        Architecture(
            "transformer", 63_082_496, vaswani, "encoder and decoder of the base size with one shared embedding",
            _ATTENTION, Transformer, lambda: Transformer(_VOCABULARY, 16, hidden=32, **_SMALL),
            _pair, (1, 6, 9), lambda batch, size: ((batch, size + 2, _VOCABULARY),), "translate", drawn="dropout",
        ),
        Architecture(
            "gpt2", 124_439_808, "Radford et al. 2019", "causal transformer blocks, norm first: the next token",
            (*_ATTENTION, "C-§8.2"), GPT, lambda: GPT(_VOCABULARY, 16, **_SMALL),
            words, (1, 6, 9), _scores_at_each, "next token", drawn="dropout",
        ),
        Architecture(
            "bert-base", 109_482_240, "Devlin et al. 2019", "transformer blocks that look both ways: a text's vector",
            (*_ATTENTION, "C-§8.2"), BERT, partial(_bert, pooled=True),
            words, (1, 6, 9), lambda batch, size: ((batch, _DIM),), "encode", drawn="dropout",
        ),
        Architecture(
            "bert-masked-lm", 109_514_298, "Devlin et al. 2019", "BERT-base that restores masked tokens",
            ("C86", "C-§8.2"), lambda: MaskedLanguageModel(BERT(pooled=False)),
            lambda: MaskedLanguageModel(_bert(pooled=False)),
            words, (1, 6, 9), _scores_at_each, "masked token", drawn="dropout",
        ),
    ]  # fmt: skip


def _graphs(batch: int, size: int, generator: torch.Generator) -> tuple[Tensor, ...]:
    """Features of the nodes, and symmetric random edges."""
    upper = (torch.rand(batch, size, size, generator=generator) < 0.4).float().triu(1)
    return torch.randn(batch, size, 4, generator=generator), upper + upper.mT


def _others() -> list[Architecture]:
    return [
        Architecture(
            "vae", 815_824, "Kingma and Welling 2014", "784–500–20–500–784: pixels through a Gaussian latent vector",
            ("C87", "C-§8.2"), lambda: VAE(784, [500], 20), lambda: VAE(12, [32], 3),
            pixels(12), (1,), lambda batch, size: ((batch, 12), (batch, 3), (batch, 3)), "reconstruct",
            drawn="the latent vector",
        ),
        Architecture(
            "dcgan-generator", 3_576_704, "Radford et al. 2016", "transposed convolutions from noise to 64×64 pixels",
            ("C88",), Generator, lambda: Generator(6, channels=2, width=8, size=16),
            vectors(6), (1,), lambda batch, size: ((batch, 2, 16, 16),), "generate", couples_batch=True,
        ),
        Architecture(
            "dcgan-discriminator", 2_765_568, "Radford et al. 2016", "convolutions from 64×64 pixels to real or not",
            ("C88",), Discriminator, lambda: Discriminator(channels=2, width=8, size=16),
            squares(2), (16,), lambda batch, size: ((batch,),), "discriminate", couples_batch=True,
        ),
        Architecture(
            "simclr", 27_966_656, "Chen et al. 2020", "ResNet-50 with a projection head for contrasting two views",
            ("C-§8.2", "C85"), lambda: SimCLR(resnet(50, num_classes=0), 2048),
            lambda: SimCLR(ResNet(BasicBlock, [1, 1], num_classes=0, in_channels=2, width=8), 16, projection=6),
            images(2), (16, 29), lambda batch, size: ((batch, 6),), "embed", couples_batch=True,
        ),
        Architecture(
            "gcn", 23_063, "Kipf and Welling 2017", "two graph convolutions, at the size for Cora",
            ("B78",), lambda: GCN(1433, 16, 7), lambda: GCN(4, 16, _CLASSES),
            _graphs, (1, 6, 11), lambda batch, size: ((batch, size, _CLASSES),), "classify nodes", drawn="dropout",
        ),
    ]  # fmt: skip


ARCHITECTURES: dict[str, Architecture] = {
    row.name: row for row in [*_plain(), *_convolutional(), *_recurrent(), *_attention(), *_others()]
}
"""Every architecture by its name."""
