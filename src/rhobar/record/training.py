"""A training: one loss driven into one set of parameters, as far as it was seen."""

from dataclasses import dataclass, field

from rhobar.record.reading import Reading

__all__ = [
    "BEFORE",
    "Answers",
    "CollapsedPair",
    "Evaluation",
    "FurtherFit",
    "InputFacts",
    "LabelProbe",
    "LossFacts",
    "ModeFacts",
    "Nonfinite",
    "OptimizerFacts",
    "ParameterFacts",
    "RateProbe",
    "RedundantBias",
    "ReplicaFacts",
    "Representation",
    "ScalingFacts",
    "SplitProbe",
    "StructureFacts",
    "SubsetFit",
    "TargetFacts",
    "Training",
]


@dataclass(frozen=True)
class LossFacts:
    """The loss as its autograd graph spells it.

    Attributes:
        kind: ``cross_entropy``, ``soft_cross_entropy``, ``nll``, ``mse``, ``l1``, ``huber``, ``bce``,
            ``bce_with_logits``, ``kl_div``, ``poisson_nll``, … or ``custom``.
        chain: Operation names from the loss towards the last linear map.
        link: Non-linearities between the last linear map and the loss's own formula, nearest the loss first.
        link_dim: Axis of a softmax link, if there is one (non-negative).
        output_shape: Shape of what the loss received as its prediction.
        target_shape: Shape of the target, where it was seen.
        broadcast: The shape that prediction and target were silently broadcast to, if they were.
        num_terms: Number of loss terms that are added up.
        num_penalties: How many of them are norms of the weights alone.
        output_min: Smallest prediction seen.
        output_max: Largest prediction seen.
        output_layer: Name of the last linear map.
        reduction: ``mean``, ``sum``, ``none`` or ``unknown``.
        weighted: Whether classes or elements were given weights of their own.
        smoothing: Share of each label that is spread over all classes.
    """

    kind: str
    chain: tuple[str, ...] = ()
    link: tuple[str, ...] = ()
    link_dim: int | None = None
    output_shape: tuple[int, ...] = ()
    target_shape: tuple[int, ...] | None = None
    broadcast: tuple[int, ...] | None = None
    num_terms: int = 1
    num_penalties: int = 0
    output_min: float | None = None
    output_max: float | None = None
    output_layer: str | None = None
    reduction: str = "unknown"
    weighted: bool = False
    smoothing: float = 0.0


@dataclass(frozen=True)
class CollapsedPair:
    """Two linear maps that follow each other with nothing non-linear between them.

    Attributes:
        first: Name of the first map.
        second: Name of the second.
        width: Features between them.
        rank: min(inputs of the first, outputs of the second): the rank the pair could need.
    """

    first: str
    second: str
    width: int
    rank: int


@dataclass(frozen=True)
class RedundantBias:
    """A bias that the normalisation behind its map subtracts again.

    Attributes:
        name: Name of the bias.
        weight: Name of the weight of its map.
        size: Number of values.
    """

    name: str
    weight: str
    size: int


@dataclass(frozen=True)
class StructureFacts:
    """What the graph between the data and the loss is made of.

    Attributes:
        num_maps: Linear maps with weights of their own.
        nonlinearities: Non-linear operations between the first and the last of them, each name once.
        collapsed: Pairs of maps that could be one.
        normalisations: Normalisation layers met.
        hand_written: Operations of the loss or a layer that have a stable form but were spelled out
            (``log(softmax)``, ``log(sigmoid)``, an ``exp`` that overflows, ``sqrt`` of a value that reaches 0).
        redundant_biases: Biases that a normalisation removes.
    """

    num_maps: int = 0
    nonlinearities: tuple[str, ...] = ()
    collapsed: tuple[CollapsedPair, ...] = ()
    normalisations: int = 0
    hand_written: tuple[str, ...] = ()
    redundant_biases: tuple[RedundantBias, ...] = ()


@dataclass(frozen=True)
class InputFacts:
    """The data that enters the first linear map, over all rows read.

    Attributes:
        num_rows: Rows read.
        num_features: Features per row (channels for images and sequences).
        mean: Mean of each feature (at most 4096 of them).
        std: Standard deviation of each feature.
        nonfinite: Share of elements that are NaN or infinite.
        nonfinite_where: First offending ``(step, row, feature)``.
        nonfinite_features: Indices of the features with non-finite values.
        integer: Whether the data are indices for an embedding.
        shape: Shape of one batch.
        given_finite: Whether what the model was given was finite at every place where this is not.
    """

    num_rows: int
    num_features: int
    mean: tuple[float, ...] = ()
    std: tuple[float, ...] = ()
    nonfinite: float = 0.0
    nonfinite_where: tuple[int, int, int] | None = None
    nonfinite_features: tuple[int, ...] = ()
    integer: bool = False
    shape: tuple[int, ...] = ()
    given_finite: bool = False


@dataclass(frozen=True)
class TargetFacts:
    """The targets that the loss received, over all rows read.

    Attributes:
        num_rows: Number of target rows read.
        shape: Shape of one batch of targets.
        dtype: Their torch dtype, as text.
        minimum: Smallest finite value.
        maximum: Largest finite value.
        mean: Mean of the finite values.
        std: Standard deviation around each column's own mean (what a constant answer leaves unexplained).
        offset: Largest |column mean|.
        nonfinite: Share of non-finite values.
        nonfinite_where: First offending ``(step, row)``.
        integral: Whether every value is a whole number.
        distinct: Distinct values, if at most 64.
        frequency: Their shares, in the order of ``distinct``.
        one_hot: Whether every row holds a single one among zeros (at least two columns).
        constant_batches: Whether each batch held a single value.
        row_sum_error: Largest |row sum − 1| (rows of at least two columns).
        batch_switches: Share of neighbours in a batch with different labels, divided by what a shuffled order
            gives (1 for i.i.d. batches, near 0 for sorted ones).
        batch_purity: Mean share of a batch's commonest label.
        batch_spread: Variance of the batches' mean targets over that of the rows' (1/B for batches of B rows drawn at
            random, 1 for rows sorted by target); ``None`` with fewer than 8 batches.
        constant_loss: Mean loss of the best constant answer under the training's loss, ``None`` if unknown.
        floor_loss: The least that a perfect answer scores: the entropy of smoothed labels, else 0.
    """

    num_rows: int
    shape: tuple[int, ...]
    dtype: str
    minimum: float = 0.0
    maximum: float = 0.0
    mean: float = 0.0
    std: float = 0.0
    offset: float = 0.0
    nonfinite: float = 0.0
    nonfinite_where: tuple[int, int] | None = None
    integral: bool = False
    distinct: tuple[float, ...] = ()
    frequency: tuple[float, ...] = ()
    one_hot: bool = False
    constant_batches: bool = False
    row_sum_error: float | None = None
    batch_switches: float | None = None
    batch_purity: float | None = None
    batch_spread: float | None = None
    constant_loss: float | None = None
    floor_loss: float = 0.0


@dataclass(frozen=True)
class OptimizerFacts:
    """The optimizer that steps this training."""

    kind: str
    settings: dict[str, float] = field(default_factory=dict)
    num_groups: int = 1
    num_parameters: int = 0
    num_steps: int = 0
    schedulers: tuple[str, ...] = ()


@dataclass(frozen=True)
class ParameterFacts:
    """One parameter over the whole training.

    Attributes:
        name: Its path in the model, or its shape if it has none.
        shape: Its shape.
        module: Type of the module that owns it.
        trainable: ``requires_grad`` at the end.
        used: Whether its module took part in a forward pass.
        reached: Whether a loss's graph led to it.
        held: Whether an optimizer holds it.
        has_gradient: Whether a gradient ever arrived.
        zero_gradient: Whether all gradients seen were exactly zero.
        moved: Whether its value ever changed while it was watched.
        moved_before: Whether its value had been trained or loaded before this training.
        fresh: Whether it began as an initialiser draws it, by the shape of its distribution.
        movement: ‖θ_T − θ_0‖ / ‖θ_0‖ over sampled elements.
        identical_units: Share of its rows (units) that are equal to another row at the start.
        identical_units_end: The same at the end.
        initial_std: Standard deviation at the start.
        fan_in: Number of inputs one output sums over (matrices and kernels).
        fan_out: Number of outputs one input feeds.
    """

    name: str
    shape: tuple[int, ...]
    module: str = ""
    trainable: bool = True
    used: bool = True
    reached: bool = True
    held: bool = True
    has_gradient: bool = True
    zero_gradient: bool = False
    moved: bool = True
    moved_before: bool = False
    fresh: bool = False
    movement: float | None = None
    identical_units: float = 0.0
    identical_units_end: float = 0.0
    initial_std: float | None = None
    fan_in: int = 0
    fan_out: int = 0

    @property
    def left_out(self) -> bool:
        """Whether a gradient arrived, was not zero, and nobody used it."""
        wanted = self.has_gradient and not self.zero_gradient
        return wanted and not (self.held or self.moved or self.moved_before)


@dataclass(frozen=True)
class Evaluation:
    """A run of forward passes that no backward pass followed: validation or test.

    Attributes:
        step: Backward passes of the training before it.
        num_batches: Forward passes in it.
        num_rows: Samples in it.
        loss: Mean loss, weighted by samples; ``None`` if no loss was computed that could be seen.
        accuracy: Share of correct labels, where labels could be paired with outputs.
        training_mode: Whether the model was in train mode; beside other models, one whose answers depend on the mode.
        overlap: Share of its rows that were also seen in training, ``None`` if not read.
        stderr: Standard error of ``loss`` over rows, ``None`` if the losses of rows were not seen.
        change_stderr: Standard error, over rows, of its difference to the lowest loss of the same set before it.
    """

    step: int
    num_batches: int
    num_rows: int
    loss: float | None = None
    accuracy: float | None = None
    training_mode: bool = False
    overlap: float | None = None
    source: str = ""
    stderr: float | None = None
    change_stderr: float | None = None


@dataclass(frozen=True)
class ModeFacts:
    """Train/eval mode of the model while it was trained.

    Attributes:
        has_dropout: Whether a dropout with p > 0 is in the model.
        has_batch_norm: Whether a batch normalisation with running statistics is in the model.
        max_dropout: Largest p of any dropout.
        steps: Forward passes that a backward pass followed.
        eval_steps: How many of them ran with the whole model in eval mode.
        smallest_norm_batch: Fewest values per channel that a train-mode batch norm averaged over.
        train_loss: Loss of the kept batch with the model in train mode at the end, if it could be recomputed.
        eval_loss: The same in eval mode.
        batch_loss: The same in eval mode, but with batch normalisation by the statistics of the batch itself.
    """

    has_dropout: bool = False
    has_batch_norm: bool = False
    max_dropout: float = 0.0
    steps: int = 0
    eval_steps: int = 0
    smallest_norm_batch: int | None = None
    train_loss: float | None = None
    eval_loss: float | None = None
    batch_loss: float | None = None


BEFORE = "step before the first layer"
"""The operation of a non-finite value that a model made of finite data where no gradient history shows how."""


@dataclass(frozen=True)
class Nonfinite:
    """The first non-finite value.

    Attributes:
        step: Backward pass at which it was seen.
        where: Module or parameter path.
        phase: ``input``, ``target``, ``parameter``, ``forward``, ``loss`` or ``backward``.
        operation: The autograd operation that held it.
        born: Whether that operation's own inputs were finite.
        detail: What fed the operation, in words.
        fed_finite: Whether what fed the operation was seen to be finite.
        rows: Rows of the batch in which it stood (the first 16), empty if it stood in all or they are not known.
        num_rows: How many such rows there were, ``None`` if not known.
        batch: Rows of that batch, ``None`` if not known.
        loss_scale: Factor that a scaler had put on the loss, ``None`` without one.
    """

    step: int
    where: str
    phase: str
    operation: str
    born: bool
    detail: str = ""
    fed_finite: bool = False
    rows: tuple[int, ...] = ()
    num_rows: int | None = None
    batch: int | None = None
    loss_scale: float | None = None


@dataclass(frozen=True)
class ScalingFacts:
    """The loss scale of mixed precision, as far as it was read.

    Attributes:
        first: Scale of the first loss.
        last: Scale of the latest reading or skipped step.
        lowest: Smallest scale seen. Below 1 not the scale overflowed: the gradients themselves did.
        skipped: Optimizer steps that the scaler skipped because a gradient was not finite.
    """

    first: float
    last: float
    lowest: float
    skipped: int


@dataclass(frozen=True)
class ReplicaFacts:
    """The ranks of a distributed training side by side.

    Attributes:
        num_ranks: Ranks that share the model.
        rank: The rank that this record is of.
        steps: Readings that all ranks had.
        losses: Of each of them the step, and mean, smallest and largest loss over the ranks.
        parted: First of these steps at which weights differed, ``None`` if they never did.
        parted_names: The parameters that did (the first 16).
        weight_gap: Largest difference of a parameter's projection between ranks, relative to its root mean square.
        same_rows: Share of a batch's rows that another rank had at the same step too: median over the readings of the
            largest over pairs of ranks; ``None`` if rows were not read.
    """

    num_ranks: int
    rank: int
    steps: int = 0
    losses: tuple[tuple[int, float, float, float], ...] = ()
    parted: int | None = None
    parted_names: tuple[str, ...] = ()
    weight_gap: float = 0.0
    same_rows: float | None = None


@dataclass(frozen=True)
class LabelProbe:
    """How well simple models predict the targets from the inputs, on rows held out.

    Attributes:
        score: Held-out accuracy (classes) or R² (real targets) of the best probe.
        chance: What the best constant answer scores.
        stderr: Standard error of ``score``.
        num_rows: Rows used.
        probe: Which probe scored best.
        ordinal: Share of the between-class scatter along one direction (1: the classes lie in a line).
        recall: Mean over the classes of the share of their rows that a probe finds.
        recall_stderr: Its standard error.
        num_classes: Classes among the rows.
    """

    score: float
    chance: float
    stderr: float
    num_rows: int
    probe: str
    ordinal: float | None = None
    recall: float | None = None
    recall_stderr: float | None = None
    num_classes: int | None = None

    @property
    def informative(self) -> bool:
        """Whether a probe beats chance by two standard errors, in accuracy or R², or in its mean recall."""
        if self.score - 2 * self.stderr > self.chance:
            return True
        if self.recall is None or self.recall_stderr is None or not self.num_classes:
            return False
        return self.recall - 3 * self.recall_stderr > 1 / self.num_classes


@dataclass(frozen=True)
class RateProbe:
    """The loss along the last update, from the model as the training left it.

    Attributes:
        factors: Multiples of the update that were tried.
        losses: Mean loss over the kept batches at each of them.
        start: Loss without any update.
    """

    factors: tuple[float, ...]
    losses: tuple[float, ...]
    start: float


@dataclass(frozen=True)
class SplitProbe:
    """How well simple models tell the rows of an evaluation from those trained on, on rows held out.

    Attributes:
        source: The evaluation's place in the program, as in `Evaluation.source`.
        score: Held-out accuracy, with as many rows of one side as of the other.
        stderr: Standard error of ``score``; chance is one half.
        num_rows: Rows used.
        distance: Root mean square of the median feature in the evaluation, in standard deviations of the training
            rows around their mean; 1 if the rows are alike.
    """

    source: str
    score: float
    stderr: float
    num_rows: int
    distance: float = 1.0


@dataclass(frozen=True)
class SubsetFit:
    """What the trained network comes to on one kept batch, if it is trained further on that batch alone.

    Attributes:
        num_rows: Rows of the batch.
        num_steps: Steps taken.
        loss: Lowest loss on the way.
    """

    num_rows: int
    num_steps: int
    loss: float


@dataclass(frozen=True)
class FurtherFit:
    """What a copy of the trained network comes to if its own optimizer goes on with it.

    Attributes:
        num_steps: Steps taken.
        num_rows: Rows that the losses are means over; no step was taken on them.
        before: Loss of the network as it was left.
        after: Loss after the steps.
        stderr: Standard error of the difference, from parts of the rows.
        factor: Learning rate of these steps over the rate of the training's last step.
    """

    num_steps: int
    num_rows: int
    before: float
    after: float
    stderr: float
    factor: float = 1.0

    @property
    def gain(self) -> float:
        """What the steps brought: the loss before less the loss after."""
        return self.before - self.after


@dataclass(frozen=True)
class Representation:
    """What enters a map of the trained network, over the rows of a kept batch.

    Attributes:
        name: The map.
        apart: Share of the energy that differs by row: Σ‖h_i − h̄‖² / Σ‖h_i‖².
        stderr: Its standard error.
        num_rows: Rows read.
        data: Whether it is the data themselves.
    """

    name: str
    apart: float
    stderr: float
    num_rows: int
    data: bool = False


@dataclass(frozen=True)
class Answers:
    """What the trained network answers on the kept training batches, in eval mode.

    Attributes:
        accuracy: Share of right answers.
        num_rows: Rows answered.
        rare_recall: Share of right answers among rows that are not of the commonest class.
        num_rare: How many such rows there are.
    """

    accuracy: float
    num_rows: int
    rare_recall: float
    num_rare: int


@dataclass
class Training:
    """One loss driven into one set of parameters.

    Attributes:
        name: The trained models, as text.
        losses: Loss of every backward pass, in order.
        rates: Learning rate of the first parameter group at every optimizer step.
        phases: Backward passes at which a further optimizer took its first step (the first 64).
        num_steps: Optimizer steps (or changes of the weights by hand).
        backwards_per_step: Backward passes per optimizer step, taken or skipped.
        uncleared_steps: Optimizer steps whose gradients still held those of an earlier step.
        clipped: Share of readings in which the gradient was scaled down before the step.
        batch_sizes: Rows per forward pass, each size once.
        num_rows_seen: Rows that went through training in all, repetitions included.
        num_rows_distinct: Distinct rows among those read; ``None`` if rows were not read.
        repeated_rows: Share of input rows that equal another row of their own batch, ``None`` if not read.
        coincidence: Share of rows of discrete data that repeat an earlier one by chance, by the end of the first pass.
        epoch_length: Backward passes until the first row came again, ``None`` if it never did.
        replicas: The ranks of a distributed training side by side, ``None`` if there is but one.
        scaling: What became of the loss scale, ``None`` if no scaler was used.
    """

    name: str
    losses: list[float] = field(default_factory=list)
    rates: list[float] = field(default_factory=list)
    phases: tuple[int, ...] = ()
    num_steps: int = 0
    backwards_per_step: float = 1.0
    uncleared_steps: int = 0
    clipped: float = 0.0
    batch_sizes: tuple[int, ...] = ()
    num_rows_seen: int = 0
    num_rows_distinct: int | None = None
    epoch_length: int | None = None
    repeated_rows: float | None = None
    coincidence: float = 0.0
    loss: LossFacts | None = None
    inputs: InputFacts | None = None
    targets: TargetFacts | None = None
    optimizer: OptimizerFacts | None = None
    parameters: tuple[ParameterFacts, ...] = ()
    readings: list[Reading] = field(default_factory=list)
    evaluations: list[Evaluation] = field(default_factory=list)
    modes: ModeFacts = field(default_factory=ModeFacts)
    structure: StructureFacts = field(default_factory=StructureFacts)
    nonfinite: Nonfinite | None = None
    labels: LabelProbe | None = None
    splits: tuple[SplitProbe, ...] = ()
    rate: RateProbe | None = None
    answers: Answers | None = None
    representations: tuple[Representation, ...] = ()
    subset: SubsetFit | None = None
    further: FurtherFit | None = None
    scaling: ScalingFacts | None = None
    replicas: ReplicaFacts | None = None
