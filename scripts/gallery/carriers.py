"""Which function, test, experiment and finding carries an id of the textbook: read off the source, nothing is run.

A function or module carries what its docstring names after ``Textbook:``, or a table of it names as a string of ids; a
test what its docstring or comments mention, and what a function that it uses carries; an experiment what it declares; a
finding what its docstring names, and what an experiment that shows its mechanism declares.
"""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from scripts.gallery.tests_of import mentioned, using
from scripts.gallery.textbook import ROOT, ids_in

from rhobar.experiments import experiments

__all__ = ["Carriers", "carriers", "declared_ids"]

_DECLARED = re.compile(r"Textbook:((?:.|\n(?!\s*\n))*)")
_CLAIMS = "tests/experiments/test_experiments.py::test_the_claim_holds_and_shows_a_picture"
_Scope = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


@dataclass
class Carriers:
    """What carries one id.

    Attributes:
        functions: Dotted names of functions, classes and modules.
        tests: As pytest names them.
        named: Those of the tests that speak of the id.
        experiments: Names.
        findings: Ids.
    """

    functions: set[str] = field(default_factory=set)
    tests: set[str] = field(default_factory=set)
    named: set[str] = field(default_factory=set)
    experiments: set[str] = field(default_factory=set)
    findings: set[str] = field(default_factory=set)

    def __bool__(self) -> bool:
        """Whether anything carries it; a test alone does not."""
        return bool(self.functions or self.experiments or self.findings)


def carriers() -> dict[str, Carriers]:
    """Return what carries each id that anything names."""
    found: defaultdict[str, Carriers] = defaultdict(Carriers)
    for id_, name in declared_ids():
        finding = re.fullmatch(r"rhobar\.diagnose\.findings\.(\w+)(\..*)?", name)
        if finding:
            found[id_].findings.add(finding[1].replace("_", "-"))
        elif not name.startswith("rhobar.experiments."):
            found[id_].functions.add(name)
    for id_, name in mentioned():
        found[id_].tests.add(name)
        found[id_].named.add(name)
    tests = using()
    for carried in found.values():
        for name in carried.functions:
            carried.tests |= tests.get(name, set())
    for experiment in experiments().values():
        for id_ in experiment.textbook:
            found[id_].experiments.add(experiment.name)
            found[id_].findings.update(experiment.findings)
            found[id_].tests.add(f"{_CLAIMS}[{experiment.name}]")
    return dict(found)


def declared_ids() -> Iterator[tuple[str, str]]:
    """Yield (id, dotted name) of every docstring and table in the library."""
    source = ROOT / "src"
    for path in sorted(source.glob("rhobar/**/*.py")):
        module = ".".join(path.relative_to(source).with_suffix("").parts).removesuffix(".__init__")
        for scope, name in _scopes(ast.parse(path.read_text(encoding="utf-8"))):
            dotted = f"{module}.{name}" if name else module
            for text in _DECLARED.findall(ast.get_docstring(scope) or ""):
                yield from ((i, dotted) for i in ids_in(text))
            yield from ((i, dotted) for i in _tabled(scope))


def _scopes(tree: ast.Module) -> Iterator[tuple[ast.Module | _Scope, str]]:
    """Yield the module, its functions and classes, and their methods, with names inside the module."""
    yield tree, ""
    for node in tree.body:
        if isinstance(node, _Scope):
            yield node, node.name
            if isinstance(node, ast.ClassDef):
                yield from ((inner, f"{node.name}.{inner.name}") for inner in node.body if isinstance(inner, _Scope))


def _tabled(scope: ast.Module | _Scope) -> Iterator[str]:
    """Yield the ids of a module's tables: strings that are nothing but ids."""
    for node in scope.body if isinstance(scope, ast.Module) else ():
        for part in ast.walk(node) if not isinstance(node, _Scope) else ():
            if isinstance(part, ast.Constant) and isinstance(part.value, str):
                named = list(ids_in(part.value))
                if named and not re.sub(r"[ABC](\d{1,2}|-§[\d.]+[a-d]?)|[,\s–]", "", part.value):
                    yield from named
