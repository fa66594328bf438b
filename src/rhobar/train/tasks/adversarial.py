"""Generative adversarial training: two models, two optimizers, two interleaved `fit`s."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim.optimizer import Optimizer

from rhobar.nn.architectures.mlp import MLP
from rhobar.nn.losses import gan_discriminator, gan_generator_non_saturating
from rhobar.train.batches import Batches
from rhobar.train.fit import fit
from rhobar.train.step import Step
from rhobar.train.tasks.maximum_mean_discrepancy import maximum_mean_discrepancy
from rhobar.train.tasks.task import Task

__all__ = ["Adversarial"]


class Adversarial(Task):
    """The discriminator learns to tell, the generator not to be told; a step of one, then of the other.

    The judgement is of 1,000 samples against data that neither has seen: `classifier_score` is exp E D(p(y|x) ‖ p(y))
    by a classifier of the real classes (1 at worst, the number of classes at best), `mmd` is kernel MMD² from the test
    images, and `mmd_over_pixels` is that over the MMD² of images whose every pixel is that of another training image:
    they know the shade of each pixel and nothing of how pixels go together, and at 1 the generator knows no more.

    The model has the parts `generator`, `discriminator` and the number `latent`.

    Textbook: C88
    """

    metric: ClassVar[str] = "classifier_score"
    maximize: ClassVar[bool] = True
    losses: ClassVar[tuple[str, ...]] = ("non-saturating",)

    def loss(self, first: nn.Module, second: Tensor) -> Tensor:
        """Return the discriminator's loss on real images, against as many generated ones."""
        model: Any = first
        with torch.no_grad():
            fake = model.generator(torch.randn(len(second), model.latent, device=second.device))
        return gan_discriminator(model.discriminator(2 * second - 1), model.discriminator(fake))

    def steps(
        self,
        model: nn.Module,
        optimizer: Callable[[nn.Module], Optimizer],
        batch_size: int,
        options: Mapping[str, Any],
    ) -> Iterator[Step]:
        """Train both; yield the discriminator's steps, each followed by one of the generator."""
        pair: Any = model
        path: Path | None = options["checkpoint"]
        second = {**options, "checkpoint": path and f"{path}.generator", "progress": False}
        told = _Told(pair)
        noise = _Noise(pair.latent, len(self.data.train[0]) // batch_size, batch_size)
        judge = fit(
            pair.discriminator, told.loss, Batches(self.data.train[0], size=batch_size, drop_last=True),
            optimizer(pair.discriminator), **{**options, "stopping": None},
        )  # fmt: skip
        forge = fit(
            pair.generator, told.generator_loss, noise, optimizer(pair.generator), **{**second, "stopping": None}
        )
        for step, _ in zip(judge, forge, strict=True):
            yield step

    @torch.no_grad()
    def score(self, model: nn.Module) -> dict[str, float]:
        """Judge 1,000 samples by a classifier and by MMD against the test images."""
        pair: Any = model.eval()
        generator = torch.Generator().manual_seed(0)
        device = next(model.parameters()).device
        fake = pair.generator(torch.randn(1000, pair.latent, generator=generator).to(device)).cpu()
        fake = ((fake + 1) / 2).flatten(1)
        real, test = self.data.train[0].flatten(1), self.data.test[0].flatten(1)
        with torch.enable_grad():
            classifier = self._classifier()
        p = classifier(fake).softmax(-1)
        divergence = (p * (p.clamp_min(1e-12).log() - p.mean(0).clamp_min(1e-12).log())).sum(-1).mean()
        rows = min(len(test), 360)
        made, same, mixed = (
            maximum_mean_discrepancy(images[:rows], test[:rows], generator=generator)
            for images in (fake, real, _scrambled(real, generator))
        )
        return {
            "classifier_score": float(divergence.exp()),
            "mmd_over_pixels": made.value / mixed.value,
            "mmd": made.value,
            "mmd_p_value": made.p_value,
            "mmd_of_training_images": same.value,
            "classes_made": float(p.argmax(-1).unique().numel()),
        }

    def _classifier(self) -> nn.Module:
        """A small network trained on the real training images."""
        with torch.random.fork_rng():
            torch.manual_seed(0)
            x, y = self.data.train
            classifier = MLP(x[0].numel(), [128], self.data.outputs)
            optimizer = torch.optim.AdamW(classifier.parameters(), lr=3e-3)
            for _ in fit(classifier, F.cross_entropy, Batches(x.flatten(1), y, size=64), optimizer, epochs=20):
                pass
        return classifier.eval()


def _scrambled(images: Tensor, generator: torch.Generator) -> Tensor:
    """Return images whose every pixel comes from another image, drawn at random."""
    return images.gather(0, torch.randint(len(images), images.shape, generator=generator))


class _Told:
    """The losses of the two players, each seeing the other as it is.

    Args:
        pair: The module that holds both.
    """

    def __init__(self, pair: Any) -> None:  # noqa: ANN401
        self.generator, self.discriminator, self.latent = pair.generator, pair.discriminator, pair.latent

    def loss(self, discriminator: nn.Module, real: Tensor) -> Tensor:
        with torch.no_grad():
            fake = self.generator(torch.randn(len(real), self.latent, device=real.device))
        return gan_discriminator(discriminator(2 * real - 1), discriminator(fake))

    def generator_loss(self, generator: nn.Module, noise: Tensor) -> Tensor:
        parameters = list(self.discriminator.parameters())
        for parameter in parameters:
            parameter.requires_grad_(False)
        try:
            return gan_generator_non_saturating(self.discriminator(generator(noise)))
        finally:
            for parameter in parameters:
                parameter.requires_grad_(True)


class _Noise:
    """Batches of latent vectors."""

    def __init__(self, latent: int, number: int, size: int) -> None:
        self.latent, self.number, self.size = latent, number, size

    def __len__(self) -> int:
        return self.number

    def __iter__(self) -> Iterator[Tensor]:
        for _ in range(self.number):
            yield torch.randn(self.size, self.latent)
