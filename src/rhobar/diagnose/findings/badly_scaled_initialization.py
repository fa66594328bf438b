"""Weights whose initial scale multiplies the signal or the gradient far from 1.

## What it does
Compares the initial deviation of each weight matrix with the range of all standard schemes (LeCun, He,
Xavier, torch's default) and follows signal and gradient through the first reading. Fires when a layer
lies outside that range threefold and the chain product, or the first loss, shows it; also when a plain
deep ReLU stack at standard scale loses its gradient.

## Why it harms
Variance is multiplied by fan_in · Var(w) · E φ'² in every layer: over depth the signal explodes or dies.

## Threshold
A layer three times outside the widest standard scheme multiplies variances nine times more than any of
them. The chain: torch's default (Var w = 1/(3 fan_in)) has gain √(1/6) on ReLU, 4.6·10⁻³ after six
layers; the logarithm of the product fluctuates with deviation ½√(5 Σ 1/n) (Hanin, Nica 2020), a factor
e^0.5 at six layers of width 32: no standard scheme leaves [10⁻³, 10³] at such depths. First loss: outputs
of variance ≤ 2 give at most 3 times the constant answer's squared loss, and less for classes. Beyond 10
times nothing but scale is left, and it fires even if the training recovered.

## Known false alarms
Normalised layers are insensitive to their scale and are not judged; nor are pretrained weights, nor a branch
that a skip connection leads around and that starts small, as a residual branch should.

## Example
`nn.init.normal_(layer.weight, 0, 1)`

## Remedy
He (ReLU) or Xavier (tanh, sigmoid, none).

## References
He, Zhang, Ren, Sun (2015), Delving deep into rectifiers; Glorot, Bengio (2010), Understanding the
difficulty of training deep feedforward neural networks; Hanin, Nica (2020), Products of many large random
matrices.
"""

import math

from rhobar.diagnose.depth import IN_SEQUENCE, backward_profile, chain, forward_profile
from rhobar.diagnose.harm import Harm, harm
from rhobar.diagnose.rule import Outcome, Seen, rule, unchecked
from rhobar.record import Evidence, ParameterFacts, Reading, Record, Remedy, Training

__all__ = ["badly_scaled_initialization", "scheme_distance"]

DISTANCE = 3.0
BAND = 1e3
RECTIFIERS = ("relu", "leaky_relu", "prelu", "elu", "gelu", "silu")


@rule(
    "badly-scaled-initialization",
    kind="cause",
    why="Each layer multiplies the variance of the signal by fan_in · Var(w); over depth it explodes or dies.",
    remedy=Remedy(
        "Initialise by the activation: He for ReLU, Xavier for tanh and sigmoid.",
        "nn.init.kaiming_normal_(layer.weight, nonlinearity='relu')\nnn.init.zeros_(layer.bias)",
    ),
    explains=(
        "learning-rate-too-high",
        "learning-rate-too-low",
        "exploding-gradient",
        "vanishing-gradient",
        "dead-units",
        "saturated-units",
        "not-learning",
        "loss-spike",
        "nonfinite-values",
        "underfitting",
        "rank-collapse",
        "unfit-activation",
        "too-little-capacity",
        "clipping-always-active",
        "excessive-regularization",
        "too-few-epochs",
        "class-imbalance",
        "miscalibration",
        "overfitting",
        "unstable-optimizer-setting",
        "attention-logit-growth",
    ),
    references=(
        "He, Zhang, Ren, Sun (2015), Delving deep into rectifiers",
        "Glorot, Bengio (2010)",
        "Hanin, Nica (2020)",
    ),
)
def badly_scaled_initialization(training: Training, record: Record) -> Outcome:
    """Fire if weights start far from every standard scale, and signal, gradient or first loss show it."""
    hurt = harm(training)
    first = training.readings[0] if training.readings else None
    if hurt is None or first is None or first.step > max(1, hurt.course.num_steps // 100):
        return unchecked("badly-scaled-initialization", "the first step was not read")
    matrices = [p for p in training.parameters if _judged(p, first)]
    if not matrices:
        return None
    far = {p.name: scheme_distance(p) for p in matrices}
    worst = max(matrices, key=lambda p: max(far[p.name], 1 / far[p.name]))
    forward, backward = forward_profile(first), backward_profile(first)
    up = forward.product if forward else math.nan
    down = backward.product if backward else math.nan
    excess = hurt.excess if hurt.excess is not None else math.nan
    off = [p for p in matrices if not 1 / DISTANCE < far[p.name] < DISTANCE]
    if off:
        seen = _outside(up, forward is not None) or _outside(down, backward is not None)
        recovered = not hurt.falls_short and hurt.course.learned
        shown = excess > 10 if recovered else (seen or excess > 3 or not hurt.course.finite)
        return _seen(worst, far[worst.name], up, down, hurt, 0.9 if len(off) > 1 else 0.75) if shown else None
    rectified = all(layer.activation in (*RECTIFIERS, None) for layer in chain(first))
    if rectified and len(chain(first)) > 3 and backward is not None and down < 1 / BAND and hurt.falls_short:
        return _seen(worst, far[worst.name], up, down, hurt, 0.6)
    return None


def scheme_distance(p: ParameterFacts) -> float:
    """Initial deviation over the nearest standard scheme's; 1 inside their range.

    With f fan-in and g fan-out the schemes are 1/√(3f) (torch), 1/√f (LeCun), √(2/f) (He), √(2/(f + g))
    (Xavier) and √(2/g).
    """
    f, g, std = p.fan_in, max(p.fan_out, 1), p.initial_std or 0.0
    schemes = (
        1 / math.sqrt(3 * f),
        1 / math.sqrt(f),
        math.sqrt(2 / f),
        math.sqrt(2 / (f + g)),
        math.sqrt(2 / g),
    )
    return std / max(schemes) if std > max(schemes) else min(1.0, std / min(schemes))


def _judged(p: ParameterFacts, first: Reading) -> bool:
    """Whether the scale of a matrix matters: the signal must pass it, or it is large and may drown the skip."""
    owner = p.name.removesuffix(".weight")
    layer = next((x for x in first.layers if x.name in (owner, p.name) and x.operation in IN_SEQUENCE), None)
    matrix = len(p.shape) >= 2 and p.fan_in > 0 and bool(p.initial_std)
    if layer is None or layer.normalised or not matrix or not p.trainable or p.moved_before:
        return False
    return not layer.residual or scheme_distance(p) >= DISTANCE


def _outside(product: float, known: bool) -> bool:
    return known and not 1 / BAND <= product <= BAND


def _seen(p: ParameterFacts, distance: float, up: float, down: float, hurt: Harm, confidence: float) -> Seen:
    he = math.sqrt(2 / p.fan_in)
    evidence = [
        Evidence(
            "initial standard deviation over the nearest standard scheme's",
            distance,
            DISTANCE if distance > 1 else 1 / DISTANCE,
        ),
        Evidence("chain product of the signal at the first step", up, BAND if up > 1 else 1 / BAND),
        Evidence("chain product of the gradient at the first step", down, BAND if down > 1 else 1 / BAND),
        Evidence("first training loss", hurt.course.start, hurt.course.constant),
    ]
    return Seen(
        summary=f"{p.name} starts with a standard deviation of {p.initial_std:.3g} where He's is "
        f"{he:.3g}; the signal is multiplied "
        f"by {up:.3g} over the depth and the gradient by {down:.3g}, and the first loss is "
        f"{hurt.course.start:.3g}.",
        severity=0.9 if hurt.falls_short else 0.5,
        confidence=confidence,
        where=(p.name,),
        evidence=tuple(e for e in evidence if not math.isnan(e.value)),
        remedy=Remedy(
            "Initialise by the activation: He for ReLU, Xavier for tanh and sigmoid.",
            f"nn.init.normal_({p.name}, std={he:.3g})  # He: sqrt(2 / fan_in)",
        ),
    )
