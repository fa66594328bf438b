"""Pages of the public packages: what each ``__all__`` offers, under the module it comes from, with its docstring."""

import importlib
import inspect
import pkgutil
from collections.abc import Iterator, Mapping
from types import ModuleType

import rhobar

__all__ = ["anchors", "api_pages", "packages"]

_PRIVATE = ("rhobar.cli", "rhobar.experiments.")  # commands, and the claims, which have pages of their own


def packages() -> dict[str, ModuleType]:
    """Return the public packages: those whose ``__all__`` offers something."""
    found = {"rhobar": rhobar}
    for module in pkgutil.walk_packages(rhobar.__path__, "rhobar."):
        if module.ispkg and not module.name.startswith(_PRIVATE):
            package = importlib.import_module(module.name)
            if getattr(package, "__all__", ()):
                found[module.name] = package
    return found


def anchors() -> dict[str, str]:
    """Return the place of everything documented, by the dotted name under which it was defined, modules too."""
    places: dict[str, str] = {}
    for name, package in packages().items():
        for home, members in _members(package).items():
            places.setdefault(home, f"api/{name}.html#{_label(home)}")
            for member in members:
                value = getattr(package, member)
                own = f"{home}.{getattr(value, '__name__', member)}"
                places.setdefault(f"{home}.{member}", f"api/{name}.html#{name}.{member}")
                places.setdefault(own, f"api/{name}.html#{name}.{member}")
                places.setdefault(f"{name}.{member}", f"api/{name}.html#{name}.{member}")
    return places


def api_pages() -> dict[str, str]:
    """Return the text of every page by its path."""
    offered = packages()
    pages = {f"api/{name}.rst": _page(name, package, offered) for name, package in offered.items()}
    rows = [f"   * - :doc:`{name}`\n     - {_summary(package)}" for name, package in offered.items()]
    listed = "\n".join(f"   {name}" for name in offered)
    table = ".. list-table::\n   :widths: 35 65\n\n" + "\n".join(rows)
    words = "Every public package with what it offers. What is not listed here is private and may change."
    pages["api/index.rst"] = f"{_title('Reference')}\n{words}\n\n{table}\n\n.. toctree::\n   :hidden:\n\n{listed}\n"
    return pages


def _page(name: str, package: ModuleType, offered: Mapping[str, ModuleType]) -> str:
    parts = [f".. module:: {name}\n", _title(name), f".. automodule:: {name}\n   :no-members:\n   :no-index:\n"]
    inner = [other for other in offered if other.rpartition(".")[0] == name]
    if inner:
        rows = "\n".join(f"   * - :doc:`{other}`\n     - {_summary(offered[other])}" for other in inner)
        parts.append(f".. list-table::\n   :widths: 35 65\n\n{rows}\n")
    groups = _members(package)
    for home, members in groups.items():
        if home != name:
            heading = home.rpartition(".")[2].replace("_", " ").capitalize()
            parts += [f".. _{_label(home)}:\n", _title(heading, "-")]
            parts.append(f".. automodule:: {home}\n   :no-members:\n   :no-index:\n")
        parts += [_directive(f"{name}.{member}", getattr(package, member)) for member in members]
    return "\n".join(parts)


def _members(package: ModuleType) -> dict[str, list[str]]:
    """Return the names that a package offers, by the module in which they are defined."""
    groups: dict[str, list[str]] = {}
    for member in package.__all__:
        value = getattr(package, member)
        if not inspect.ismodule(value) and not member.startswith("__"):
            groups.setdefault(_home(package, member, value), []).append(member)
    return dict(sorted(groups.items()))


def _home(package: ModuleType, member: str, value: object) -> str:
    home = getattr(value, "__module__", None)
    if (inspect.isclass(value) or inspect.isfunction(value)) and str(home).startswith("rhobar."):
        return str(home)
    return next(
        (m for m in _imports(package) if getattr(importlib.import_module(m), member, None) is value), package.__name__
    )


def _imports(package: ModuleType) -> Iterator[str]:
    """Yield the modules of a package, where its constants may come from."""
    for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
        if not module.ispkg and not module.name.endswith("__main__"):
            yield module.name


def _directive(dotted: str, value: object) -> str:
    if inspect.isclass(value):
        kind = "exception" if issubclass(value, BaseException) else "class"
        return f".. auto{kind}:: {dotted}\n   :members:\n   :show-inheritance:\n"
    if inspect.isroutine(value):
        return f".. autofunction:: {dotted}\n"
    return f".. autodata:: {dotted}\n   :no-value:\n"


def _label(module: str) -> str:
    return f"module-{module.replace('.', '-').replace('_', '-')}"


def _title(text: str, mark: str = "=") -> str:
    return f"{text}\n{mark * len(text)}\n"


def _summary(module: ModuleType) -> str:
    return " ".join((module.__doc__ or "").strip().split("\n\n")[0].split()).replace("*", "\\*")
