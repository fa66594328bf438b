"""rhobar: neural networks you can see into.

ρ̄ is the average factor by which a layer stretches a signal or a gradient; deep networks train when it stays near 1.
Point rhobar at a training and it says why it does not learn, with numbers, and what to change:

* ``rhobar run train.py``: any PyTorch script, not one line changed;
* `watch`: in your own loop;
* `fit`: a loop to observe, that trains on one process or many;
* `diagnose`: a model at rest;
* `assert_healthy`: in your tests;
* `repair`: search for the fewest changes that let it learn.

The modules hold the mathematics: `nn` (neurons, activations, losses, initialisers, layers, architectures), `optim`
(update rules and optimizers), `probes` (Jacobians, curvature, kernels, noise, geometry, information, topology and
more), `linalg` (operators by their products), `train` (`fit`, schedules, checkpoints, data sets, recipes, strategies),
`select` (splits, searches, criteria), `theory` (bounds and predictions).

Names are loaded when they are used, so that ``import rhobar`` does not import torch.
"""

import importlib
import sys
from types import ModuleType
from typing import TYPE_CHECKING

__version__ = "0.1.0"
__all__ = [
    "Classifier",
    "Recipe",
    "Regressor",
    "__version__",
    "assert_healthy",
    "diagnose",
    "fit",
    "linalg",
    "nn",
    "optim",
    "probes",
    "repair",
    "select",
    "theory",
    "train",
    "watch",
]

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from rhobar import linalg, nn, optim, probes, select, theory, train
    from rhobar.diagnose.exam import assert_healthy, diagnose
    from rhobar.diagnose.live import watch
    from rhobar.diagnose.repair import repair
    from rhobar.select.estimators import Classifier, Regressor
    from rhobar.train.fit import fit
    from rhobar.train.recipe import Recipe

_VERBS = {
    "Recipe": "rhobar.train.recipe",
    "Classifier": "rhobar.select.estimators",
    "Regressor": "rhobar.select.estimators",
    "assert_healthy": "rhobar.diagnose.exam",
    "diagnose": "rhobar.diagnose.exam",
    "fit": "rhobar.train.fit",
    "repair": "rhobar.diagnose.repair",
    "watch": "rhobar.diagnose.live",
}


_MODULES = ("linalg", "nn", "optim", "probes", "select", "theory", "train")


class _Root(ModuleType):
    """Keeps the verbs `diagnose` and `watch` what they are, although packages of the same names exist.

    Importing ``rhobar.diagnose.rule`` makes the import system bind the package as an attribute of its parent; that
    binding is refused for a verb, so that ``rhobar.diagnose(...)`` means the same before and after.
    """

    def __setattr__(self, name: str, value: object) -> None:
        if not (name in _VERBS and isinstance(value, ModuleType)):
            super().__setattr__(name, value)

    def __getattr__(self, name: str) -> object:
        if name in _VERBS:
            verb = getattr(importlib.import_module(_VERBS[name]), name)
            setattr(self, name, verb)
            return verb
        if name in _MODULES:
            return importlib.import_module(f"rhobar.{name}")
        offered = ", ".join(sorted({*_VERBS, *_MODULES}))
        raise AttributeError(f"module 'rhobar' has no attribute {name!r}; it offers {offered}.")

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *_VERBS, *_MODULES})


sys.modules[__name__].__class__ = _Root


def load_ipython_extension(shell: "InteractiveShell") -> None:
    """Called by ``%load_ext rhobar``: the cell magic ``%%rhobar``, and diagnoses as HTML."""
    from rhobar.integrations import ipython

    ipython.load(shell)


def unload_ipython_extension(shell: "InteractiveShell") -> None:
    """Called by ``%unload_ext rhobar``."""
    from rhobar.integrations import ipython

    ipython.unload(shell)
