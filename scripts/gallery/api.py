"""Pages of the public packages: what each ``__all__`` offers, under the module it comes from, with its docstring.

What several packages offer is documented in the first of them, the others lead there.
"""

import importlib
import inspect
import pkgutil
from collections.abc import Mapping
from functools import cache
from types import ModuleType

from scripts.gallery.docstrings import escaped
from scripts.gallery.tables import described

import rhobar

__all__ = ["anchors", "api_pages", "packages"]

_PRIVATE = ("rhobar.cli", "rhobar.experiments.")  # commands, and the claims, which have pages of their own

_METADATA = "set_fit_request, set_score_request, set_predict_request"  # scikit-learn adds them to its estimators


@cache
def packages() -> dict[str, ModuleType]:
    """Return the public packages, the shallow first: those whose ``__all__`` offers something."""
    found = {"rhobar": rhobar}
    for module in pkgutil.walk_packages(rhobar.__path__, "rhobar."):
        if module.ispkg and not module.name.startswith(_PRIVATE):
            package = importlib.import_module(module.name)
            if getattr(package, "__all__", ()):
                found[module.name] = package
    return dict(sorted(found.items(), key=lambda named: (named[0].count("."), named[0])))


@cache
def _members() -> dict[str, dict[str, list[str]]]:
    """Return what each package offers first, by the module in which it is defined."""
    seen: set[tuple[str, int]] = set()
    offered: dict[str, dict[str, list[str]]] = {}
    for name, package in packages().items():
        groups: dict[str, list[str]] = {}
        for member in package.__all__:
            value = getattr(package, member)
            if inspect.ismodule(value) or member.startswith("__") or (member, id(value)) in seen:
                continue
            seen.add((member, id(value)))
            groups.setdefault(_home(package, member, value), []).append(member)
        offered[name] = dict(sorted(groups.items()))
    return offered


def anchors() -> dict[str, str]:
    """Return the place of everything documented, by each dotted name it has, modules too."""
    places: dict[str, str] = {}
    for name, package in packages().items():
        for home, members in _members()[name].items():
            places.setdefault(home, f"api/{name}.html#{_label(home)}" if home != name else f"api/{name}.html")
            for member in members:
                value = getattr(package, member)
                for dotted in (f"{home}.{member}", f"{home}.{getattr(value, '__name__', member)}", f"{name}.{member}"):
                    places.setdefault(dotted, f"api/{name}.html#{name}.{member}")
    for name, package in packages().items():
        for member in package.__all__:
            first = _first(member, getattr(package, member))
            if first:
                places.setdefault(f"{name}.{member}", f"api/{first}.html#{first}.{member}")
    return places


def _first(member: str, value: object) -> str:
    """Return the package that documents a member."""
    for name, groups in _members().items():
        if any(member in some for some in groups.values()) and getattr(packages()[name], member) is value:
            return name
    return ""


def api_pages() -> dict[str, str]:
    """Return the text of every page by its path."""
    labels: set[str] = set()
    pages = {f"api/{name}.rst": _page(name, package, labels) for name, package in packages().items()}
    listed = "\n".join(f"   {name.removeprefix('rhobar.')} <{name}>" for name in sorted(packages()))
    words = "Every public package with what it offers. What is not listed here is private and may change."
    parts = [_title("Reference"), f"{words}\n", _summaries(packages()), f".. toctree::\n   :hidden:\n\n{listed}\n"]
    pages["api/index.rst"] = "\n".join(parts)
    return pages


def _page(name: str, package: ModuleType, labels: set[str]) -> str:
    parts = [_title(name), f".. automodule:: {name}\n   :no-members:\n"]
    inner = {other: module for other, module in packages().items() if other.rpartition(".")[0] == name}
    if inner:
        parts.append(_summaries(inner))
    groups = _members()[name]
    shown = {member for members in groups.values() for member in members}
    again = [(m, _first(m, getattr(package, m))) for m in package.__all__ if m not in shown]
    also = [f":py:obj:`{m} <{first}.{m}>`" for m, first in again if first]
    if also:
        parts.append(f"Also here: {', '.join(also)}.\n")
    for home, members in groups.items():
        if home != name:
            if home not in labels:
                parts.append(f".. _{_label(home)}:\n")
            labels.add(home)
            parts.append(_title(home.rpartition(".")[2].replace("_", " ").capitalize(), "-"))
            parts.append(f".. automodule:: {home}\n   :no-members:\n   :no-index:\n")
        parts += [_directive(f"{name}.{m}", home, getattr(package, m)) for m in members]
    return "\n".join(parts)


def _home(package: ModuleType, member: str, value: object) -> str:
    home = str(getattr(value, "__module__", None))
    if (inspect.isclass(value) or inspect.isfunction(value)) and home.startswith("rhobar."):
        return home
    for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
        if not module.ispkg and member in getattr(importlib.import_module(module.name), "__all__", ()):
            return module.name
    return package.__name__


def _directive(dotted: str, home: str, value: object) -> str:
    if inspect.isclass(value):
        kind = "exception" if issubclass(value, BaseException) else "class"
        bases = "" if value.__bases__ == (object,) else "   :show-inheritance:\n"
        return f".. auto{kind}:: {dotted}\n   :members:\n   :exclude-members: {_METADATA}\n{bases}"
    if inspect.isroutine(value):
        return f".. autofunction:: {dotted}\n"
    words = "\n\n".join(f"   {escaped(part)}" for part in described(dotted.rpartition(".")[2], home, value))
    return f".. py:data:: {dotted}\n\n{words}\n"


def _label(module: str) -> str:
    return f"module-{module.replace('.', '-').replace('_', '-')}"


def _title(text: str, mark: str = "=") -> str:
    return f"{text}\n{mark * len(text)}\n"


def _summaries(some: Mapping[str, ModuleType]) -> str:
    rows = [f"   * - :doc:`{name} <{name}>`\n     - {_summary(module)}" for name, module in some.items()]
    return ".. list-table::\n   :widths: 35 65\n\n" + "\n".join(rows) + "\n"


def _summary(module: ModuleType) -> str:
    return escaped(" ".join((module.__doc__ or "").strip().split("\n\n")[0].split()))
