"""What a public constant is: the string under its assignment, and the names in it if it is a table."""

import ast
import importlib.util
import itertools
from collections.abc import Mapping
from pathlib import Path

__all__ = ["described"]


def described(name: str, home: str, value: object) -> list[str]:
    """Return paragraphs about a constant.

    Args:
        name: The constant.
        home: The module that defines it.
        value: Its value.
    """
    spec = importlib.util.find_spec(home)
    body = ast.parse(Path(spec.origin).read_text(encoding="utf-8")).body if spec and spec.origin else []
    words = []
    for node, after in itertools.pairwise(body):
        targets = (
            node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
        )
        if name in [t.id for t in targets if isinstance(t, ast.Name)] and isinstance(after, ast.Expr):
            words.append(" ".join(str(ast.literal_eval(after.value)).split()))
    if isinstance(value, Mapping) and all(isinstance(key, str) for key in value):
        words.append(f"Names: {', '.join(f'``{key}``' for key in value)}.")
    return words
