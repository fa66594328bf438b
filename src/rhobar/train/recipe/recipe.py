"""`Recipe`: everything that a training is made of, as a TOML file says it."""

import dataclasses
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_type_hints

from rhobar.train.data import DATASETS
from rhobar.train.recipe.checking import RecipeError, checked_options, checked_value, described, known
from rhobar.train.recipe.models import MODELS
from rhobar.train.recipe.optimizers import OPTIMIZERS
from rhobar.train.recipe.schedule import SCHEDULES
from rhobar.train.recipe.sections import Choice, Loss, Regularisation, Run

if TYPE_CHECKING:
    from rhobar.train.recipe.assembly import Assembly

__all__ = ["Recipe"]

_TABLES: dict[str, Mapping[str, Any]] = {
    "model": {name: row.build for name, row in MODELS.items()},
    "data": DATASETS,
    "optimizer": OPTIMIZERS,
    "schedule": SCHEDULES,
}
_SECTIONS: dict[str, type] = {"loss": Loss, "regularisation": Regularisation, "training": Run}


@dataclass(frozen=True)
class Recipe:
    r"""A training in seven sections, each optional.

        [model]           name = "mlp", and options of that model: hidden = [256, 128]
        [data]            name = "digits", and options of that data set
        [loss]            name = "auto", label_smoothing = 0.1
        [optimizer]       name = "adamw", and its options: rate = 1e-3, weight_decay = 0.01
        [schedule]        name = "cosine", and its options: warmup = 100
        [regularisation]  l1, l2, mixup, ema, swa, clip_norm, clip_value, patience
        [training]        epochs, max_steps, batch_size, accumulate, seed, device, amp, compile, strategy

    What is written is checked when the recipe is made: an unknown name is refused with the nearest right one, a value
    of the wrong type with the type it must have.

    Attributes:
        model: Which model.
        data: Which data set.
        loss: What is minimised.
        optimizer: By which rule.
        schedule: With which rates.
        regularisation: What keeps it simple.
        training: How long and on what.

    Example:
        >>> recipe = Recipe.parse('[model]\nname = "mlp"\nhidden = [32]\n[training]\nepochs = 2')
        >>> recipe.training.epochs, recipe.optimizer.name
        (2, 'adamw')
        >>> recipe.with_values({"training.epochs": 5, "optimizer.rate": 0.01}).optimizer.options["rate"]
        0.01
        >>> Recipe.parse("[traning]\nepochs = 2")
        Traceback (most recent call last):
            ...
        rhobar.train.recipe.checking.RecipeError: A recipe has no 'traning'; did you mean 'training'? ...
    """

    model: Choice = field(default_factory=lambda: Choice("mlp"))
    data: Choice = field(default_factory=lambda: Choice("digits"))
    loss: Loss = field(default_factory=Loss)
    optimizer: Choice = field(default_factory=lambda: Choice("adamw"))
    schedule: Choice = field(default_factory=lambda: Choice("constant"))
    regularisation: Regularisation = field(default_factory=Regularisation)
    training: Run = field(default_factory=Run)

    @classmethod
    def load(cls, path: str | Path) -> "Recipe":
        """Read a recipe from a TOML file.

        Raises:
            RecipeError: If it cannot be read or says something wrong; the message names the file.
        """
        try:
            return cls.parse(Path(path).read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError) as error:
            raise RecipeError(f"The recipe {path} cannot be read: {error}.") from error
        except RecipeError as error:
            raise RecipeError(f"{path}: {error}") from error

    @classmethod
    def parse(cls, text: str) -> "Recipe":
        """Read a recipe from TOML.

        Raises:
            RecipeError: If it is not TOML or says something wrong.
        """
        try:
            return cls.from_sections(tomllib.loads(text))
        except tomllib.TOMLDecodeError as error:
            raise RecipeError(f"This is not TOML: {error}.") from error

    @classmethod
    def from_sections(cls, sections: Mapping[str, Any]) -> "Recipe":
        """Make a recipe from nested mappings, as TOML gives them.

        Raises:
            RecipeError: If a name is unknown or a value of the wrong type.
        """
        made: dict[str, Any] = {}
        for name, values in sections.items():
            known(name, [*_TABLES, *_SECTIONS], "A recipe")
            if not isinstance(values, Mapping):
                raise RecipeError(f"{name} must be a section, [{name}], got {values!r}.")
            made[name] = _section(name, dict(values)) if name in _SECTIONS else _choice(cls, name, dict(values))
        return cls(**made)

    def with_values(self, values: Mapping[str, Any]) -> "Recipe":
        """Return a copy with some values replaced, named ``section.key``; a new name drops the old one's options.

        Raises:
            RecipeError: If a name is unknown or a value of the wrong type.
        """
        sections = self.sections()
        for path, value in sorted(values.items(), key=lambda item: not item[0].endswith(".name")):
            section, dot, key = path.partition(".")
            if not dot:
                raise RecipeError(f"{path!r} must name a section and a key, such as training.epochs.")
            known(section, sections, "A recipe")
            if key == "name" and section in _TABLES and value != sections[section]["name"]:
                sections[section] = {}
            sections[section][key] = value
        return self.from_sections(sections)

    def sections(self) -> dict[str, dict[str, Any]]:
        """Return the recipe as nested dictionaries, without what is None."""
        nested: dict[str, dict[str, Any]] = {}
        for name in (*_TABLES, *_SECTIONS):
            part = getattr(self, name)
            flat = {"name": part.name, **part.options} if isinstance(part, Choice) else dataclasses.asdict(part)
            nested[name] = {key: value for key, value in flat.items() if value is not None}
        return nested

    def to_toml(self) -> str:
        """Return the recipe as TOML; `parse` reads it back."""
        lines = []
        for name, values in self.sections().items():
            lines += [f"[{name}]", *(f"{key} = {_toml(value)}" for key, value in values.items()), ""]
        return "\n".join(lines)

    def assemble(self) -> "Assembly":
        """Read the data and build model and optimizer, under the recipe's seed."""
        from rhobar.train.recipe.assembly import Assembly

        return Assembly.of(self)


def _choice(recipe: type[Recipe], section: str, values: dict[str, Any]) -> Choice:
    """Check a section that names one of several things.

    Raises:
        RecipeError: If the name is not a text.
    """
    default: Choice = getattr(recipe(), section)
    name = values.pop("name", default.name)
    if not isinstance(name, str):
        raise RecipeError(f"[{section}] name must be {described(str)}, got {name!r}.")
    table = _TABLES[section]
    return Choice(known(name, table, f"[{section}]"), checked_options(table[name], values, f"[{section}] {name}"))


def _section(section: str, values: dict[str, Any]) -> Any:  # noqa: ANN401
    kind = _SECTIONS[section]
    hints = get_type_hints(kind)
    where = f"[{section}]"
    return kind(**{k: checked_value(v, hints[known(k, hints, where)], f"{where} {k}") for k, v in values.items()})


def _toml(value: Any) -> str:  # noqa: ANN401
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"'
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_toml(part) for part in value) + "]"
    return repr(value)
