"""A reading: what one watched step showed, layer by layer and parameter by parameter."""

import math
from dataclasses import dataclass

__all__ = ["AttentionReading", "LayerReading", "Moments", "ParameterReading", "Reading"]


@dataclass(frozen=True, slots=True)
class Moments:
    """Summary of one tensor, from at most a bounded number of its elements.

    Attributes:
        size: Number of elements of the tensor.
        read: Number of elements that were read.
        mean: Mean of the finite elements read.
        rms: Root mean square of the finite elements read.
        max_abs: Largest finite magnitude read.
        zero: Share of elements that are exactly zero.
        nonfinite: Share of elements that are NaN or infinite.
    """

    size: int
    read: int
    mean: float
    rms: float
    max_abs: float
    zero: float
    nonfinite: float

    @property
    def std(self) -> float:
        """Standard deviation √(rms² − mean²) of the finite elements read."""
        return math.sqrt(max(self.rms**2 - self.mean**2, 0.0))

    def stderr(self, quantity: str) -> float:
        """Sampling error of one of its numbers, 0 where the tensor was read whole.

        With n of N elements read, each times √(1 − n/N) as nothing is sampled twice,

            s(mean) = √((rms² − mean²)/n),   s(rms) ≤ ½·√((max² − rms²)/n),   s(share) = √(p(1 − p)/n).

        The second follows from s(rms) = s(rms²)/(2·rms) and E[x⁴] ≤ max²·E[x²].

        Args:
            quantity: ``mean``, ``rms``, ``zero`` or ``nonfinite``.

        Example:
            >>> seen = Moments(size=1000, read=100, mean=0.0, rms=1.0, max_abs=3.0, zero=0.5, nonfinite=0.0)
            >>> round(seen.stderr("zero"), 4)
            0.0474

        Reference: Cochran (1977), Sampling Techniques, theorem 2.2.
        """
        if self.read >= self.size or self.read < 1:
            return 0.0
        if quantity == "mean":
            variance = self.rms**2 - self.mean**2
        elif quantity == "rms":
            variance = (self.max_abs**2 - self.rms**2) / 4
        else:
            share: float = getattr(self, quantity)
            variance = share * (1 - share)
        rest = 1 - self.read / self.size
        return math.sqrt(max(variance, 0.0) / self.read * rest) if math.isfinite(variance) else 0.0


@dataclass(frozen=True, slots=True)
class LayerReading:
    """One linear map of the network, with the signal through it and the gradient back.

    Attributes:
        name: Path of the module (or tensor) that owns the weight.
        operation: ``linear``, ``convolution``, ``recurrent``, ``embedding`` or ``matmul``.
        activation: The non-linearity its output goes to next, ``None`` if there is none before the next map.
        fan_in: Number of inputs that one output sums over.
        fan_out: Number of outputs that one input feeds.
        input: The signal entering the map.
        preactivation: z, the map's output (where the graph kept it).
        output: φ(z), the signal after the activation.
        weight: The weight matrix.
        gradient: dL/dz, the gradient arriving at the map's output.
        dead: Share of units that were zero on every sample of this step (ReLU family).
        saturated: Share of unit activations in a flat region of their non-linearity.
        reads_data: Whether the map's input is data rather than another layer.
        normalised: Whether a normalisation stands between this map and its activation.
        residual: Whether the map lies on a branch that is added back to its input.
    """

    name: str
    operation: str
    activation: str | None
    fan_in: int
    fan_out: int
    input: Moments | None = None
    preactivation: Moments | None = None
    output: Moments | None = None
    weight: Moments | None = None
    gradient: Moments | None = None
    dead: float | None = None
    saturated: float | None = None
    reads_data: bool = False
    normalised: bool = False
    residual: bool = False

    @property
    def forward_gain(self) -> float | None:
        """ρ forward: rms(φ(z)) / rms(input); ``None`` where one of them was not seen."""
        if self.input is None or self.output is None or self.input.rms == 0:
            return None
        return self.output.rms / self.input.rms


@dataclass(frozen=True, slots=True)
class AttentionReading:
    """One attention at one step, from some of its queries.

    Attributes:
        name: Path of the map nearest to its logits, that of the queries or of the keys.
        keys: Keys that the median query weighs with more than 0, among those read.
        spread: Standard deviation of the logits over the keys of a query, nats; the median over queries.
        stderr: Standard error of ``spread``.
        passed: 1 − Σ p², the trace of the softmax's Jacobian; mean over queries.
    """

    name: str
    keys: int
    spread: float
    stderr: float
    passed: float


@dataclass(frozen=True, slots=True)
class ParameterReading:
    """One parameter at one step: sizes of weight, gradient and update, as root mean squares."""

    name: str
    size: int
    weight: float
    gradient: float | None = None
    gradient_nonfinite: float = 0.0
    update: float | None = None

    @property
    def update_ratio(self) -> float | None:
        """rms(Δθ) / rms(θ), ``None`` before the first update; infinite for a zero weight that moved."""
        if self.update is None:
            return None
        if self.weight == 0:
            return math.inf if self.update else 0.0
        return self.update / self.weight


@dataclass(frozen=True, slots=True)
class Reading:
    """A watched step.

    Attributes:
        step: Index of the backward pass within its training.
        loss: The loss that was differentiated.
        layers: Linear maps in the order of the forward pass.
        parameters: Every trainable parameter that the training holds or reaches.
        gradient_norm: ‖g‖₂ over all parameters, right after the backward pass.
        applied_norm: ‖g‖₂ when the optimizer read it (differs where the script clips or accumulates).
        uphill: cos(Δθ_t, g_t): below 0 for a step of descent, 1 for one straight up the gradient.
        gradient_cosine: cos(g_t, g_{t−1}) with the reading one step before, over sampled elements.
        gradient_ratio: g_t·g_{t−1}/‖g_{t−1}‖²; below −1 the last step overshot by more than its own length.
        update_cosine: cos(Δθ_t, Δθ_{t−1}), over sampled elements.
        attentions: Attentions in the order of the forward pass.
    """

    step: int
    loss: float
    layers: tuple[LayerReading, ...] = ()
    parameters: tuple[ParameterReading, ...] = ()
    gradient_norm: float | None = None
    applied_norm: float | None = None
    uphill: float | None = None
    gradient_cosine: float | None = None
    gradient_ratio: float | None = None
    update_cosine: float | None = None
    attentions: tuple[AttentionReading, ...] = ()
