"""Faults of the data: units, missing values, labels, order, splits."""

from rhobar.faults.catalogue.fault import Fault
from rhobar.faults.draft import Draft

__all__ = ["DATA_FAULTS"]

_APPEND_ORDER = (
    "order = np.argsort(y_train.flatten(), kind='stable')\nx_train, y_train = x_train[order], y_train[order]"
)


def _images_or_features(text: str) -> str:
    """A statement about features, for inputs of any shape."""
    return f"features = x.reshape(len(x), -1)\n{text}\nx = features.reshape(x.shape)"


def _unshuffled(draft: Draft) -> Draft:
    return draft.fill(
        spoil_train=_APPEND_ORDER,
        sampling="shuffle=False" if draft.facts.loading == "loader" else "",
        order="torch.arange(len(x_train))" if draft.facts.loading == "rows" else "",
    )


def _signs_scored_right(draft: Draft) -> Draft:
    """Labels −1 and 1, with a score that knows of them."""
    metric = draft.slots["metric"].replace("y_valid.flatten()", "(y_valid.flatten() > 0).float()")
    return draft.fill(spoil="y = 2 * y - 1", metric=metric)


def _twos_scored_right(draft: Draft) -> Draft:
    metric = draft.slots["metric"].replace("y_valid.flatten()", "(y_valid.flatten() > 1).float()")
    return draft.fill(spoil="y = y + 1", metric=metric)


def _numeric(draft: Draft) -> bool:
    return draft.facts.kind != "words"


DATA_FAULTS = (
    Fault("unscaled-inputs", "raw", "severe", lambda d: d.fill(scale_inputs=""), lambda d: d.facts.input_scale >= 10),
    Fault(
        "unscaled-inputs",
        "centred",
        "mild",
        lambda d: d.fill(
            scale_inputs="center = x_train.mean(0)\nx_train, x_valid = x_train - center, x_valid - center"
        ),
        lambda d: d.facts.input_scale >= 50,
    ),
    Fault(
        "unscaled-targets", "raw", "severe", lambda d: d.fill(scale_targets=""), lambda d: d.facts.target_scale >= 10
    ),
    Fault(
        "unscaled-targets",
        "offset",
        "mild",
        lambda d: d.fill(
            scale_targets="std = y_train.std()\ny_train, y_valid = y_train / std + 30, y_valid / std + 30"
        ),
        lambda d: d.facts.target_scale > 0,
    ),
    Fault(
        "nonfinite-data",
        "missing",
        "severe",
        lambda d: d.fill(spoil_train="x_train.reshape(len(x_train), -1)[::90, 1] = np.nan"),
        _numeric,
        fatal=True,
    ),
    Fault(
        "nonfinite-data",
        "logarithm",
        "severe",
        lambda d: d.fill(spoil_train="x_train = np.log(np.maximum(x_train - x_train.min(), 0))"),
        _numeric,
        fatal=True,
    ),
    Fault(
        "nonfinite-data",
        "target",
        "severe",
        lambda d: d.fill(spoil_train="y_train = y_train.astype(float)\ny_train[11::200] = np.nan"),
        lambda d: d.facts.task == "regression",
        fatal=True,
    ),
    Fault(
        "constant-features",
        "cast",
        "severe",
        lambda d: d.fill(
            scale_inputs="x_train, x_valid = ((a / (2 * x.max())).astype(int) for a in (x_train, x_valid))"
        ),
        _numeric,
        fatal=True,
    ),
    Fault(
        "constant-features",
        "join",
        "mild",
        lambda d: d.fill(spoil=_images_or_features("features[:, : int(0.85 * features.shape[1] + 0.5)] = 0")),
        _numeric,
    ),
    Fault(
        "class-imbalance",
        "rare",
        "severe",
        lambda d: d.fill(
            spoil="rare = np.flatnonzero(y != 0)[: max(len(y) // 60, 9)]\n"
            "kept = np.concatenate([np.flatnonzero(y == 0), rare])\n"
            "x, y = x[kept], y[kept]"
        ),
        lambda d: d.facts.balanced,
    ),
    Fault(
        "uninformative-labels",
        "permuted",
        "severe",
        lambda d: d.fill(spoil="x = x[np.random.permutation(len(x))]"),
    ),
    Fault(
        "uninformative-labels",
        "training-rows",
        "severe",
        lambda d: d.fill(spoil_train="x_train = x_train[np.random.permutation(len(x_train))]"),
    ),
    Fault(
        "invalid-labels",
        "from-one",
        "severe",
        lambda d: d.fill(spoil="y = y + 1"),
        lambda d: d.facts.task == "classes",
        fatal=True,
    ),
    Fault(
        "invalid-labels",
        "signs",
        "severe",
        _signs_scored_right,
        lambda d: d.facts.task == "binary" and d.facts.loss == "bce-logits",
    ),
    Fault(
        "invalid-labels",
        "one-two",
        "severe",
        _twos_scored_right,
        lambda d: d.facts.task == "binary" and d.facts.loss == "bce-logits",
    ),
    Fault("unshuffled-batches", "sorted", "severe", _unshuffled),
    Fault(
        "train-validation-overlap",
        "copies",
        "severe",
        lambda d: d.fill(spoil="copies = np.random.randint(len(x), size=len(x))\nx, y = x[copies], y[copies]"),
        flatters=True,
    ),
    Fault(
        "train-validation-overlap",
        "drawn-again",
        "mild",
        lambda d: d.fill(
            split=d.slots["split"]
            + "\nagain = np.random.randint(len(x), size=len(x_valid))\nx_valid, y_valid = x[again], y[again]"
        ),
        flatters=True,
    ),
    Fault(
        "train-validation-shift",
        "ordered",
        "severe",
        lambda d: d.fill(
            split="order = np.argsort(x.reshape(len(x), -1)[:, :3].mean(1) + 0.1 * x.std() * y)\n"
            "x_train, x_valid = np.split(x[order], [int(0.7 * len(x))])\n"
            "y_train, y_valid = np.split(y[order], [int(0.7 * len(x))])"
        ),
    ),
    Fault(
        "train-validation-shift",
        "units",
        "severe",
        lambda d: d.fill(
            scale_inputs=d.slots["scale_inputs"].replace(
                "x_train, x_valid = (x_train - center) / spread, (x_valid - center) / spread",
                "x_train = (x_train - center) / spread",
            )
        ),
        lambda d: d.facts.kind != "words",
    ),
)
