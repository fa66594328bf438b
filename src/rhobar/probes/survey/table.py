"""The probes by name, and a survey that makes some of them and goes on where one cannot be made."""

import importlib
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from rhobar.probes.survey.reading import Reading
from rhobar.probes.survey.subject import Subject

__all__ = ["PROBES", "Outcome", "chosen", "survey"]

PROBES = {
    "statistics": "signals and gradients of every layer: moments, zeros, saturated and dead units",
    "jacobian": "how each block stretches a signal, ρ̄ over depth, spectra, Lipschitz bounds",
    "hessian": "curvature: top eigenvalues, trace, density, negative directions, layer by layer",
    "ntk": "neural tangent kernel: spectrum, condition, alignment with the labels",
    "noise": "gradient noise scale with its interval, norms of samples, cosines of batches",
    "geometry": "ranks, intrinsic dimension, CKA, neural collapse, invariance to noise, attention",
    "information": "what each layer knows of input and target: the information plane",
    "topology": "clusters and loops that last, Betti curves, bottleneck distances (extra: topology)",
    "dynamics": "recurrent modules: fixed points, Lyapunov exponents, attractors",
    "landscape": "sharpness in two forms, slices, plateau, gradient confusion",
    "uncertainty": "calibration, temperature, doubt, attacks, attribution, membership",
    "weights": "spectra against the random-matrix edge, power laws, cost of low rank",
}


@dataclass(frozen=True)
class Outcome:
    """What became of one probe.

    Attributes:
        name: The probe.
        reading: What it found; None if it could not be made.
        reason: Why not, in one line; empty otherwise.
        seconds: How long it took.
    """

    name: str
    reading: Reading | None
    reason: str
    seconds: float


def chosen(names: Sequence[str]) -> list[str]:
    """Return the probes of these names, each once; all if there is none.

    Raises:
        ValueError: If there is no probe of a name, with the nearest one.

    Example:
        >>> chosen(["hessian", "noise"])
        ['hessian', 'noise']
        >>> chosen(["hesian"])
        Traceback (most recent call last):
            ...
        ValueError: There is no probe 'hesian'; did you mean 'hessian'?
    """
    for name in names:
        if name not in PROBES:
            near = get_close_matches(name, PROBES, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(PROBES)}."
            raise ValueError(f"There is no probe {name!r}; {hint}")
    return list(dict.fromkeys(names)) or list(PROBES)


def survey(subject: Subject, names: Sequence[str] = ()) -> Iterator[Outcome]:
    """Make the probes one after the other; one that fails says why and the others go on.

    Args:
        subject: The network with its loss and data; it is left as it was.
        names: Probes; by default all.

    Yields:
        What became of each.

    Example:
        >>> import torch
        >>> subject = Subject(torch.nn.Linear(2, 2), torch.nn.MSELoss(), [(torch.ones(4, 2), torch.zeros(4, 2))])
        >>> [(outcome.name, outcome.reason) for outcome in survey(subject, ["noise"])]
        [('noise', '')]
    """
    for name in chosen(names):
        start = time.perf_counter()
        reading, reason = None, ""
        try:
            reading = importlib.import_module(f"rhobar.probes.survey.{name}").read(subject)
        except Exception as error:  # of a user's module anything may come; the other probes go on
            text = str(error).strip().partition("\n")[0]
            reason = text or type(error).__name__
        yield Outcome(name, reading, reason, time.perf_counter() - start)
