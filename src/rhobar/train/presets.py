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
)  # fmt: skip

PRESETS: dict[str, Preset] = {row.name: row for row in _ROWS}
"""Every preset by its name."""
