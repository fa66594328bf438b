"""``MODULE:FACTORY``: a function of a user's module or file, found and called."""

import importlib
import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

__all__ = ["FactoryError", "called", "find_factory"]


class FactoryError(Exception):
    """The factory cannot be found or called; the message says why in one sentence."""


def find_factory(spec: str) -> Callable[[], Any]:
    """Return the function that ``package.module:name`` or ``path/to/file.py:name`` means.

    Raises:
        FactoryError: If there is none.
    """
    place, _, name = spec.rpartition(":")
    if not place or not name:
        raise FactoryError(f"A factory is written MODULE:FACTORY or file.py:factory, got {spec!r}.")
    module = _file(Path(place)) if place.endswith(".py") else _module(place)
    found = getattr(module, name, None)
    if found is None:
        near = [n for n in vars(module) if not n.startswith("_") and callable(getattr(module, n))]
        raise FactoryError(f"{place} has no {name!r}; it offers {', '.join(near[:8]) or 'nothing that can be called'}.")
    if not callable(found):
        raise FactoryError(f"{spec} must be a function that takes nothing, got {type(found).__name__}.")
    return found  # type: ignore[no-any-return]


def called(spec: str) -> Any:  # noqa: ANN401
    """Call the factory.

    Raises:
        FactoryError: If it cannot be found, or raises.
    """
    make = find_factory(spec)
    try:
        return make()
    except Exception as error:
        text = str(error).strip().partition("\n")[0]
        raise FactoryError(f"{spec} raised {type(error).__name__}{f': {text}' if text else ''}.") from error


def _module(name: str) -> ModuleType:
    if "" not in sys.path and str(Path.cwd()) not in sys.path:
        sys.path.insert(0, str(Path.cwd()))
    try:
        return importlib.import_module(name)
    except Exception as error:
        raise FactoryError(f"The module {name!r} could not be imported: {type(error).__name__}: {error}.") from error


def _file(path: Path) -> ModuleType:
    if not path.is_file():
        raise FactoryError(f"There is no file {path}.")
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise FactoryError(f"{path} is not a Python file.")
    module = importlib.util.module_from_spec(spec)
    sys.path.insert(0, str(path.parent.resolve()))
    sys.modules.setdefault(path.stem, module)
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise FactoryError(f"{path} could not be run: {type(error).__name__}: {error}.") from error
    return module
