"""Remedies, one a file: what a finding says should be changed, as a change of a case."""

from importlib import import_module
from pkgutil import iter_modules

from rhobar.diagnose.remedies.remedy import REMEDIES, Apply, remedy

__all__ = ["REMEDIES", "Apply", "remedy"]

for _module in iter_modules(__path__):
    import_module(f"{__name__}.{_module.name}")
