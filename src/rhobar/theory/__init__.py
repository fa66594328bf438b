"""Theory you can run: numbers in, a bound with its assumptions or a prediction out; no model is ever seen.

Scalars are plain floats, tensors are computed in float64, logarithms are natural.

* `learning`: how far the true risk may lie above the training risk; bias and variance;
* `convergence`: rates of descent, the ball that noise leaves, and regret;
* `mean_field`: signals and gradients in wide random networks, order and chaos;
* `random_matrices`: products of them;
* `kernels`: arc-cosine kernels, kernel ridge regression, learning curves (NNGP and NTK: `rhobar.probes.ntk`);
* `information`: identities, channels, the information bottleneck;
* `transport`: optimal transport on a line, of normal distributions, and by Sinkhorn;
* `scaling`: scaling laws with intervals.
"""

from rhobar.theory import (
    convergence,
    information,
    kernels,
    learning,
    mean_field,
    random_matrices,
    scaling,
    transport,
)
from rhobar.theory.bound import Bound

__all__ = [
    "Bound",
    "convergence",
    "information",
    "kernels",
    "learning",
    "mean_field",
    "random_matrices",
    "scaling",
    "transport",
]
