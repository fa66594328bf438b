"""All experiments by name: every module below that defines ``EXPERIMENT``."""

import importlib
import pkgutil
from difflib import get_close_matches
from functools import cache

import rhobar.experiments as package
from rhobar.experiments.experiment import Experiment

__all__ = ["experiments", "find", "shown_by"]


@cache
def experiments() -> dict[str, Experiment]:
    """Return all experiments by name, topic by topic.

    Raises:
        ValueError: If two files define the same name.
    """
    found: dict[str, Experiment] = {}
    for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        defined = getattr(importlib.import_module(module.name), "EXPERIMENT", None)
        if isinstance(defined, Experiment):
            if defined.name in found:
                raise ValueError(f"Two experiments are called {defined.name!r}; a name stands once.")
            found[defined.name] = defined
    return found


def find(name: str) -> Experiment:
    """Return the experiment of a name.

    Raises:
        ValueError: If there is none, with the nearest one.

    Example:
        >>> find("perceptron-convergnce")
        Traceback (most recent call last):
            ...
        ValueError: There is no experiment 'perceptron-convergnce'; did you mean 'perceptron-convergence'?
    """
    known = experiments()
    if name not in known:
        nearest = get_close_matches(name, known, n=1)
        hint = f"did you mean {nearest[0]!r}?" if nearest else "`rhobar lab list` names them all."
        raise ValueError(f"There is no experiment {name!r}; {hint}")
    return known[name]


def shown_by(finding: str) -> list[Experiment]:
    """Return the experiments that show the mechanism of a finding."""
    return [experiment for experiment in experiments().values() if finding in experiment.findings]
