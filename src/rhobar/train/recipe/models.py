"""The models as a recipe names them: an architecture fitted to the data, and the task it is for."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import torch
from torch import nn

from rhobar.nn.architectures.bert import BERT, MaskedLanguageModel
from rhobar.nn.architectures.cifar_resnet import CifarResNet
from rhobar.nn.architectures.gan import Discriminator, Generator
from rhobar.nn.architectures.gcn import GCN
from rhobar.nn.architectures.gpt import GPT
from rhobar.nn.architectures.lenet import LeNet5
from rhobar.nn.architectures.mlp import MLP
from rhobar.nn.architectures.recurrent import RecurrentClassifier, RecurrentLanguageModel
from rhobar.nn.architectures.seq2seq import Transformer
from rhobar.nn.architectures.simclr import SimCLR
from rhobar.nn.architectures.vae import VAE
from rhobar.nn.neurons.belief_network import BeliefNetwork, pretrain
from rhobar.train.data import DataSet
from rhobar.train.tasks import (
    Adversarial,
    Classify,
    Contrast,
    Forecast,
    MaskedToken,
    NextToken,
    Nodes,
    Reconstruct,
    Task,
    Translate,
)
from rhobar.train.tasks.views import RandomView

__all__ = ["MODELS", "Family"]

_Cell = Literal["rnn", "lstm", "gru"]
_Activation = Literal["relu", "tanh", "gelu", "silu", "sigmoid"]
_ACTIVATIONS: dict[str, Callable[[], nn.Module]] = {
    "relu": nn.ReLU,
    "tanh": nn.Tanh,
    "gelu": nn.GELU,
    "silu": nn.SiLU,
    "sigmoid": nn.Sigmoid,
}


def mlp(
    data: DataSet,
    *,
    hidden: tuple[int, ...] = (128,),
    activation: _Activation = "relu",
    dropout: float = 0.0,
) -> nn.Module:
    """Affine maps with an activation, and dropout if asked for, between them."""

    def between() -> nn.Module:
        bend = _ACTIVATIONS[activation]()
        return nn.Sequential(bend, nn.Dropout(dropout)) if dropout else bend

    return nn.Sequential(nn.Flatten(), MLP(data.num_features, hidden, data.outputs, activation=between))


def lenet(data: DataSet, *, shift: float = 0.0, angle: float = 0.0, zoom: float = 0.0) -> nn.Module:
    """LeNet-5 that is trained on random views; smaller images are padded or enlarged to its 32×32 pixels."""
    channels, side, _ = data.sample_shape
    fitted = nn.ZeroPad2d((32 - side) // 2) if 24 <= side < 32 else nn.Upsample(size=(32, 32), mode="bilinear")
    seen = [RandomView(shift=shift, angle=angle, zoom=zoom)] if shift or angle or zoom else []
    net = LeNet5(data.outputs, in_channels=channels)
    return nn.Sequential(*seen, net) if side >= 32 else nn.Sequential(*seen, fitted, net)


def resnet(data: DataSet, *, depth: int = 8, width: int = 16) -> nn.Module:
    """A residual network in basic blocks, as for CIFAR."""
    return CifarResNet(depth, data.outputs, in_channels=data.sample_shape[0], width=width)


def cnn(data: DataSet, *, width: int = 32, kernel: int = 5, dropout: float = 0.0) -> nn.Module:
    """Three strided convolutions along a sequence (time, channels), each with batch norm and ReLU, and a linear map."""
    time, channels = data.sample_shape
    layers: list[nn.Module] = [Transposed()]
    for maps in (width, 2 * width, 2 * width):
        conv = nn.Conv1d(channels, maps, kernel, stride=2, padding=kernel // 2, bias=False)
        nn.init.kaiming_normal_(conv.weight, nonlinearity="relu")
        layers += [conv, nn.BatchNorm1d(maps), nn.ReLU()]
        channels, time = maps, (time + 1) // 2
    return nn.Sequential(*layers, nn.Flatten(), nn.Dropout(dropout), nn.Linear(channels * time, data.outputs))


class Transposed(nn.Module):
    """Exchange the axes of time and channels, as convolutions want them.

    Example:
        >>> Transposed()(torch.zeros(2, 40, 1)).shape
        torch.Size([2, 1, 40])
    """

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return x with its last two axes exchanged."""
        return x.transpose(1, 2)


def recurrent(
    data: DataSet, *, cell: _Cell = "gru", hidden: int = 64, num_layers: int = 1, dropout: float = 0.0
) -> nn.Module:
    """A recurrent network that reads a sequence and answers at its end."""
    channels = data.sample_shape[-1]
    return RecurrentClassifier(cell, channels, hidden, data.outputs, num_layers=num_layers, dropout=dropout)


def language_recurrent(
    data: DataSet, *, cell: _Cell = "lstm", hidden: int = 256, num_layers: int = 1, dropout: float = 0.0
) -> nn.Module:
    """A recurrent language model."""
    return RecurrentLanguageModel(cell, data.outputs, hidden, num_layers=num_layers, dropout=dropout)


def gpt(data: DataSet, *, dim: int = 128, num_layers: int = 4, num_heads: int = 4, dropout: float = 0.0) -> nn.Module:
    """GPT-2 over windows of the task's length."""
    return GPT(data.outputs, NextToken.length, dim=dim, num_layers=num_layers, num_heads=num_heads, dropout=dropout)


def bert(data: DataSet, *, dim: int = 128, num_layers: int = 3, num_heads: int = 4, dropout: float = 0.0) -> nn.Module:
    """BERT with the head that restores hidden tokens; the mask is one more token."""
    encoder = BERT(
        data.outputs + 1, MaskedToken.length, dim=dim, num_layers=num_layers, num_heads=num_heads, dropout=dropout,
        pooled=False,
    )  # fmt: skip
    return MaskedLanguageModel(encoder)


def transformer(
    data: DataSet, *, dim: int = 64, num_layers: int = 2, num_heads: int = 4, hidden: int = 128, dropout: float = 0.0
) -> nn.Module:
    """Encoder and decoder."""
    length = max(part.shape[1] for part in data.train)
    return Transformer(
        data.outputs, length, dim=dim, num_layers=num_layers, num_heads=num_heads, hidden=hidden, dropout=dropout
    )


def vae(data: DataSet, *, hidden: tuple[int, ...] = (128,), latent: int = 10) -> nn.Module:
    """A variational autoencoder of pixels."""
    return VAE(data.num_features, hidden, latent)


class Adversaries(nn.Module):
    """A generator and a discriminator as one module.

    Args:
        generator: From latent vectors to images in (−1, 1).
        discriminator: From images to logits.
        latent: Size of a latent vector.
    """

    def __init__(self, generator: nn.Module, discriminator: nn.Module, latent: int) -> None:
        super().__init__()
        self.generator, self.discriminator, self.latent = generator, discriminator, latent


def gan(data: DataSet, *, latent: int = 32, width: int = 32) -> nn.Module:
    """A DCGAN pair for square images whose side is a power of two."""
    channels, side, _ = data.sample_shape
    made = Generator(latent, channels=channels, width=width, size=side)
    return Adversaries(made, Discriminator(channels=channels, width=width, size=side), latent)


def simclr(data: DataSet, *, width: int = 32, projection: int = 64) -> nn.Module:
    """A small convolutional encoder with a projection head."""
    channels = data.sample_shape[0]
    layers: list[nn.Module] = []
    for maps in (width, 2 * width, 4 * width):
        conv = nn.Conv2d(channels, maps, 3, stride=2, padding=1, bias=False)
        nn.init.kaiming_normal_(conv.weight, nonlinearity="relu")
        layers += [conv, nn.BatchNorm2d(maps), nn.ReLU()]
        channels = maps
    encoder = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(2), nn.Flatten())
    return SimCLR(encoder, 4 * channels, projection=projection)


def dbn(data: DataSet, *, hidden: tuple[int, ...] = (128, 64), epochs: int = 10, rate: float = 0.05) -> nn.Module:
    """Machines pre-trained one upon the other by contrastive divergence, without labels, and a linear head."""
    pixels = data.train[0].flatten(1)
    net = BeliefNetwork([pixels.shape[1], *hidden])
    pretrain(net, pixels, epochs=epochs, rate=rate)
    return nn.Sequential(nn.Flatten(), *net.encoder(), nn.Linear(hidden[-1], data.outputs))


def gcn(data: DataSet, *, hidden: int = 16, dropout: float = 0.5) -> nn.Module:
    """Two graph convolutions."""
    return GCN(data.train[0].shape[-1], hidden, data.outputs, dropout=dropout)


@dataclass(frozen=True)
class Family:
    """One kind of model.

    Attributes:
        build: Makes it for a data set from the options of ``[model]``.
        task: What it is for.
        data: Names of the data sets that it can read.
    """

    build: Callable[..., nn.Module]
    task: type[Task]
    data: tuple[str, ...]


_IMAGES = ("digits", "mnist5k")
_PAIRS = ("reverse", "sort")

MODELS: dict[str, Family] = {
    "mlp": Family(mlp, Classify, (*_IMAGES, "mnist1d")),
    "lenet": Family(lenet, Classify, _IMAGES),
    "resnet": Family(resnet, Classify, _IMAGES),
    "cnn": Family(cnn, Classify, ("mnist1d",)),
    "recurrent": Family(recurrent, Classify, ("mnist1d",)),
    "forecaster": Family(recurrent, Forecast, ("sunspots",)),
    "gpt": Family(gpt, NextToken, ("text",)),
    "recurrent-lm": Family(language_recurrent, NextToken, ("text",)),
    "bert": Family(bert, MaskedToken, ("text",)),
    "transformer": Family(transformer, Translate, _PAIRS),
    "vae": Family(vae, Reconstruct, _IMAGES),
    "gan": Family(gan, Adversarial, ("digits",)),
    "simclr": Family(simclr, Contrast, _IMAGES),
    "dbn": Family(dbn, Classify, _IMAGES),
    "gcn": Family(gcn, Nodes, ("karate",)),
}
"""Name ↦ how it is built, what it is for, what it reads."""
