"""A recipe with open places: which of its values are searched, and how a trial is trained and judged.

The section ``[search]`` mirrors the recipe's own and gives an interval or a list of values where that gives a value:

    [search.optimizer]
    rate = { low = 1e-4, high = 1e-1, log = true }
    [search.model]
    hidden = { values = [[64], [128], [128, 64]] }

Every trial trains the whole recipe with its values and is judged by the task's own metric on the validation data: that
of the last epoch, or of the best one where ``patience`` brings its weights back. The test data have no part in it.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rhobar.select.search import Choice, Integer, Parameter, Real, Report, Search, Space, search
from rhobar.select.search.study import Method
from rhobar.train.recipe import MODELS, Recipe, RecipeError

__all__ = ["Plan", "read_plan", "search_recipe", "trained_score"]

_HOW = "such as\n\n    [search.optimizer]\n    rate = { low = 1e-4, high = 1e-1, log = true }"


@dataclass(frozen=True)
class Plan:
    """What is fixed and what is searched.

    Attributes:
        recipe: The values that stay, and the defaults of the others.
        space: ``section.key`` ↦ what it may be.
    """

    recipe: Recipe
    space: Space

    @property
    def maximize(self) -> bool:
        """Whether more of the task's metric is better."""
        return MODELS[self.recipe.model.name].task.maximize

    @property
    def words(self) -> str:
        """The whole plan in words; the same for the same plan."""
        return self.recipe.to_toml() + "\n" + "\n".join(f"{key}: {value}" for key, value in self.space.items())


def read_plan(path: str | Path) -> Plan:
    """Read a recipe with its section ``[search]``.

    Args:
        path: A TOML file.

    Returns:
        The plan; every place in it exists in a recipe and takes both ends of its interval, or all its values.

    Raises:
        RecipeError: If the file cannot be read, has no ``[search]``, or says something wrong.
    """
    try:
        sections = tomllib.loads(Path(path).read_text(encoding="utf-8"))
        found = sections.pop("search", None)
        if not isinstance(found, dict) or not found:
            raise RecipeError(f"A search needs a section [search] that says what may vary, {_HOW}")
        plan = Plan(Recipe.from_sections(sections), _space(found))
        for key, parameter in plan.space.items():
            tried = parameter.values if isinstance(parameter, Choice) else (parameter.low, parameter.high)
            for value in tried:
                plan.recipe.with_values({key: value})
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise RecipeError(f"The recipe {path} cannot be read: {error}.") from error
    except RecipeError as error:
        raise RecipeError(f"{path}: {error}") from error
    return plan


def _space(found: Mapping[str, Any]) -> dict[str, Parameter]:
    """Turn nested tables into ``section.key`` ↦ parameter.

    Raises:
        RecipeError: If a section holds no tables.
    """
    space: dict[str, Parameter] = {}
    for section, values in found.items():
        if not isinstance(values, dict):
            raise RecipeError(f"[search] {section} must be a section of the recipe with what may vary in it, {_HOW}")
        space |= {f"{section}.{key}": _parameter(f"[search.{section}] {key}", value) for key, value in values.items()}
    return space


def _parameter(where: str, value: Any) -> Parameter:  # noqa: ANN401
    """Turn ``{ low, high, log }`` or ``{ values }`` into a parameter.

    Raises:
        RecipeError: If it is neither.
    """
    if isinstance(value, dict) and value.keys() == {"values"} and isinstance(value["values"], list) and value["values"]:
        return Choice(tuple(value["values"]))
    if isinstance(value, dict) and {"low", "high"} <= value.keys() <= {"low", "high", "log"}:
        low, high, log = value["low"], value["high"], value.get("log", False)
        whole = [isinstance(end, int) and not isinstance(end, bool) for end in (low, high)]
        if isinstance(log, bool) and all(w or isinstance(e, float) for w, e in zip(whole, (low, high), strict=True)):
            try:
                return Integer(low, high, log) if all(whole) else Real(float(low), float(high), log)
            except ValueError as error:
                raise RecipeError(f"{where}: {error}") from error
    raise RecipeError(
        f"{where} must be {{ low = …, high = … }} with numbers, perhaps with log = true, or {{ values = [ … ] }}; "
        f"got {value!r}."
    )


def trained_score(recipe: Recipe, report: Report) -> float:
    """Train a recipe and return its score on the validation data.

    Args:
        recipe: The whole recipe.
        report: Called after every epoch; it does not return where the trial is to be given up.

    Returns:
        The task's metric: of the last epoch, or of the best one with ``patience``.

    Raises:
        RecipeError: If the task is not judged on validation data while it trains.
    """
    assembly = recipe.assemble()
    task, scores = assembly.task, []
    for step in assembly.steps(progress=False):
        if step.validation is not None:
            scores.append(step.validation[task.metric])
            report(step.epoch, scores[-1])
    if not scores:
        raise RecipeError(f"{recipe.model.name} on {recipe.data.name} is not judged while it trains; it has no score.")
    if recipe.regularisation.patience is None:
        return scores[-1]
    return max(scores) if task.maximize else min(scores)


def search_recipe(
    plan: Plan,
    *,
    num_trials: int,
    method: Method = "bayesian",
    prune: bool = True,
    storage: str | None = None,
    name: str = "search",
    seed: int = 0,
) -> Search:
    """Search a plan's space; several processes with the same storage and name share the trials.

    Args:
        plan: From `read_plan`.
        num_trials: How many in all.
        method: ``bayesian``, ``random`` or ``grid``.
        prune: Give bad trials up early.
        storage: An Optuna URL.
        name: Of the search within it; a search of this name and another plan is refused.
        seed: Of the search.

    Returns:
        The trials.

    Textbook: C-§10.1.2, C95.
    """

    def objective(settings: Mapping[str, Any], report: Report) -> float:
        return trained_score(plan.recipe.with_values(settings), report)

    return search(
        objective, plan.space, num_trials=num_trials, method=method, maximize=plan.maximize, prune=prune,
        storage=storage, name=name, of=plan.words, seed=seed,
    )  # fmt: skip
