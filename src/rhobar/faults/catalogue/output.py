"""Faults at the end of the network: its last activation, its loss, formulas by hand."""

from rhobar.faults.catalogue.fault import Fault, Severity
from rhobar.faults.draft import Draft

__all__ = ["OUTPUT_FAULTS"]

_ONE_HOT = "F.one_hot(target, {}).float()"


def _end(function: str, module: str) -> dict[str, str]:
    return {"end": f"x = {function}(x)" if "(" not in function else f"x = {function}", "end_line": f"{module},"}


def _loss(body: str) -> str:
    return f"def criterion(out, target):\n    return {body}"


def _on_one_hot(body: str, draft: Draft) -> Draft:
    return draft.fill(define_loss=_loss(body.format(_ONE_HOT.format(draft.facts.num_outputs))))


def _class_index(draft: Draft) -> Draft:
    """A class number as a real target, and its score by rounding."""
    metric = draft.slots["metric"].replace("out.argmax(1)", "out.flatten().round().long()")
    return draft.fill(define_loss=_loss("F.mse_loss(out.squeeze(1), target.float())"), num_outputs="1", metric=metric)


def _broadcast(draft: Draft) -> Draft:
    return draft.fill(squeeze="") if draft.slots["squeeze"] else draft.fill(column="")


def _relu_before_hook(draft: Draft) -> bool:
    return draft.facts.architecture in ("module", "functional") and draft.slots["act"].endswith("relu")


def _bounded(variant: str, severity: Severity, function: str, module: str) -> Fault:
    """A regression whose output cannot reach its targets."""
    return Fault(
        "wrong-output-activation",
        variant,
        severity,
        lambda d: d.fill(**_end(function, module)),
        lambda d: d.facts.task == "regression",
    )


OUTPUT_FAULTS = (
    _bounded("relu", "severe", "torch.relu", "nn.ReLU()"),
    _bounded("sigmoid", "severe", "torch.sigmoid", "nn.Sigmoid()"),
    _bounded("tanh", "mild", "0.5 * torch.tanh(x)", "nn.Hardtanh(-0.5, 0.5)"),
    Fault(
        "wrong-output-activation",
        "relu-logits",
        "mild",
        lambda d: d.fill(**_end("torch.relu", "nn.ReLU()")),
        lambda d: d.facts.loss == "cross-entropy",
    ),
    Fault(
        "wrong-output-activation",
        "softmax-over-batch",
        "severe",
        lambda d: d.fill(**_end("torch.softmax(x, dim=0)", "nn.Softmax(dim=0)")),
        lambda d: d.facts.loss == "cross-entropy",
        also=("double-softmax",),
    ),
    Fault(
        "wrong-output-activation",
        "one-unit-softmax",
        "severe",
        lambda d: d.fill(**_end("torch.softmax(x, dim=1)", "nn.Softmax(dim=1)")),
        lambda d: d.facts.loss == "bce",
    ),
    Fault(
        "wrong-output-activation",
        "no-log-softmax",
        "severe",
        lambda d: d.fill(end="", end_line=""),
        lambda d: d.facts.loss == "nll",
    ),
    Fault(
        "double-softmax",
        "softmax",
        "severe",
        lambda d: d.fill(**_end("torch.softmax(x, dim=1)", "nn.Softmax(dim=1)")),
        lambda d: d.facts.loss == "cross-entropy",
    ),
    Fault(
        "double-softmax",
        "sigmoid",
        "severe",
        lambda d: d.fill(**_end("torch.sigmoid", "nn.Sigmoid()"), threshold="0.5"),
        lambda d: d.facts.loss == "bce-logits",
    ),
    Fault(
        "loss-task-mismatch",
        "squared-one-hot",
        "mild",
        lambda d: _on_one_hot("F.mse_loss(out, {})", d),
        lambda d: d.facts.loss == "cross-entropy",
    ),
    Fault(
        "loss-task-mismatch",
        "absolute-one-hot",
        "severe",
        lambda d: _on_one_hot("F.l1_loss(out, {})", d),
        lambda d: d.facts.loss == "cross-entropy",
    ),
    Fault(
        "loss-task-mismatch",
        "class-index",
        "severe",
        _class_index,
        lambda d: d.facts.loss == "cross-entropy" and d.facts.num_outputs > 3,
    ),
    Fault(
        "loss-task-mismatch",
        "cross-entropy-of-one",
        "severe",
        lambda d: d.fill(define_loss=_loss("F.cross_entropy(out, target)")),
        lambda d: d.facts.loss in ("bce-logits", "squared", "huber") and bool(d.slots["column"]),
    ),
    Fault(
        "broadcast-loss",
        "column",
        "severe",
        _broadcast,
        lambda d: d.facts.task == "regression" or "softplus" in d.slots["define_loss"],
    ),
    Fault(
        "unstable-formula",
        "deviation",
        "severe",
        lambda d: d.fill(after_first="x = (x - x.mean(0)) / x.std(0)"),
        _relu_before_hook,
        fatal=True,
    ),
    Fault(
        "unstable-formula",
        "logarithm",
        "severe",
        lambda d: d.fill(after_first="x = torch.log(x)"),
        _relu_before_hook,
        fatal=True,
    ),
    Fault(
        "unstable-formula",
        "distance",
        "severe",
        lambda d: d.fill(penalty=" - 0.01 * torch.sqrt(((out[:, None] - out[None]) ** 2).sum(-1)).mean()"),
        lambda d: d.facts.task == "classes",
        fatal=True,
    ),
    Fault(
        "unstable-formula",
        "focal",
        "mild",
        lambda d: d.fill(
            define_loss="def criterion(out, target):\n    p = torch.softmax(out, dim=1).gather(1, target[:, None])\n"
            "    return ((1 - p) ** 0.5 * -torch.log(p)).mean()"
        ),
        lambda d: d.facts.loss == "cross-entropy",
        fatal=True,
    ),
)
