"""Faults between the loss and the weights."""

from rhobar.faults.catalogue.fault import Fault
from rhobar.faults.draft import Draft

__all__ = ["GRADIENT_FAULTS"]


def _module(draft: Draft) -> bool:
    return not draft.facts.by_hand


def _hook(draft: Draft) -> bool:
    return "<<after_first>>" in draft.slots["model"]


GRADIENT_FAULTS = (
    Fault("detached-parameters", "first-layer", "mild", lambda d: d.fill(after_first="x = x.detach()"), _hook),
    Fault(
        "detached-parameters",
        "body",
        "severe",
        lambda d: d.fill(before_head="x = x.detach()"),
        lambda d: "<<before_head>>" in d.slots["model"] and not d.facts.by_hand,
    ),
    Fault(
        "detached-parameters",
        "numpy",
        "severe",
        lambda d: d.fill(before_head="x = torch.tensor(x.detach().numpy())"),
        lambda d: "<<before_head>>" in d.slots["model"] and not d.facts.by_hand and "bfloat16" not in d.layout,
    ),
    Fault(
        "unoptimized-parameters",
        "head-only",
        "severe",
        lambda d: d.fill(held="list(<<parameters>>)[-2:]"),
    ),
    Fault(
        "unoptimized-parameters",
        "frozen",
        "severe",
        lambda d: d.fill(prologue="for p in list(<<parameters>>)[:-2]:\n    p.requires_grad_(False)"),
        _module,
    ),
    Fault(
        "unoptimized-parameters",
        "python-list",
        "severe",
        lambda d: d.fill(layer_list="[]"),
        lambda d: d.facts.architecture == "deep",
    ),
    Fault("accumulating-gradients", "never-cleared", "severe", lambda d: d.fill(zero="")),
    Fault(
        "accumulating-gradients",
        "once-an-epoch",
        "mild",
        lambda d: d.fill(zero="", begin_epoch=d.slots["zero"]),
        lambda d: "def update" not in d.layout,
    ),
    Fault("no-optimizer-step", "missing", "severe", lambda d: d.fill(step=""), fatal=True),
    Fault(
        "no-optimizer-step",
        "cleared-before",
        "severe",
        lambda d: d.fill(backward=d.slots["backward"] + "\n<<zero>>"),
        _module,
        fatal=True,
    ),
    Fault(
        "no-optimizer-step",
        "of-a-copy",
        "severe",
        lambda d: d.fill(held="[p.detach().clone() for p in <<parameters>>]"),
        _module,
        also=("unoptimized-parameters",),
        fatal=True,
    ),
    Fault(
        "no-optimizer-step",
        "rebound",
        "severe",
        lambda d: d.fill(step=d.slots["step"].replace("p <<sign>>= <<lr>> * p.grad", "p = p - <<lr>> * p.grad")),
        lambda d: d.facts.by_hand,
        fatal=True,
    ),
    Fault(
        "gradient-ascent",
        "minus",
        "severe",
        lambda d: d.fill(
            backward=d.slots["backward"].replace("loss.backward", "(-loss).backward").replace("(loss)", "(-loss)")
        ),
    ),
    Fault("gradient-ascent", "maximize", "severe", lambda d: d.option(maximize=True), _module),
    Fault("gradient-ascent", "plus", "severe", lambda d: d.fill(sign="+"), lambda d: d.facts.by_hand),
)
