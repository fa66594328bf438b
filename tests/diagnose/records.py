"""Records built by hand: a healthy training, to which a test adds its one fault."""

import math

from rhobar.record import (
    LayerReading,
    LossFacts,
    Moments,
    OptimizerFacts,
    ParameterFacts,
    ParameterReading,
    Reading,
    Record,
    TargetFacts,
    Training,
)

DEPTH = 6
WIDTH = 64
STEPS = 400
CONSTANT = math.log(10)


def moments(rms=1.0, *, size=2048, mean=0.0, zero=0.0, nonfinite=0.0):
    return Moments(size=size, read=size, mean=mean, rms=rms, max_abs=3 * rms, zero=zero, nonfinite=nonfinite)


def layer(index, *, gradient=1e-3, activation="relu", **changes):
    fields = {
        "name": f"layers.{index}",
        "operation": "linear",
        "activation": activation,
        "fan_in": WIDTH,
        "fan_out": WIDTH,
        "input": moments(),
        "preactivation": moments(),
        "output": moments(),
        "weight": moments(0.1),
        "gradient": moments(gradient),
        "reads_data": index == 0,
    }
    return LayerReading(**(fields | changes))


def parameter_reading(index, *, weight=0.1, gradient=1e-3, update=1e-4, **changes):
    return ParameterReading(f"layers.{index}.weight", WIDTH * WIDTH, weight, gradient, update=update, **changes)


def reading(step, *, loss=1.0, depth=DEPTH, layers=None, parameters=None, **changes):
    """One healthy reading; `layers` and `parameters` may be lists or functions of the layer's index."""
    layers = layers or layer
    parameters = parameters or parameter_reading
    fields = {
        "layers": tuple(map(layers, range(depth))) if callable(layers) else tuple(layers),
        "parameters": tuple(map(parameters, range(depth))) if callable(parameters) else tuple(parameters),
        "gradient_norm": 0.5,
        "applied_norm": 0.5,
        "gradient_cosine": 0.1,
        "gradient_ratio": 0.1,
        "update_cosine": 0.3,
    }
    return Reading(step, loss, **(fields | changes))


STEPS_READ = (0, 1, 2, 3, 4, 8, 9, 16, 17, 32, 33, 64, 65, 128, 129, 256, 257, 398, 399)


def readings(steps=STEPS_READ, **changes):
    return [reading(step, **changes) for step in steps]


def parameter(index, **changes):
    return ParameterFacts(
        **({"name": f"layers.{index}.weight", "shape": (WIDTH, WIDTH), "module": "Linear", "movement": 0.5} | changes)
    )


def falling(start=CONSTANT, end=0.1, *, steps=STEPS, rate=5.0, noise=0.02):
    """Losses that fall exponentially, with a small deterministic ripple for noise."""
    fall = [end + (start - end) * math.exp(-rate * t / steps) for t in range(steps)]
    return [x + noise * math.sin(12.9898 * t) for t, x in enumerate(fall)]


def flat(level=CONSTANT, *, steps=STEPS, noise=0.02):
    return falling(level, level, steps=steps, noise=noise)


def targets(**changes):
    classes = tuple(float(c) for c in range(10))
    fields = {
        "num_rows": 1000,
        "shape": (32,),
        "dtype": "int64",
        "maximum": 9.0,
        "integral": True,
        "distinct": classes,
        "frequency": (0.1,) * 10,
        "constant_loss": CONSTANT,
    }
    return TargetFacts(**(fields | changes))


def training(**changes):
    """A healthy training of a classifier with ten classes; fields may be replaced."""
    losses = changes.pop("losses", None) or falling()
    fields = {
        "name": "net",
        "losses": losses,
        "rates": [1e-3] * len(losses),
        "num_steps": len(losses),
        "batch_sizes": (32,),
        "num_rows_seen": 32 * len(losses),
        "epoch_length": 32,
        "loss": LossFacts("cross_entropy", output_shape=(32, 10), output_layer=f"layers.{DEPTH - 1}", reduction="mean"),
        "targets": targets(),
        "optimizer": OptimizerFacts(
            "Adam", {"lr": 1e-3, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8}, num_steps=len(losses)
        ),
        "parameters": tuple(map(parameter, range(DEPTH))),
        "readings": readings(),
    }
    return Training(**(fields | changes))


def record(*trainings, **changes):
    return Record("script.py", trainings=list(trainings), **changes)


def judge(id, case, **changes):
    """The outcome of one rule on one training."""
    import rhobar.diagnose.findings  # noqa: F401  registers the rules
    from rhobar.diagnose.rule import RULES

    return RULES[id].judge(case, record(case, **changes))
