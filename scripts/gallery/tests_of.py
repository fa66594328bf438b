"""Which tests speak of an id, and which use a function: read off the test files."""

import ast
import io
import tokenize
from collections import defaultdict
from collections.abc import Iterator
from functools import cache

from scripts.gallery.textbook import ROOT, ids_in

__all__ = ["mentioned", "using"]

_PROGRAMS = ("programs", "healthy")  # scripts under test, not tests


@cache
def _files() -> tuple[tuple[str, str, ast.Module], ...]:
    """Return name, text and tree of every test file."""
    paths = [p.relative_to(ROOT) for p in sorted((ROOT / "tests").glob("**/test_*.py"))]
    texts = {str(p): (ROOT / p).read_text(encoding="utf-8") for p in paths if p.parts[1] not in _PROGRAMS}
    return tuple((name, text, ast.parse(text)) for name, text in texts.items())


def mentioned() -> Iterator[tuple[str, str]]:
    """Yield (id, test) of the comments and docstrings of tests: the test around them, else the file."""
    for name, text, tree in _files():
        for line, words in _said(text, tree):
            around = next((node for node in tree.body if _first(node) <= line <= (node.end_lineno or 0)), None)
            yield from ((i, _test(name, around)) for i in ids_in(words))


def using() -> dict[str, set[str]]:
    """Return the tests that use each function, class or module of rhobar, by its dotted name.

    A test uses what it names after the file imported it from the same top package; a module is used by the tests that
    use something of its ``__all__``; what no test names is used by the tests of the table that lists it.
    """
    named: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for name, _, tree in _files():
        imported = _imported(tree)
        for node in tree.body:
            for module, used in _uses(node, imported):
                named[_top(module), used].add(_test(name, node))
    found: defaultdict[str, set[str]] = defaultdict(set)
    for module, tree in _modules():
        for what in _public(tree):
            tests = named.get((_top(module), what), set())
            found[f"{module}.{what}"] |= tests
            found[module] |= tests
    for table, member in _listed():
        if not found[member]:
            found[member] |= found[table]
    return found


def _uses(node: ast.stmt, imported: dict[str, tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Yield what a statement uses of rhobar: names it imported, and attributes of modules that it imported."""
    for part in ast.walk(node):
        if isinstance(part, ast.Name) and part.id in imported:
            yield imported[part.id]
        elif isinstance(part, ast.Attribute) and isinstance(part.value, ast.Name) and part.value.id in imported:
            yield ".".join(imported[part.value.id]), part.attr


@cache
def _modules() -> tuple[tuple[str, ast.Module], ...]:
    """Return every module of the library with its tree."""
    source, paths = ROOT / "src", sorted((ROOT / "src").glob("rhobar/**/*.py"))
    names = (".".join(p.relative_to(source).with_suffix("").parts).removesuffix(".__init__") for p in paths)
    return tuple((n, ast.parse(p.read_text(encoding="utf-8"))) for n, p in zip(names, paths, strict=True))


def _public(tree: ast.Module) -> list[str]:
    for node in tree.body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            names: list[str] = ast.literal_eval(node.value)
            return names
    return []


def _listed() -> Iterator[tuple[str, str]]:
    """Yield (table, member) for every function or class that a public table lists: who tests the table tests it."""
    for module, tree in _modules():
        imported = _imported(tree)
        for node in tree.body:
            target = (
                node.target
                if isinstance(node, ast.AnnAssign)
                else node.targets[0]
                if isinstance(node, ast.Assign)
                else None
            )
            if isinstance(target, ast.Name) and target.id in _public(tree):
                for used in {part.id for part in ast.walk(node) if isinstance(part, ast.Name)} & set(imported):
                    yield f"{module}.{target.id}", ".".join(imported[used])


def _imported(tree: ast.Module) -> dict[str, tuple[str, str]]:
    """Return what a file imports from modules of rhobar: (module, name) by the name it has here."""
    return {
        alias.asname or alias.name: (node.module or "", alias.name)
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("rhobar.")
        for alias in node.names
    }


def _top(module: str) -> str:
    return ".".join(module.split(".")[:2])


def _test(file: str, node: ast.stmt | None) -> str:
    """Name a test as pytest does; what stands outside of tests belongs to the file."""
    named = isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name.lower().startswith("test")
    return f"{file}::{node.name}" if named else file  # type: ignore[union-attr]


def _said(text: str, tree: ast.Module) -> Iterator[tuple[int, str]]:
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string
    for node in (tree, *tree.body):
        if isinstance(node, ast.Module | ast.FunctionDef | ast.ClassDef):
            yield getattr(node, "lineno", 0), ast.get_docstring(node) or ""


def _first(node: ast.stmt) -> int:
    return min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", ()))])
