"""Records of runs that never ran: sick, ending in NaN, healthy, a GAN, hostile, huge, broken, empty."""

import math
import random

from rhobar.record import (
    Diagnosis,
    Evaluation,
    Evidence,
    Failure,
    Finding,
    LayerReading,
    Moments,
    Nonfinite,
    NotChecked,
    OptimizerFacts,
    ParameterReading,
    Reading,
    Record,
    Remedy,
    TargetFacts,
    Training,
    Unseen,
)

NAN, INF = math.nan, math.inf
ENVIRONMENT = {"python": "3.12.4", "torch": "2.13.0", "device": "cpu (8 threads)", "rhobar": "0.1.0"}
CHECKED = [
    "unscaled-inputs",
    "unscaled-targets",
    "nonfinite-data",
    "constant-features",
    "class-imbalance",
    "invalid-labels",
    "unshuffled-batches",
    "wrong-output-activation",
    "double-softmax",
    "loss-task-mismatch",
    "broadcast-loss",
    "unfit-activation",
    "unstable-formula",
    "missing-nonlinearity",
    "symmetric-initialization",
    "badly-scaled-initialization",
    "vanishing-gradient",
    "exploding-gradient",
    "dead-units",
    "saturated-units",
    "nonfinite-values",
    "rank-collapse",
    "detached-parameters",
    "unoptimized-parameters",
    "accumulating-gradients",
    "no-optimizer-step",
    "gradient-ascent",
    "learning-rate-too-high",
    "learning-rate-too-low",
    "clipping-always-active",
    "eval-mode-training",
    "not-learning",
    "loss-spike",
]
NOT_CHECKED = (
    NotChecked("train-validation-overlap", "no validation pass was seen"),
    NotChecked("train-validation-shift", "no validation pass was seen"),
    NotChecked("overfitting", "no validation pass was seen"),
    NotChecked("degenerate-batch-norm", "the model has no batch normalisation"),
    NotChecked("attention-logit-growth", "the model has no attention"),
    NotChecked("replica-divergence", "one process"),
    NotChecked("too-little-capacity", "needs the active exam: rhobar.diagnose(model, loss, batches)"),
)


def moments(rms: float, *, mean: float = 0.0, zero: float = 0.0, nonfinite: float = 0.0) -> Moments:
    peak = 3.4 * rms if math.isfinite(rms) else rms
    return Moments(size=8192, read=4096, mean=mean, rms=rms, max_abs=peak, zero=zero, nonfinite=nonfinite)


def layers(names, forward, backward, *, start=1.0, end=0.02, dead=None, saturated=None, activation="sigmoid"):
    """A chain with the given gains: ``forward[i]`` into layer i, ``backward[i]`` back out of it."""
    gradients = [end] * len(names)
    for i in range(len(names) - 2, -1, -1):
        gradients[i] = gradients[i + 1] * backward[i + 1]
    chain, signal = [], start
    for i, name in enumerate(names):
        out = signal * forward[i]
        chain.append(
            LayerReading(
                name=name,
                operation="linear",
                activation=activation if i < len(names) - 1 else None,
                fan_in=64,
                fan_out=64,
                input=moments(signal),
                preactivation=moments(out * 1.3),
                output=moments(out, mean=0.6 * out if activation != "tanh" else 0.0),
                weight=moments(0.05),
                gradient=moments(gradients[i]),
                dead=dead[i] if dead else None,
                saturated=saturated[i] if saturated else None,
                reads_data=i == 0,
            )
        )
        signal = out
    return tuple(chain)


def parameters(names, ratio, *, gradient=0.01):
    return tuple(
        ParameterReading(f"{name}.weight", 4096, 0.05, gradient, update=0.05 * r)
        for name, r in zip(names, ratio, strict=True)
    )


def deep_sigmoid() -> tuple[Record, Diagnosis]:
    """Ten sigmoid layers from a tiny normal: nothing reaches the first ones."""
    rng = random.Random(0)
    names = [f"layers.{i}" for i in range(0, 20, 2)]
    readings = []
    for step in range(0, 300, 6):
        t = step / 300
        forward = [0.52 + 0.02 * rng.random()] + [0.98 + 0.04 * rng.random() for _ in names[2:]] + [0.11 + 0.2 * t]
        backward = [0.14 + 0.03 * t + 0.02 * rng.random() for _ in names]
        ratios = [0.004 * (1 - 0.5 * t) * 0.16 ** (9 - i) * math.exp(0.2 * rng.gauss(0, 1)) for i in range(10)]
        saturated = [min(1.0, 0.03 * i + 0.1 * t * i) for i in range(10)]
        readings.append(
            Reading(
                step,
                2.3,
                layers(names, forward, backward, saturated=saturated),
                parameters(names, ratios),
                gradient_norm=0.09 * math.exp(0.25 * rng.gauss(0, 1)) * (1 - 0.4 * t),
            )
        )
    training = Training(
        "Sequential",
        losses=[2.3026 + 0.05 * math.exp(-i / 8) + 0.012 * rng.gauss(0, 1) for i in range(300)],
        rates=[0.1 * (0.5 ** (i // 100)) for i in range(300)],
        num_steps=300,
        batch_sizes=(64,),
        targets=TargetFacts(19200, (64,), "int64", constant_loss=2.3024),
        optimizer=OptimizerFacts("SGD", {"lr": 0.1, "momentum": 0.9}),
        readings=readings,
    )
    init = Finding(
        "badly-scaled-initialization",
        "cause",
        0.95,
        0.97,
        "The weights start with a standard deviation of 0.05 where sigmoid layers of 64 inputs need 0.5; "
        "each of the ten layers keeps 15 % of the gradient that enters it.",
        where=("layers.2", "layers.4", "layers.6", "layers.8"),
        evidence=(
            Evidence("backward gain per layer, geometric mean", 0.153, 0.5, "", 0.004),
            Evidence("product of gains from last to first layer", 4.6e-8, 1e-3, "", 2.1e-9),
            Evidence("standard deviation of the initial weights", 0.05, 0.5),
        ),
        explains=("vanishing-gradient", "not-learning", "saturated-units"),
        why="The gradient of an early layer is the product of the gains of all later ones. With ten "
        "factors of 0.15 it is smaller than the rounding noise of the optimiser's update.",
        remedy=Remedy(
            "Initialise every layer so that its backward gain is 1: Xavier with the gain of a sigmoid.",
            "for m in model.modules():\n    if isinstance(m, nn.Linear):\n"
            "        nn.init.xavier_normal_(m.weight, gain=4.0)  # sigmoid: slope 1/4 at 0\n"
            "        nn.init.zeros_(m.bias)",
        ),
        references=(
            "Glorot and Bengio (2010), Understanding the difficulty of training deep feedforward networks",
            "Saxe, McClelland and Ganguli (2014), Exact solutions to the nonlinear dynamics of learning",
        ),
    )
    vanishing = Finding(
        "vanishing-gradient",
        "symptom",
        0.9,
        0.99,
        "The gradient shrinks by a factor of 2.2e7 between the last layer and the first.",
        where=("layers.0",),
        evidence=(Evidence("rms gradient, first over last layer", 4.6e-8, 1e-3),),
        why="A product of many factors below 1 goes to 0 geometrically.",
    )
    stuck = Finding(
        "not-learning",
        "symptom",
        0.8,
        0.99,
        "After 300 steps the loss is 2.303, no better than the best constant answer (2.302).",
        evidence=(Evidence("training loss at the end", 2.303, 2.302, "nats", 0.0021),),
    )
    saturated = Finding(
        "saturated-units",
        "symptom",
        0.4,
        0.8,
        "In layers.18, 98 % of the units lie in the flat region of the sigmoid at the end of the run.",
        where=("layers.18",),
        evidence=(Evidence("share of saturated units", 0.98, 0.5, "", 0.01),),
    )
    rate = Finding(
        "learning-rate-too-low",
        "cause",
        0.4,
        0.6,
        "The weights move by 4e-4 of their size per step, and the loss falls along every multiple tried.",
        where=("layers.18.weight",),
        evidence=(Evidence("median update-to-weight ratio", 4.1e-4, 1e-3, "", 3e-5),),
        explains=("not-learning",),
        why="A step much shorter than the curvature allows wastes the gradient that paid for it.",
        remedy=Remedy("Raise the learning rate by 10.", "optimizer = torch.optim.SGD(model.parameters(), lr=1.0)"),
        references=("Goodfellow, Bengio and Courville (2016), Deep Learning, section 8.3",),
    )
    note = Finding(
        "redundant-bias",
        "note",
        0.05,
        1.0,
        "The bias of layers.0 is followed by a normalisation.",
        ("layers.0",),
    )
    diagnosis = Diagnosis(
        (init, vanishing, saturated, stuck, rate, note),
        tuple(CHECKED),
        NOT_CHECKED,
        "The network cannot learn: its initial weights are ten times too small for ten sigmoid layers.",
    )
    record = Record(
        "examples/train_sigmoid.py", 4.1, 0.092, trainings=[training], forwards=300, environment=ENVIRONMENT
    )
    record.unseen.append(Unseen("validation", "no forward pass without a backward pass was seen"))
    return record, diagnosis


def nan_run() -> tuple[Record, Diagnosis]:
    """A loss that grows and ends in NaN at step 87."""
    rng = random.Random(1)
    names = ["stem", "block1.conv1", "block1.conv2", "block2.conv1", "block2.conv2", "head"]
    readings = []
    for step in range(0, 120, 4):
        broken = step >= 87
        growth = 1.6 + step / 100
        forward = [growth if not (broken and i >= 3) else NAN for i in range(6)]
        backward = [INF if broken else growth * 1.1 for _ in range(6)]
        norm = NAN if broken else 0.5 * math.exp(step / 9)
        ratios = [NAN if broken else 0.02 * math.exp(step / 20) * (1 + i) for i in range(6)]
        readings.append(
            Reading(
                step,
                NAN if broken else 1.0,
                layers(names, forward, backward, dead=[min(1.0, 0.008 * step * i / 2) for i in range(6)]),
                parameters(names, ratios),
                gradient_norm=norm,
                applied_norm=min(norm, 1e3),
            )
        )
    losses = [1.9 + math.exp((i - 30) / 7) * (1 + 0.2 * rng.random()) if i < 87 else NAN for i in range(120)]
    training = Training(
        "ResNet",
        losses=losses,
        rates=[min(1.0, i / 20) * 0.8 for i in range(120)],
        num_steps=120,
        readings=readings,
        nonfinite=Nonfinite(87, "block2.conv1", "forward", "ConvolutionBackward0", True, "its input reached 3.1e38"),
    )
    rate = Finding(
        "learning-rate-too-high",
        "cause",
        1.0,
        0.98,
        "The learning rate of 0.8 is 14 times the largest stable one; the loss grows from step 30 on.",
        evidence=(
            Evidence("learning rate times largest Hessian eigenvalue", 28.4, 2.0, "", 1.3),
            Evidence("learning rate", 0.8, 0.056),
        ),
        explains=("nonfinite-values", "exploding-gradient"),
        why="Beyond 2/λ each step overshoots by more than it corrects.",
        remedy=Remedy("Lower the learning rate to 0.03.", "optimizer = torch.optim.SGD(model.parameters(), lr=0.03)"),
        references=("Cohen et al. (2021), Gradient descent typically occurs at the edge of stability",),
    )
    first = Finding(
        "nonfinite-values",
        "symptom",
        1.0,
        1.0,
        "The first infinite value appeared at step 87 in block2.conv1, from a finite input.",
        where=("block2.conv1",),
        evidence=(
            Evidence("share of non-finite losses", 0.275, 0.0),
            Evidence("largest input", 3.1e38, 3.4e38),
        ),
    )
    grow = Finding(
        "exploding-gradient",
        "symptom",
        0.9,
        0.95,
        "The gradient norm grows 11,000-fold in 84 steps.",
        where=("stem",),
        evidence=(
            Evidence("gradient norm at the last finite step", 5623.0, 100.0),
            Evidence("growth", INF, 10.0),
        ),
    )
    diagnosis = Diagnosis(
        (rate, first, grow),
        tuple(CHECKED),
        NOT_CHECKED[:3],
        "Training diverges: the learning rate is 14 times too high, and the loss is NaN from step 87 on.",
    )
    record = Record("train.py", 12.0, 0.4, trainings=[training], forwards=120, environment=ENVIRONMENT)
    record.failure = Failure("ValueError", "Expected parameter logits to satisfy the constraint", "step 120")
    return record, diagnosis


def healthy() -> tuple[Record, Diagnosis]:
    """An MLP that learns digits, with validation."""
    rng = random.Random(2)
    names = ["0", "3", "6"]
    readings = []
    for step in range(0, 525, 5):
        t = step / 525
        readings.append(
            Reading(
                step,
                0.5,
                layers(
                    names,
                    [0.9 + 0.3 * t, 0.95 + 0.4 * t, 1.3 + 2 * t],
                    [1, 0.8 + 0.1 * t, 0.9],
                    dead=[0.02, 0.05 * t, 0.0],
                    activation="relu",
                ),
                parameters(names, [1.5e-3 * math.exp(0.3 * rng.gauss(0, 1)) * (1 - 0.7 * t) for _ in names]),
                gradient_norm=0.9 * math.exp(-1.5 * t + 0.3 * rng.gauss(0, 1)),
                applied_norm=None,
            )
        )
    losses = [2.3 * math.exp(-i / 60) + 0.08 * (1 + 0.8 * rng.random()) + 0.03 * rng.gauss(0, 1) for i in range(525)]
    training = Training(
        "MLP",
        losses=[max(x, 0.01) for x in losses],
        rates=[1e-3] * 525,
        num_steps=525,
        targets=TargetFacts(33600, (64,), "int64", constant_loss=2.3026),
        evaluations=[
            Evaluation(21 * e, 8, 450, 2.2 * math.exp(-21 * e / 60) + 0.1, 0.9, source="validation")
            for e in range(1, 26)
        ],
        readings=readings,
    )
    record = Record(
        "tests/healthy/mlp_digits.py", 3.2, 0.061, trainings=[training], forwards=725, environment=ENVIRONMENT
    )
    return record, Diagnosis((), tuple(CHECKED), NOT_CHECKED[3:], "No finding.")


def gan() -> tuple[Record, Diagnosis]:
    """A generator and a discriminator."""
    rng = random.Random(3)
    trainings = []
    for name, drift in (("Generator", 1.5), ("Discriminator", -0.6)):
        names = [f"{name.lower()}.net.{i}" for i in (0, 2, 4)]
        readings = [
            Reading(
                s,
                0.7,
                layers(names, [1.0, 0.9, 0.8], [1.0, 1.1, 0.7], dead=[0.1, 0.2, 0.0], activation="leaky_relu"),
                parameters(names, [2e-3 * math.exp(0.3 * rng.gauss(0, 1)) for _ in names]),
                gradient_norm=math.exp(0.4 * rng.gauss(0, 1)),
            )
            for s in range(0, 400, 8)
        ]
        losses = [0.69 + drift * i / 400 + 0.1 * rng.gauss(0, 1) for i in range(400)]
        trainings.append(Training(name, losses=losses, rates=[2e-4] * 400, num_steps=400, readings=readings))
    finding = Finding(
        "detached-parameters",
        "cause",
        0.8,
        0.99,
        "2 of 6 parameters of the generator never receive a gradient.",
        where=("generator.net.0",),
        evidence=(Evidence("parameters without a gradient", 2.0, 0.0),),
        why="The generator's output is detached before the discriminator.",
        remedy=Remedy("Drop the detach.", "loss = criterion(discriminator(fake), ones)"),
    )
    record = Record("gan.py", 20.0, 0.8, trainings=trainings, forwards=1200, environment=ENVIRONMENT)
    return record, Diagnosis((finding,), tuple(CHECKED), (), "Part of the generator is cut off from its loss.")


HOSTILE = (
    "<script>alert(1)</script>",
    "\x1b[31mred\x1b[0m\x07\x1b]0;title\x07",
    "[bold red]markup[/] [link=file:///etc/passwd]x[/link]",
    "'\"><img src=x onerror=alert(1)>",
    "{{ 7 * 7 }}{% raw %}",
    "encoder." + "very_long_name." * 60 + "weight",
    "слой\u202eгнп.層.🙂\ud800",
    "a\nb\r\nc\td\x00",
)


def hostile() -> tuple[Record, Diagnosis]:
    """Names that try to be more than names."""
    reading = Reading(0, 1.0, layers(HOSTILE, [1.0] * 8, [1.0] * 8, dead=[0.5] * 8), parameters(HOSTILE, [1e-3] * 8))
    trainings = [
        Training(
            name,
            losses=[1.0, 0.9, 0.8],
            rates=[0.1] * 3,
            readings=[reading, Reading(2, 0.8, reading.layers, reading.parameters, 0.5)],
            evaluations=[Evaluation(1, 1, 1, 0.7, source=name)],
            nonfinite=Nonfinite(1, name, name, name, True, name),
        )
        for name in HOSTILE
    ]
    findings = tuple(
        Finding(
            name,
            kind,
            1.0,
            1.0,
            name,
            (name,),
            (Evidence(f"loss {name}", 1.0, 0.5, name),),
            HOSTILE,
            name,
            Remedy(name, name),
            (name,),
        )
        for name, kind in zip(HOSTILE, ["cause", "symptom", "note", "cause"] * 2, strict=True)
    )
    record = Record(HOSTILE[0], 1.0, 0.01, trainings=trainings, forwards=3, environment={n: n for n in HOSTILE})
    record.failure = Failure(HOSTILE[1], HOSTILE[2], HOSTILE[3])
    record.unseen = [Unseen(n, n) for n in HOSTILE]
    return record, Diagnosis(findings, HOSTILE, tuple(NotChecked(n, n) for n in HOSTILE), " ".join(HOSTILE))


def huge() -> tuple[Record, Diagnosis]:
    """200,000 steps, four hundred layers, spikes."""
    rng = random.Random(4)
    names = [f"transformer.h.{i}.mlp.c_proj" for i in range(400)]
    losses = [2.0 + 8 * math.exp(-i / 1e4) + 0.1 * rng.random() for i in range(200_000)]
    losses[66_666] = 1e4
    losses[100_000] = NAN
    readings = [
        Reading(
            s,
            2.0,
            layers(names, [1 + 0.02 * rng.gauss(0, 1) for _ in names], [1.01] * 400, dead=[rng.random()] * 400),
            parameters(names, [1e-3 * math.exp(rng.gauss(0, 1)) for _ in names]),
            gradient_norm=rng.random(),
        )
        for s in range(0, 200_000, 10_000)
    ]
    training = Training("GPT", losses=losses, rates=[1e-4] * 200_000, num_steps=200_000, readings=readings)
    return Record("gpt.py", 36000.0, 800.0, trainings=[training]), Diagnosis((), tuple(CHECKED), (), "No finding.")


def broken() -> tuple[Record, Diagnosis]:
    """Nothing but NaN, infinities, zeros and the largest doubles."""
    values = (NAN, INF, -INF, 0.0, 5e-324, 1.7e308, -1.7e308)
    readings = [
        Reading(
            i,
            v,
            layers(["a", "b", "c"], [v, 1.0, v], [v, v, 1.0], start=w, dead=[v] * 3, saturated=[w] * 3),
            (
                ParameterReading("a.weight", 1, v, w, update=w),
                ParameterReading("b.weight", 0, 0.0, None, update=1.0),
            ),
            gradient_norm=v,
            applied_norm=w,
        )
        for i, (v, w) in enumerate((v, w) for v in values for w in values)
    ]
    training = Training(
        "",
        losses=list(values) * 9,
        rates=list(values),
        backwards_per_step=0.0,
        targets=TargetFacts(0, (), "", constant_loss=INF),
        evaluations=[Evaluation(i * 3, 1, 1, v, v) for i, v in enumerate(values)],
        readings=readings,
        nonfinite=Nonfinite(10**9, "", "loss", "", False),
    )
    evidence = tuple(
        Evidence(f"loss and gradient norm and gain {i}", v, w, stderr=w) for i, v in enumerate(values) for w in values
    )
    finding = Finding("nonfinite-values", "symptom", NAN, INF, "Everything is broken.", ("a",), evidence)
    return Record("b.py", NAN, INF, trainings=[training]), Diagnosis((finding,), (), (), "")


def one_step() -> tuple[Record, Diagnosis]:
    """A single step."""
    reading = Reading(0, 1.0, layers(["fc"], [1.0], [1.0], dead=[0.0]), parameters(["fc"], [1e-3]), 1.0)
    training = Training("Linear", losses=[1.0], rates=[0.1], num_steps=1, readings=[reading])
    return Record("one.py", 0.01, 0.001, trainings=[training]), Diagnosis((), (), (), "No finding.")


def empty() -> tuple[Record, Diagnosis]:
    """Nothing was trained."""
    return Record(""), Diagnosis((), (), (), "")


SAMPLES = {
    "deep-sigmoid": deep_sigmoid,
    "nan-run": nan_run,
    "healthy": healthy,
    "gan": gan,
    "hostile": hostile,
    "huge": huge,
    "broken": broken,
    "one-step": one_step,
    "empty": empty,
}
