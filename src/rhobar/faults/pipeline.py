"""The text between the file and the first batch: split, units, tensors, batches."""

from rhobar.faults.data import Dataset

__all__ = ["SCALE_INPUTS", "batches", "preparation"]

SCALE_INPUTS = {
    "table": "center, spread = x_train.mean(0), x_train.std(0) + 1e-8",
    "image": "center, spread = x_train.mean(), x_train.std() + 1e-8",
    "sequence": "center, spread = x_train.mean((0, 1)), x_train.std((0, 1)) + 1e-8",
}
"""How a kind of input is measured before it is standardised."""

_APPLY = "x_train, x_valid = (x_train - center) / spread, (x_valid - center) / spread"
_DATA = """\
<<load>>
<<spoil>>
<<split>>
<<scale_inputs>>
<<scale_targets>>
<<spoil_train>>
<<tensors>>"""


def preparation(data: Dataset, *, column: bool) -> dict[str, str]:
    """Return the slots of the data section.

    Args:
        data: What is loaded.
        column: Whether targets of one output are a column, (n, 1), rather than (n,).
    """
    scale = f"{SCALE_INPUTS[data.kind]}\n{_APPLY}" if data.kind in SCALE_INPUTS else ""
    inputs = "torch.int64" if data.kind == "words" else "torch.float32"
    targets = "torch.int64" if data.task == "classes" else "torch.float32"
    return {
        "data": _DATA,
        "load": data.load,
        "spoil": "",
        "split": "x_train, x_valid, y_train, y_valid = train_test_split(x, y, test_size=0.3, random_state=<<seed>>)",
        "scale_inputs": scale,
        "scale_targets": (
            "mean, std = y_train.mean(), y_train.std()\n"
            "y_train, y_valid = (y_train - mean) / std, (y_valid - mean) / std"
            if data.task == "regression"
            else ""
        ),
        "spoil_train": "",
        "tensors": (
            f"x_train, x_valid = (torch.tensor(a, dtype={inputs}) for a in (x_train, x_valid))\n"
            f"y_train, y_valid = (torch.tensor(a, dtype={targets})<<column>> for a in (y_train, y_valid))"
        ),
        "column": "[:, None]" if column else "",
        "squeeze": ".squeeze(-1)" if data.task != "classes" and not column else "",
    }


def batches(loading: str) -> dict[str, str]:
    """Return the slots that hand out batches: a ``loader``, or ``rows`` of a permutation."""
    if loading == "loader":
        return {
            "make_batches": (
                "train_loader = DataLoader(TensorDataset(x_train, y_train), batch_size=<<batch_size>>, <<sampling>>)"
            ),
            "sampling": "shuffle=True",
            "each_batch": "xb, yb in train_loader",
            "take": "",
            "order": "",
        }
    return {
        "make_batches": "",
        "sampling": "",
        "each_batch": "rows in <<order>>.split(<<batch_size>>)",
        "take": "xb, yb = x_train[rows], y_train[rows]",
        "order": "torch.randperm(len(x_train))",
    }
