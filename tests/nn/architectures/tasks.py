"""For each task of an architecture a batch from which something can be learned, and the loss that fits."""

from collections.abc import Callable

import torch
from tests.nn.architectures.rows import seeded
from torch import Tensor, nn
from torch.nn import functional as F

from rhobar.nn.architectures.architecture import Architecture
from rhobar.nn.architectures.gcn import normalized_adjacency
from rhobar.nn.architectures.table import ARCHITECTURES
from rhobar.nn.losses import (
    gan_discriminator,
    gan_generator_non_saturating,
    masked_language,
    negative_elbo,
    nt_xent,
    sparse_categorical_cross_entropy,
)

__all__ = ["TASKS", "Probed", "learner"]

BATCH, FEW, CLASSES, VOCABULARY = 32, 8, 5, 13


class Probed(nn.Module):
    """An encoder with a linear answer on the mean of what it gives for the tokens of a text."""

    def __init__(self, encoder: nn.Module, num_features: int) -> None:
        super().__init__()
        self.encoder, self.head = encoder, nn.Linear(num_features, CLASSES)

    def forward(self, tokens: Tensor) -> Tensor:
        vectors = self.encoder(tokens)
        return self.head(vectors.mean(1) if vectors.ndim == 3 else vectors)


def _classify(row: Architecture, generator: torch.Generator) -> tuple[tuple[Tensor, ...], Tensor]:
    """Inputs near one of five prototypes each."""
    y = torch.randint(CLASSES, (BATCH,), generator=generator)
    (prototypes,) = row.inputs(CLASSES, row.sizes[-1], seeded(0))
    (noise,) = row.inputs(BATCH, row.sizes[-1], generator)
    return ((prototypes[y] + noise) / 2**0.5,), y


def _words(generator: torch.Generator, length: int = 12) -> Tensor:
    """Sentences that count upwards from a random word, two in three times: the next word can be learned."""
    first = torch.randint(VOCABULARY, (BATCH, 1), generator=generator)
    steps = 1 + (torch.rand(BATCH, length, generator=generator) < 0.3).long()
    return (first + steps.cumsum(1)) % VOCABULARY


def _token_loss(outputs: Tensor | tuple[Tensor, object], targets: Tensor) -> Tensor:
    logits = outputs if isinstance(outputs, Tensor) else outputs[0]
    return sparse_categorical_cross_entropy(logits, targets)


def _next(row: Architecture, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    words = _words(generator)
    return words[:, :-1], words[:, 1:]


def _masked(row: Architecture, generator: torch.Generator) -> tuple[Tensor, tuple[Tensor, Tensor]]:
    words = _words(generator)
    hidden = torch.rand(words.shape, generator=generator) < 0.15
    return words.masked_fill(hidden, 0), (words, hidden)


def _translate(row: Architecture, generator: torch.Generator) -> tuple[tuple[Tensor, Tensor], Tensor]:
    words = _words(generator)
    written = F.pad(words.flip(1), (1, 0))
    return (words, written[:, :-1]), written[:, 1:]


def _decode(row: Architecture, generator: torch.Generator) -> tuple[tuple[Tensor, Tensor], Tensor]:
    words, memory = _words(generator), torch.randn(VOCABULARY, 16, generator=seeded(0))
    return (words[:, :-1], memory[words]), words[:, 1:]


def _text(row: Architecture, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    words = _words(generator)
    return words, words[:, 0] % CLASSES


def _pixels(row: Architecture, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    two = torch.rand(BATCH, 2, generator=generator)
    pixels = (2 * two @ torch.randn(2, 12, generator=seeded(0))).sigmoid()
    return pixels, pixels


def _noise(row: Architecture, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    return row.inputs(FEW, row.sizes[-1], generator)[0], torch.ones(FEW)


def _fooled(row: Architecture) -> Callable[[Tensor, Tensor], Tensor]:
    judge = ARCHITECTURES["dcgan-discriminator"]
    discriminator = (judge.make if row.small is row.make else judge.small)()
    return lambda images, _: gan_generator_non_saturating(discriminator(images))


def _real_or_not(row: Architecture, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    real = torch.arange(FEW) % 2 == 1
    (images,) = row.inputs(FEW, row.sizes[-1], generator)
    return torch.where(real[:, None, None, None], images.cumsum(2) / 5, images), real


def _views(row: Architecture, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    (images,) = row.inputs(BATCH, row.sizes[-1], generator)
    views = torch.cat([images, images]) + 0.3 * torch.randn(2 * BATCH, *images.shape[1:], generator=generator)
    return views, torch.arange(2 * BATCH).roll(BATCH)


def _nodes(row: Architecture, generator: torch.Generator) -> tuple[tuple[Tensor, Tensor], Tensor]:
    features, edges = row.inputs(BATCH, 11, generator)
    smooth = normalized_adjacency(edges) @ features
    labels = (smooth @ torch.randn(4, CLASSES, generator=seeded(0))).argmax(-1)
    return (features, edges), labels


def _classes(row: Architecture) -> Callable[..., Tensor]:
    return nn.CrossEntropyLoss()


def _tokens(row: Architecture) -> Callable[..., Tensor]:
    return _token_loss


Batch = Callable[[Architecture, torch.Generator], tuple[object, object]]
Loss = Callable[[Architecture], Callable[..., Tensor]]
TASKS: dict[str, tuple[Batch, Loss]] = {
    "classify": (_classify, _classes),
    "next token": (_next, _tokens),
    "masked token": (_masked, lambda row: lambda logits, targets: masked_language(logits, *targets)),
    "translate": (_translate, _tokens),
    "decode": (_decode, _tokens),
    "encode": (_text, _classes),
    "reconstruct": (_pixels, lambda row: lambda outputs, x: negative_elbo(*outputs, x)),
    "generate": (_noise, _fooled),
    "discriminate": (_real_or_not, lambda row: lambda logits, real: gan_discriminator(logits[real], logits[~real])),
    "embed": (_views, lambda row: lambda z, _: nt_xent(*z.chunk(2))),
    "classify nodes": (_nodes, lambda row: lambda scores, labels: F.cross_entropy(scores.mT, labels)),
}


def learner(row: Architecture, seed: int = 0) -> nn.Module:
    """The small model under a seed; an encoder with an answer on top."""
    torch.manual_seed(seed)
    return Probed(row.small(), 16) if row.task == "encode" else row.small()
