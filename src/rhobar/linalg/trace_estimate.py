"""What an estimator of a trace returns, and the sizes it refuses."""

from dataclasses import dataclass

from rhobar.linalg.operator import LinearOperator

__all__ = ["TraceEstimate", "check_square"]


@dataclass(frozen=True)
class TraceEstimate:
    """An unbiased estimate of tr A.

    Attributes:
        value: The estimate.
        stderr: Its standard error.
        num_matvecs: Products with A.
    """

    value: float
    stderr: float
    num_matvecs: int


def check_square(A: LinearOperator, num_matvecs: int, least: int) -> None:
    """Refuse what has no trace, or too few products for an error bar.

    Raises:
        ValueError: If A is not square or `num_matvecs` is below `least`.
    """
    if A.shape[0] != A.shape[1]:
        raise ValueError(f"The operator must be square to have a trace or a diagonal, got the shape {A.shape}.")
    if num_matvecs < least:
        raise ValueError(f"num_matvecs must be at least {least}, got {num_matvecs}; fewer give no standard error.")
