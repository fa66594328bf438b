"""The end of the network cannot produce what its loss or its targets need.

## What it does
Looks at the non-linearity between the last linear map and the loss: a bounded one whose range the
regression targets leave; a softmax over one unit or over the batch; a ReLU or tanh before a loss that
expects logits; logits or plain probabilities where log-probabilities are expected; unbounded values where
probabilities are.

## Why it harms
Targets outside the range leave an error no training removes, and drive the activation into its flat part.
A softmax over one unit is the constant 1; over the batch it normalises samples against each other.

## Threshold
Unreachable targets: the squared distance of the targets from the range, exact over listed values and
otherwise under a normal distribution of the observed mean and deviation, cut at the observed extremes; it
must be 5 % of the variance, the margin with which `Progress` tells a loss from a constant answer's. A run
that ended below half of this floor refutes it. Everything else follows exactly from the domain of the
loss.

## Known false alarms
A network whose bounded end is rescaled afterwards is judged by the range of its predictions and stays
silent; a convolution with ReLU that is pooled into scores (Lin et al., 2014) too.

## Example
`nn.Sequential(..., nn.Linear(25, 1), nn.Sigmoid())` with standardised targets

## Remedy
The loss's own link: none for regression and logits, sigmoid for BCELoss, log_softmax over the classes for
NLLLoss.

## References
McCullagh, Nelder (1989), Generalized Linear Models (canonical links); Lin, Chen, Yan (2014), Network in
network.
"""

import math

from rhobar.diagnose.progress import progress
from rhobar.diagnose.rule import Outcome, Seen, rule, unchecked
from rhobar.diagnose.targets import REGRESSION
from rhobar.record import Evidence, LossFacts, Record, Remedy, TargetFacts, Training

__all__ = ["unreachable_share", "wrong_output_activation"]

RANGES = {
    "sigmoid": (0.0, 1.0), "hardsigmoid": (0.0, 1.0), "softmax": (0.0, 1.0), "tanh": (-1.0, 1.0),
    "hardtanh": (-1.0, 1.0), "relu": (0.0, math.inf), "softplus": (0.0, math.inf), "exp": (0.0, math.inf),
    "abs": (0.0, math.inf), "elu": (-1.0, math.inf), "log_sigmoid": (-math.inf, 0.0),
    "log_softmax": (-math.inf, 0.0),
}  # fmt: skip
POOLING = ("Mean", "AdaptiveAvgPool2D", "AdaptiveAvgPool1D", "AvgPool2D", "AvgPool1D", "Sum")
LOSSLESS = Remedy("Remove the activation after the last layer.", "return self.out(h)  # no activation")


@rule(
    "wrong-output-activation",
    kind="cause",
    why="What the last activation can produce and what the loss or the targets need do not meet.",
    remedy=LOSSLESS,
    explains=(
        "not-learning",
        "underfitting",
        "dead-units",
        "saturated-units",
        "vanishing-gradient",
        "learning-rate-too-low",
        "learning-rate-too-high",
        "too-little-capacity",
        "miscalibration",
        "nonfinite-values",
        "unstable-formula",
        "uninformative-labels",
        "gradient-ascent",
        "exploding-gradient",
        "no-optimizer-step",
        "class-imbalance",
        "unfit-activation",
        "rank-collapse",
        "loss-spike",
        "unoptimized-parameters",
        "detached-parameters",
        "symmetric-initialization",
        "train-mode-evaluation",
        "batch-size-misfit",
        "excessive-regularization",
    ),
    references=(
        "McCullagh, Nelder (1989), Generalized Linear Models",
        "Lin, Chen, Yan (2014), Network in network",
    ),
)
def wrong_output_activation(training: Training, record: Record) -> Outcome:
    """Fire if the last activation does not fit the loss or the targets."""
    loss = training.loss
    failure = record.failure.message if record.failure else ""
    # NaN is outside [0, 1], too, and no activation's fault: a sigmoid's values cannot be anything else.
    bounded = loss is not None and {"sigmoid", "softmax"} & set(loss.link)
    outside = "elements of input should be between 0 and 1" in failure
    if outside and training.nonfinite is None and not bounded:
        return _misfit(
            loss,
            "Binary cross-entropy received values outside [0, 1]",
            1.0,
            0.97,
            Remedy(
                "Apply a sigmoid, or better: hand the logits to the loss that holds it.",
                "loss = F.binary_cross_entropy_with_logits(logits, y)",
            ),
        )
    if loss is None:
        return unchecked("wrong-output-activation", "the loss was not seen")
    seen = _softmax_axis(loss) or _likelihood_end(loss)
    if seen is not None or loss.kind not in REGRESSION:
        return seen
    if training.targets is None:
        return unchecked("wrong-output-activation", "the targets were not seen")
    return _range(training, loss, training.targets)


def _misfit(
    loss: LossFacts | None, text: str, severity: float, confidence: float, remedy: Remedy, *evidence: Evidence
) -> Seen:
    where = (loss.output_layer,) if loss is not None and loss.output_layer else ()
    return Seen(text + ".", severity, confidence, evidence, where, remedy)


def _softmax_axis(loss: LossFacts) -> Seen | None:
    """A softmax over a single unit, or over the batch."""
    shape, dim = loss.output_shape, loss.link_dim
    link = next((name for name in loss.link if name in ("softmax", "log_softmax")), None)
    low, high = loss.output_min, loss.output_max
    only = {"softmax": 1.0, "log_softmax": 0.0}.get(loss.link[0] if loss.link else "")
    constant = only is not None and low is not None and high is not None and abs(low - only) + abs(high - only) < 1e-6
    axis = dim if dim is not None else len(shape) - 1
    one = link is not None and len(shape) >= 2 and axis < len(shape) and shape[axis] == 1 and axis > 0
    if one or (constant and len(shape) <= 2 and math.prod(shape[1:]) == 1):
        return _misfit(
            loss,
            f"A {link} over a single unit always answers {1 if link == 'softmax' else 0}, whatever the input",
            1.0,
            0.98,
            Remedy(
                "Use a sigmoid for one unit, within the loss.",
                "loss = F.binary_cross_entropy_with_logits(logits, y)",
            ),
            Evidence("units under the softmax", 1.0, 2.0),
        )
    classes = loss.kind in ("cross_entropy", "soft_cross_entropy", "nll", "kl_div", "bce")
    if dim == 0 and len(shape) == 2 and classes and (link is not None or loss.kind in ("cross_entropy", "nll")):
        return _misfit(
            loss,
            f"The softmax runs over the {shape[0]} samples of the batch instead of the {shape[1]} classes",
            0.95,
            0.97,
            Remedy("Normalise over the classes.", "log_probs = F.log_softmax(scores, dim=1)"),
            Evidence("axis of the softmax", 0.0, 1.0),
        )
    return None


def _likelihood_end(loss: LossFacts) -> Seen | None:
    """An end that a likelihood cannot read."""
    link, low, high = loss.link[0] if loss.link else "", loss.output_min, loss.output_max
    name = loss.kind.replace("_", " ")
    logits = loss.kind in ("cross_entropy", "soft_cross_entropy", "bce_with_logits")
    clipped = link in ("relu", "tanh", "hardtanh") or (
        loss.kind == "bce_with_logits" and link in ("softplus", "abs", "exp")
    )
    inside = link in RANGES and _within(loss, *RANGES[link])
    if logits and clipped and inside and not _pooled(loss, link):
        bottom, top = RANGES[link]
        return _misfit(
            loss,
            f"A {link} stands before {name}, which needs scores of both signs and any size",
            0.6,
            0.9,
            LOSSLESS,
            Evidence("smallest score possible", bottom, -math.inf),
            Evidence("largest score possible", top, math.inf),
        )
    if loss.kind in ("nll", "kl_div") and link != "log_softmax" and high is not None and not high <= 1e-3:
        end = {"softmax": "probabilities without a logarithm", "": "raw scores"}.get(link, f"the output of {link}")
        return _misfit(
            loss,
            f"{name} expects log-probabilities but receives {end}, up to {high:.3g}",
            0.95,
            0.97,
            Remedy("Apply log_softmax over the classes.", "loss = F.nll_loss(F.log_softmax(scores, dim=1), y)"),
            Evidence("largest value received as a log-probability", high, 0.0),
        )
    if loss.kind == "bce" and link not in ("sigmoid", "softmax", "hardsigmoid", "clamp", "exp"):
        outside = (low is not None and not low >= -1e-6) or (high is not None and not high <= 1 + 1e-6)
        if outside or link in ("relu", "leaky_relu", "tanh", "elu", "gelu", "silu", "softplus"):
            extreme = max((high if high is not None else 0.0) - 1, -(low if low is not None else 0.0))
            return _misfit(
                loss,
                f"Binary cross-entropy expects probabilities but the network ends on {link or 'a linear map'}",
                0.9,
                0.93,
                Remedy(
                    "Hand the linear output to the loss that holds the sigmoid.",
                    "loss = F.binary_cross_entropy_with_logits(self.out(h), y)",
                ),
                Evidence("distance of the predictions from [0, 1]", extreme, 0.0),
            )
    return None


def _pooled(loss: LossFacts, link: str) -> bool:
    """Whether the last activation is averaged before the loss, as where maps are pooled into scores."""
    ops = [op.lower().replace("_", "") for op in loss.chain]
    position = next((i for i, op in enumerate(ops) if op == link.replace("_", "")), None)
    return position is not None and any(op in {p.lower() for p in POOLING} for op in ops[1:position])


def _within(loss: LossFacts, low: float, high: float) -> bool:
    """Whether no prediction seen left the activation's range, as it would if rescaled afterwards."""
    below = loss.output_min is not None and loss.output_min < low - 1e-4
    above = loss.output_max is not None and loss.output_max > high + 1e-4
    return not below and not above


def unreachable_share(targets: TargetFacts, low: float, high: float) -> float:
    """Mean squared distance of the targets from [low, high], divided by their variance.

    Exact over the distinct values if they are listed. Otherwise for t ~ N(μ, σ²), with a = (μ − high)/σ:
    E (t − high)₊² = σ² [(1 + a²) Φ(a) + a φ(a)], and alike below; at most the squared largest distance.

    Example:
        >>> facts = TargetFacts(100, (100,), "float32", minimum=-3.0, maximum=3.0, std=1.0)
        >>> round(unreachable_share(facts, 0.0, 1.0), 2)  # below 0: 0.50, above 1: 0.08
        0.58
    """
    if targets.std <= 0:
        return 0.0 if low <= targets.mean <= high else math.inf
    if targets.frequency:
        pairs = zip(targets.distinct, targets.frequency, strict=False)
        return sum(f * max(low - v, v - high, 0.0) ** 2 for v, f in pairs) / targets.std**2
    total = 0.0
    for a, reach in (
        (targets.mean - high, targets.maximum - high),
        (low - targets.mean, low - targets.minimum),
    ):
        if reach > 0 and math.isfinite(a):
            z = a / targets.std
            tail = (1 + z * z) * math.erfc(-z / math.sqrt(2)) / 2 + z * math.exp(-z * z / 2) / math.sqrt(2 * math.pi)
            total += min(tail, (reach / targets.std) ** 2)
    return total


def _range(training: Training, loss: LossFacts, targets: TargetFacts) -> Outcome:
    link = loss.link[0] if loss.link else ""
    course = progress(training)
    if link not in RANGES or course is None or targets.nonfinite > 0 or not _within(loss, *RANGES[link]):
        return None
    low, high = RANGES[link]
    floor = unreachable_share(targets, low, high)
    dead = link == "relu" and loss.output_max == 0 and targets.maximum > 0
    refuted = course.explained is not None and course.explained > 1 - floor / 2 and loss.kind == "mse"
    if not dead and (not floor >= 0.05 or refuted):
        return None
    if dead and floor < 0.05:
        text = f"The ReLU after the last layer answers 0 on all samples, while the targets reach {targets.maximum:.3g}"
    else:
        text = (
            f"The network ends on {link}, whose values lie in [{low:g}, {high:g}], while the "
            "targets reach from "
            f"{targets.minimum:.3g} to {targets.maximum:.3g}"
        )
    return _misfit(
        loss,
        text,
        min(0.9, 0.4 + floor),
        0.95 if floor >= 0.2 or dead else 0.8,
        LOSSLESS,
        Evidence("squared distance of the targets from that range, in variances", floor, 0.05),
        Evidence("largest target", targets.maximum, high),
        Evidence("smallest target", targets.minimum, low),
    )
