"""A network in, numbers out. Every probe leaves the network as it found it.

`statistics`, `jacobian`, `curvature`, `kronecker`, `ntk`, `noise`, `geometry`, `information`, `topology`, `dynamics`,
`landscape`, `uncertainty` and `weights` hold the measurements; `survey` makes any of them on one network and returns
tables. They are loaded when they are used.
"""

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rhobar.probes import (
        curvature,
        dynamics,
        geometry,
        information,
        jacobian,
        kronecker,
        landscape,
        noise,
        ntk,
        statistics,
        survey,
        topology,
        uncertainty,
        weights,
    )

__all__ = [
    "curvature",
    "dynamics",
    "geometry",
    "information",
    "jacobian",
    "kronecker",
    "landscape",
    "noise",
    "ntk",
    "statistics",
    "survey",
    "topology",
    "uncertainty",
    "weights",
]


def __getattr__(name: str) -> object:
    if name in __all__:
        return importlib.import_module(f"rhobar.probes.{name}")
    raise AttributeError(f"module 'rhobar.probes' has no attribute {name!r}; it offers {', '.join(__all__)}.")
