"""Theory you can run: numbers in, a bound with its assumptions or a prediction out; no model is ever seen.

Scalars are plain floats, tensors are computed in float64, logarithms are natural.

* `learning`: how far the true risk may lie above the training risk;
* `convergence`: rates of descent, the ball that noise leaves, and regret.
"""

from rhobar.theory import convergence, learning
from rhobar.theory.bound import Bound

__all__ = ["Bound", "convergence", "learning"]
