"""Records and diagnoses to JSON and back, non-finite numbers included, without pickle.

JSON has no NaN and no infinity: they travel as the strings ``"nan"``, ``"inf"`` and ``"-inf"``.
"""

import dataclasses
import json
import math
import types
from collections.abc import Mapping
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

__all__ = ["from_json", "to_json", "to_plain"]

T = TypeVar("T")
_NONFINITE = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}


def to_plain(value: Any) -> Any:  # noqa: ANN401
    """Turn dataclasses, tuples and floats into what JSON can hold."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: to_plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): to_plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [to_plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return "nan" if math.isnan(value) else ("inf" if value > 0 else "-inf")
    return value


def to_json(value: Any, *, indent: int | None = None) -> str:  # noqa: ANN401
    """Write a dataclass of this package as JSON text.

    Example:
        >>> from rhobar.record import Evidence
        >>> to_json(Evidence("loss", float("nan")))
        '{"quantity": "loss", "value": "nan", "threshold": null, "unit": "", "stderr": null}'
    """
    return json.dumps(to_plain(value), indent=indent, ensure_ascii=False, allow_nan=False)


def from_json(cls: type[T], text: str) -> T:
    """Read back what `to_json` wrote.

    Raises:
        ValueError: If the text is not JSON or lacks a field of `cls`.
    """
    try:
        return _build(cls, json.loads(text))  # type: ignore[no-any-return]
    except (TypeError, KeyError, AttributeError) as error:
        raise ValueError(f"the text must be a {cls.__name__} written by rhobar: {error}.") from error


def _build(kind: Any, plain: Any) -> Any:  # noqa: ANN401
    origin, args = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        rest = [arg for arg in args if arg is not type(None)]
        return None if plain is None else _build(rest[0], plain)
    if dataclasses.is_dataclass(kind):
        hints = get_type_hints(kind)
        return kind(**{key: _build(hints[key], item) for key, item in plain.items()})  # type: ignore[operator]
    if origin is list:
        return [_build(args[0], item) for item in plain]
    if origin is tuple:
        kinds = [args[0]] * len(plain) if args[-1] is Ellipsis else args
        return tuple(_build(k, item) for k, item in zip(kinds, plain, strict=True))
    if origin is dict:
        return {key: _build(args[1], item) for key, item in plain.items()}
    if kind is float and isinstance(plain, str):
        return _NONFINITE[plain]
    return float(plain) if kind is float else plain
