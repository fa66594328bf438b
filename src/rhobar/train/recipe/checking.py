"""Check what a recipe says against the signature of what it is for: names, types, and the nearest right name."""

import inspect
from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

__all__ = ["RecipeError", "checked_options", "checked_value", "described", "known"]


class RecipeError(ValueError):
    """A recipe says something that cannot be done."""


def known(name: str, names: Iterable[str], where: str) -> str:
    """Return the name if it is one of those allowed.

    Raises:
        RecipeError: If not; the message gives the nearest one.
    """
    allowed = list(names)
    if name in allowed:
        return name
    nearest = get_close_matches(str(name), allowed, 1, 0.4)
    hint = f"did you mean {nearest[0]!r}? " if nearest else ""
    raise RecipeError(f"{where} has no {name!r}; {hint}It knows {', '.join(allowed) or 'no options'}.")


def checked_options(function: Callable[..., Any], options: Mapping[str, Any], where: str) -> dict[str, Any]:
    """Return options as the keyword-only arguments of a function want them.

    Names that are not among them, or values of another type, are refused (RecipeError).

    Args:
        function: What is to be called with them.
        options: As read from TOML or the command line.
        where: What to call the place in messages, such as ``[model] mlp``.

    Example:
        >>> def mlp(data, *, hidden: list[int], dropout: float = 0.0): ...
        >>> checked_options(mlp, {"dropout": 0}, "[model] mlp")
        {'dropout': 0.0}
    """
    hints = get_type_hints(function)
    parameters = inspect.signature(function).parameters.values()
    allowed = [p.name for p in parameters if p.kind is p.KEYWORD_ONLY]
    return {
        key: checked_value(value, hints.get(known(key, allowed, where), Any), f"{where}: {key}")
        for key, value in options.items()
    }


def checked_value(value: Any, kind: Any, where: str) -> Any:  # noqa: ANN401
    """Return a value as the type that is wanted: whole numbers pass as floats, lists as tuples.

    Raises:
        RecipeError: If it is of another type.
    """
    origin, arguments = get_origin(kind), get_args(kind)
    if kind is Any:
        return value
    if origin in (Union, UnionType):
        if value is None and NoneType in arguments:
            return None
        return checked_value(value, next(a for a in arguments if a is not NoneType), where)
    if origin is Literal:
        return known(value, arguments, where)
    if origin in (list, tuple) and isinstance(value, list | tuple):
        if origin is tuple and Ellipsis not in arguments and len(arguments) != len(value):
            raise RecipeError(f"{where} must be {described(kind)}, got {len(value)} values.")
        return origin(checked_value(part, arguments[0], where) for part in value)
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if isinstance(kind, type) and isinstance(value, kind) and not (isinstance(value, bool) and kind is not bool):
        return value
    raise RecipeError(f"{where} must be {described(kind)}, got {value!r}.")


def described(kind: Any) -> str:  # noqa: ANN401
    """Return a type in plain words."""
    words = {int: "a whole number", float: "a number", bool: "true or false", str: "a text in quotes"}
    if kind in words:
        return words[kind]
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        return " or ".join(described(a) for a in arguments if a is not NoneType)
    if origin is tuple and Ellipsis not in arguments:
        return f"a list of {len(arguments)} values, each {described(arguments[0])}"
    if origin in (list, tuple):
        return f"a list of values, each {described(arguments[0])}"
    return str(kind)
