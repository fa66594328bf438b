"""One law for every rule about data, structure and start: sick fires, healthy and repaired stay silent."""

import math
from dataclasses import replace

import pytest
from tests.diagnose.records import (
    CONSTANT,
    falling,
    flat,
    judge,
    layer,
    moments,
    parameter,
    parameter_reading,
    reading,
    readings,
    targets,
    training,
)

from rhobar.record import (
    CollapsedPair,
    Evaluation,
    Failure,
    Finding,
    InputFacts,
    LabelProbe,
    LossFacts,
    ModeFacts,
    Nonfinite,
    OptimizerFacts,
    RateProbe,
    StructureFacts,
)

PROBE = LabelProbe(0.95, 0.1, 0.01, 1000, "linear", ordinal=0.3)
CHANCE = LabelProbe(0.105, 0.1, 0.01, 1000, "linear")
STUCK = {"losses": flat(), "labels": PROBE}
RAW = InputFacts(1000, 2, mean=(1.0, 5000.0), std=(1.0, 1500.0), shape=(32, 2))
UNIT = replace(RAW, mean=(0.0, 0.0), std=(1.0, 1.0))
CE = LossFacts("cross_entropy", output_shape=(32, 10), output_layer="layers.5")


def values(**changes):
    fields = {"dtype": "float32", "minimum": -3.0, "maximum": 3.0, "std": 1.0, "integral": False, "distinct": (),
              "frequency": (), "constant_loss": 1.0, "shape": (32, 1)}  # fmt: skip
    return targets(**(fields | changes))


def mse(**changes):
    fields = {"output_shape": (32, 1), "target_shape": (32, 1), "output_layer": "layers.5"}
    return LossFacts("mse", **(fields | changes))


def binary(**changes):
    fields = {"dtype": "float32", "maximum": 1.0, "distinct": (0.0, 1.0), "frequency": (0.5, 0.5)}
    return targets(**(fields | changes), constant_loss=math.log(2))


def bce(kind="bce_with_logits", **changes):
    return LossFacts(kind, **({"output_shape": (32,), "target_shape": (32,)} | changes))


def weights(std, **changes):
    return tuple(parameter(i, initial_std=std, fan_in=64, fan_out=64, **changes) for i in range(6))


HE = math.sqrt(2 / 64)
FALL_BY_4 = {"layers": lambda i: layer(i, gradient=1e-3 * 4.0 ** (i - 5), activation="sigmoid")}
TINY = {"layers": lambda i: layer(i, output=moments(1e-2), gradient=1e-3 * 10.0 ** (i - 5))}
SLOW = falling(1e4, 0.5, rate=4.0)
PURE = targets(batch_switches=0.02, batch_purity=0.98)
SMALL_NORM = ModeFacts(has_batch_norm=True, smallest_norm_batch=2)
NAN = [*falling()[:50], *[math.nan] * 50]

SICK = [
    ("unscaled-inputs", STUCK | {"inputs": RAW}),
    ("unscaled-inputs", {"losses": NAN, "inputs": RAW}),
    ("unscaled-inputs", {"inputs": RAW, "rate": RateProbe((0.1, 1.0), (0.1, 9.0), 0.1)}),  # one more step undoes it
    ("unscaled-inputs", {"losses": flat(0.8), "labels": PROBE, "inputs": RAW}),  # learned, but beaten by a simple probe
    ("unscaled-targets", {"loss": mse(), "targets": values(offset=1e4, std=8e3, constant_loss=100.0), "losses": SLOW}),
    ("nonfinite-data", {"inputs": replace(UNIT, nonfinite=0.01, nonfinite_where=(0, 3, 1), nonfinite_features=(1,))}),
    ("nonfinite-data", {"targets": targets(nonfinite=0.01)}),
    ("nonfinite-data", {"inputs": replace(UNIT, nonfinite=math.nan)}),
    ("invalid-labels", {"targets": targets(maximum=10.0), "loss": replace(CE, target_shape=(32,))}),
    ("invalid-labels", {"targets": binary(minimum=-1.0, distinct=(-1.0, 1.0)), "loss": bce()}),
    ("invalid-labels", {"targets": binary(maximum=255.0, distinct=(0.0, 255.0)), "loss": bce()}),
    ("invalid-labels", {"targets": values(row_sum_error=0.5, minimum=0.0, maximum=1.0), "loss": LossFacts("soft_cross_entropy", output_shape=(32, 10))}),
    ("invalid-labels", {"targets": binary(), "loss": LossFacts("cosine_embedding", output_shape=(32, 8))}),
    ("invalid-labels", {"targets": binary(), "loss": LossFacts("soft_margin", output_shape=(32,))}),
    ("uninformative-labels", {"losses": flat(), "labels": CHANCE}),
    ("uninformative-labels", {"losses": flat(), "labels": replace(CHANCE, recall=0.11, recall_stderr=0.01, num_classes=10)}),
    ("uninformative-labels", {"losses": falling(rate=2.0), "labels": CHANCE, "epoch_length": 10,
                              "evaluations": [Evaluation(400, 1, 500, 4.0, 0.1, overlap=0.0)]}),
    ("class-imbalance", STUCK | {"targets": binary(frequency=(0.95, 0.05)), "loss": bce(), "losses": flat(0.69)}),
    ("constant-features", STUCK | {"inputs": replace(UNIT, mean=(1.0, 2.0), std=(0.0, 0.0))}),
    ("unshuffled-batches", STUCK | {"targets": PURE}),
    ("train-validation-overlap", {"evaluations": [Evaluation(400, 1, 500, 0.1, 0.9, overlap=0.3)]}),
    ("broadcast-loss", {"loss": mse(target_shape=(32,), broadcast=(32, 32))}),
    ("wrong-output-activation", {"loss": mse(link=("sigmoid",), output_min=0.0, output_max=1.0), "targets": values(), "losses": flat(0.9)}),
    ("wrong-output-activation", {"loss": replace(CE, kind="nll", link=("log_softmax",), link_dim=0)}),
    ("wrong-output-activation", {"loss": replace(CE, link=("relu",), output_min=0.0)}),
    ("wrong-output-activation", {"loss": replace(CE, kind="nll", output_max=3.0)}),
    ("wrong-output-activation", {"loss": bce("bce", link=("softmax",), link_dim=1, output_shape=(32, 1))}),
    ("loss-task-mismatch", {"loss": replace(CE, output_shape=(32, 1)), "targets": values()}),
    ("loss-task-mismatch", {"loss": mse(), "targets": targets(dtype="float32"), "labels": PROBE}),
    ("loss-task-mismatch", {"loss": mse(output_shape=(32, 4)), "targets": values(one_hot=True, shape=(32, 4))}),
    ("loss-task-mismatch", {"loss": bce(), "targets": values(one_hot=True, shape=(32, 4))}),
    ("missing-nonlinearity", {"structure": StructureFacts(2, (), (CollapsedPair("a", "b", 64, 2),))}),
    ("symmetric-initialization", {"parameters": weights(0.0, identical_units=1.0, identical_units_end=1.0)}),
    ("badly-scaled-initialization", STUCK | {"parameters": weights(1e-3), "readings": readings(**TINY)}),
    ("badly-scaled-initialization", {"parameters": weights(1.0), "losses": falling(1e4, 1.0)}),
    ("badly-scaled-initialization", {"parameters": weights(1.0), "losses": falling(1e4, 1.0), "readings": readings(layers=lambda i: layer(i, residual=True))}),
    ("unfit-activation", STUCK | {"parameters": weights(HE), "readings": readings(**FALL_BY_4)}),
    ("unstable-formula", {"losses": NAN, "nonfinite": Nonfinite(50, "loss", "backward", "LogBackward0", True),
                          "structure": StructureFacts(2, hand_written=("log(softmax)",))}),
    ("degenerate-batch-norm", STUCK | {"modes": SMALL_NORM, "batch_sizes": (2,)}),
    ("excessive-dropout", {"losses": flat(2.0), "modes": ModeFacts(has_dropout=True, max_dropout=0.9, train_loss=2.0, eval_loss=0.8)}),
    ("excessive-regularization", STUCK | {
        "optimizer": OptimizerFacts("SGD", {"lr": 0.1, "weight_decay": 1.0}),
        "readings": [reading(s, parameters=lambda i, s=s: parameter_reading(i, weight=0.1 / (1 + s))) for s in (0, 1, 399)]}),
    ("too-little-capacity", STUCK | {"readings": readings(layers=lambda i: layer(i, fan_out=1 if i == 2 else 64))}),
]  # fmt: skip

BRANCHES = {"layers": lambda i: layer(i, output=moments(1e-2), gradient=1e-3 * 10.0 ** (i - 5), residual=True)}

HEALTHY = [
    ("unscaled-inputs", {"losses": flat(0.1), "labels": PROBE, "inputs": RAW}),
    ("invalid-labels", {"targets": binary(minimum=-1.0, distinct=(-1.0, 1.0)), "loss": LossFacts("soft_margin", output_shape=(32,))}),
    ("uninformative-labels", {"losses": flat(), "labels": replace(CHANCE, recall=0.3, recall_stderr=0.01, num_classes=10)}),
    ("uninformative-labels", {"losses": flat(), "labels": replace(CHANCE, recall=0.1, recall_stderr=0.2, num_classes=10)}),  # too few rare rows
    ("badly-scaled-initialization", STUCK | {"parameters": weights(1e-3), "readings": readings(**BRANCHES)}),
    ("unscaled-inputs", {"inputs": RAW}),
    ("unscaled-inputs", {"inputs": RAW, "rate": RateProbe((0.1, 1.0), (0.1, 2.0), 0.1)}),  # still below a constant's
    ("unscaled-inputs", STUCK | {"inputs": UNIT}),
    ("unscaled-targets", {"loss": mse(), "targets": values(), "losses": falling(1.1)}),
    ("unscaled-targets", {"loss": mse(), "targets": values(offset=150.0, std=77.0, constant_loss=6000.0), "losses": falling(6500.0, 10.0, rate=40)}),
    ("invalid-labels", {"targets": targets(minimum=-1.0)}),
    ("invalid-labels", {"targets": binary(), "loss": bce()}),
    ("invalid-labels", {"targets": binary(maximum=1.2, minimum=-0.1, distinct=()), "loss": bce()}),
    ("uninformative-labels", {"labels": CHANCE, "evaluations": [Evaluation(400, 1, 500, 0.3, 0.9)]}),
    ("uninformative-labels", {"labels": CHANCE, "epoch_length": None}),
    ("uninformative-labels", {"labels": PROBE, "losses": flat()}),
    ("class-imbalance", {"targets": targets(frequency=(0.91,) + (0.01,) * 9)}),
    ("constant-features", {"inputs": replace(UNIT, std=(0.0, 0.0))}),
    ("unshuffled-batches", {"targets": PURE}),
    ("unshuffled-batches", STUCK | {"targets": targets(batch_switches=0.99)}),
    ("unshuffled-batches", STUCK | {"targets": binary(batch_switches=0.0, constant_batches=True), "loss": bce()}),
    ("train-validation-overlap", {"evaluations": [Evaluation(400, 1, 500, overlap=1.0), Evaluation(400, 1, 500, overlap=0.0)]}),
    ("train-validation-overlap", {"evaluations": [Evaluation(400, 10, 500, overlap=0.5)]}),
    ("broadcast-loss", {"loss": mse()}),
    ("broadcast-loss", {"loss": mse(target_shape=(1,), broadcast=(32, 1))}),
    ("wrong-output-activation", {"loss": mse(link=("sigmoid",)), "targets": values(minimum=0.0, maximum=1.0, mean=0.5, std=0.2)}),
    ("wrong-output-activation", {"loss": mse(link=("tanh",), output_max=9.0), "targets": values()}),
    ("wrong-output-activation", {"loss": replace(CE, link=("relu",), output_min=0.0, chain=("NllLoss", "Mean", "Relu", "Convolution"))}),
    ("wrong-output-activation", {"loss": replace(CE, kind="nll", link=("log_softmax",), link_dim=1, output_max=-0.01)}),
    ("loss-task-mismatch", {"loss": mse(), "targets": targets(dtype="float32"), "labels": replace(PROBE, ordinal=0.9)}),
    ("loss-task-mismatch", {"loss": mse(), "targets": binary(constant_batches=True), "losses": flat(0.25)}),
    ("loss-task-mismatch", {"loss": mse(), "targets": values()}),
    ("missing-nonlinearity", {"structure": StructureFacts(2, (), (CollapsedPair("a", "b", 3, 64),))}),
    ("missing-nonlinearity", {"structure": StructureFacts(3, ("relu",), (CollapsedPair("a", "b", 64, 2),))}),
    ("symmetric-initialization", {"parameters": weights(0.0, identical_units=1.0, identical_units_end=0.0)}),
    ("badly-scaled-initialization", {"parameters": weights(HE)}),
    ("badly-scaled-initialization", STUCK | {"parameters": weights(HE)}),
    ("badly-scaled-initialization", {"parameters": weights(1e-2)}),
    ("unfit-activation", {"parameters": weights(HE), "readings": readings(**FALL_BY_4)}),
    ("unfit-activation", STUCK | {"parameters": weights(HE)}),
    ("unstable-formula", {"structure": StructureFacts(2, hand_written=("log(softmax)",))}),
    ("degenerate-batch-norm", STUCK | {"modes": SMALL_NORM, "batch_sizes": (2, 32)}),
    ("excessive-dropout", {"modes": ModeFacts(has_dropout=True, max_dropout=0.6, train_loss=0.3, eval_loss=0.1)}),
    ("excessive-regularization", {"optimizer": OptimizerFacts("SGD", {"weight_decay": 5e-4})}),
    ("too-little-capacity", STUCK),
]  # fmt: skip

IDS = sorted({id for id, _ in SICK})


@pytest.mark.parametrize(("id", "fault"), SICK)
def test_sick_fires(id, fault):
    found = judge(id, training(**fault))
    assert isinstance(found, Finding), found
    assert 0 < found.confidence <= 1 and 0 < found.severity <= 1
    assert found.summary and found.why and found.remedy.text


@pytest.mark.parametrize(("id", "case"), HEALTHY)
def test_healthy_is_silent(id, case):
    assert not isinstance(found := judge(id, training(**case)), Finding), found


@pytest.mark.parametrize("id", IDS)
def test_a_healthy_training_is_silent(id):
    found = judge(id, training(inputs=UNIT, labels=PROBE))
    assert not isinstance(found, Finding), found


@pytest.mark.parametrize("id", IDS)
def test_a_bare_training_raises_nothing(id):
    from rhobar.record import Training

    assert not isinstance(judge(id, Training("empty")), Finding)


@pytest.mark.parametrize(
    ("id", "message"),
    [
        ("invalid-labels", "Target 3 is out of bounds."),
        ("wrong-output-activation", "all elements of input should be between 0 and 1"),
        ("degenerate-batch-norm", "Expected more than 1 value per channel when training"),
    ],
)
def test_failures_are_read(id, message):
    assert isinstance(judge(id, training(), failure=Failure("RuntimeError", message)), Finding)


def test_stuck_level_is_that_of_the_constant_answer():
    assert abs(sum(flat()) / len(flat()) - CONSTANT) < 0.01
