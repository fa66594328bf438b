"""Matrices, not networks: operators known by their products, and what can be learned from few of them."""

from rhobar.linalg.golub_kahan import SingularValue, largest_singular_value
from rhobar.linalg.operator import LinearOperator

__all__ = ["LinearOperator", "SingularValue", "largest_singular_value"]
