"""Be told when a module has been imported, without importing it and without leaving a trace.

A script may set environment variables that torch reads once, at its import. So torch is not imported for it:
a finder on `sys.meta_path` waits for the script's own import, and takes itself away when that has succeeded.
"""

import sys
import threading
from collections.abc import Callable, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

__all__ = ["when_imported"]


def when_imported(
    name: str, callback: Callable[[], object], *, on_error: Callable[[Exception], object] | None = None
) -> Callable[[], None]:
    """Call `callback()` once, right after the module `name` has been executed in full.

    It is called at once if the module is there already, and else by whichever import comes first
    (``import torch``, ``from torch import nn``, one made by another library), inside that import. A failed
    import does not count; neither does `importlib.util.find_spec`, which only looks. The loader, the spec and
    `sys.meta_path` are left as they would be without this call.

    Args:
        name: Absolute name of the module.
        callback: What to do; it may import the module itself.
        on_error: Gets an exception that the callback raised, which never breaks the import. By default one
            line is written to stderr.

    Returns:
        A function that cancels the call if it has not happened yet.

    Example:
        >>> seen = []
        >>> cancel = when_imported("this_module_does_not_exist", lambda: seen.append(1))
        >>> cancel()
        >>> when_imported("sys", lambda: seen.append(2))()
        >>> seen
        [2]
    """

    def contained() -> None:
        try:
            callback()
        except Exception as error:
            (on_error or _tell)(error)

    finder = _Finder(name, contained)
    if sys.modules.get(name) is not None:
        contained()
    else:
        sys.meta_path.insert(0, finder)
    return finder.remove


class _Finder(MetaPathFinder):
    """Finds what the other finders find, and has one module's loader report when it is done."""

    def __init__(self, name: str, callback: Callable[[], None]) -> None:
        self.name = name
        self.callback = callback
        self.done = False
        self._asking = threading.local()

    def remove(self) -> None:
        """Stop listening."""
        self.done = True
        if self in sys.meta_path:
            sys.meta_path.remove(self)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return the spec that the others would return, its loader prepared."""
        if self.done or fullname != self.name or getattr(self._asking, "now", False):
            return None
        self._asking.now = True
        try:
            spec = _find_elsewhere(self, fullname, path, target)
        finally:
            self._asking.now = False
        if spec is not None and spec.loader is not None:
            self._prepare(spec.loader)
        return spec

    def _prepare(self, loader: Loader) -> None:
        """Shadow `loader.exec_module` with an attribute of the instance, which removes itself when called."""
        if isinstance(loader, type) or not hasattr(loader, "__dict__"):
            return  # a loader shared with other modules (built in, frozen); torch has a loader of its own
        before = vars(loader).get("exec_module")

        def exec_module(module: ModuleType) -> None:
            if before is None:
                vars(loader).pop("exec_module", None)
            else:
                vars(loader)["exec_module"] = before
            loader.exec_module(module)
            if not self.done:
                self.remove()
                self.callback()

        vars(loader)["exec_module"] = exec_module


def _find_elsewhere(
    skip: MetaPathFinder, name: str, path: Sequence[str] | None, target: ModuleType | None
) -> ModuleSpec | None:
    for finder in list(sys.meta_path):
        find_spec = None if finder is skip else getattr(finder, "find_spec", None)
        spec: ModuleSpec | None = find_spec(name, path, target) if find_spec else None
        if spec is not None:
            return spec
    return None


def _tell(error: Exception) -> None:
    if sys.stderr is not None:
        print(f"rhobar: cannot watch this run: {type(error).__name__}: {error}", file=sys.stderr)
