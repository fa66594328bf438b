"""Columns as a data frame of the library that the reader works with."""

from collections.abc import Mapping
from typing import Any

__all__ = ["FORMS", "as_table"]

FORMS = ("pandas", "polars", "arrow")
"""Whose data frames a table can be had as."""


def as_table(columns: Mapping[str, list[Any]], kinds: Mapping[str, str], form: str) -> Any:  # noqa: ANN401
    """Columns as a data frame; ints, floats and texts whatever they hold, also if they hold nothing.

    In polars and Arrow, null is what was not seen and NaN what is not a number; pandas has NaN for both.

    Raises:
        ValueError: If the form is another one.
        ImportError: If its library is not installed.

    Example:
        >>> as_table(
        ...     {"step": [0, 1], "loss": [2.5, float("nan")]}, {"step": "INTEGER", "loss": "REAL"}, "arrow"
        ... ).num_rows
        2
    """
    if form not in FORMS:
        raise ValueError(f"as_ must be one of {', '.join(FORMS)}, got {form!r}.")
    try:
        if form == "pandas":
            import pandas

            dtypes = {"INTEGER": "int64", "REAL": "float64", "TEXT": "object"}
            made = {k: pandas.Series(v, dtype=dtypes[kinds[k]]) for k, v in columns.items()}
            return pandas.DataFrame(made)
        if form == "polars":
            import polars

            types = {"INTEGER": polars.Int64, "REAL": polars.Float64, "TEXT": polars.String}
            return polars.DataFrame(dict(columns), schema={k: types[kinds[k]] for k in columns})
        import pyarrow

        arrow = {"INTEGER": pyarrow.int64(), "REAL": pyarrow.float64(), "TEXT": pyarrow.string()}
        return pyarrow.table({k: pyarrow.array(v, arrow[kinds[k]]) for k, v in columns.items()})
    except ImportError as error:
        raise ImportError(f"This needs {form}; install the extra: pip install 'rhobar[export]'.") from error
