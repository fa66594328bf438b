"""Published diagnosis tools, each fed as its own documentation says, and their words in those of our catalogue.

A tool is told everything that a user's loop could tell it: the model, the optimizer, and after every backward pass the
loss and the batch. Its findings are those that it itself ranks as a warning or worse. Advice that is no statement
about the training (memory layout, AdamW instead of Adam, a bias before a normalisation) counts neither for nor against.

A finding is mapped to every cause that its own text offers, in that order; one that names what was seen, and no cause,
is mapped to the symptom. So a tool that says "the loss became NaN: rate too high, or a bad batch" is right first where
the rate is too high, and right among three where the data hold NaN.
"""

import contextlib
import importlib
import io
from typing import Any, ClassVar

import torch
from torch import nn

SYMPTOMS = frozenset(
    {
        "nonfinite-values", "exploding-gradient", "vanishing-gradient", "dead-units", "saturated-units",
        "rank-collapse", "loss-spike", "not-learning", "overfitting", "unused-layer", "gradient-noise", "weight-norm",
    }
)  # fmt: skip


class TorchAudit:
    """torch-audit: ``autopatch``, at every step instead of every thousandth."""

    package = "torch_audit"
    words: ClassVar[dict[str, tuple[str, ...]]] = {
        "TA100": ("nonfinite-values", "nonfinite-data"), "TA102": ("exploding-gradient",), "TA103": ("dead-units",),
        "TA104": ("detached-parameters",), "TA105": ("dead-units",), "TA301": ("unscaled-inputs",),
        "TA302": ("constant-features",), "TA303": ("unused-layer",), "TA304": ("degenerate-batch-norm",),
        "TA305": ("nonfinite-data",), "TA405": ("dead-units",), "TA500": ("unused-layer",), "TA501": ("unused-layer",),
    }  # fmt: skip

    def __init__(self, model: nn.Module, optimizer: torch.optim.Optimizer | None) -> None:
        tool = importlib.import_module(self.package)
        self.auditor = tool.Auditor(model, optimizer=optimizer, every_n_steps=10)
        self.auditor.autopatch()

    def backward(self, step: int, loss: float, x: torch.Tensor | None, y: torch.Tensor | None) -> None:
        """Its own patches see forward and step; nothing is left to tell."""

    def finish(self) -> list[str]:
        order = {"FATAL": 0, "ERROR": 1, "WARN": 2}
        found = [f for f in self.auditor.finish().findings if f.severity.value in order]
        found.sort(key=lambda f: order[f.severity.value])
        return [f.rule_id for f in found]


class Trainpulse:
    """trainpulse: ``Monitor.log`` of loss, gradient norm and rate."""

    package = "trainpulse"
    words: ClassVar[dict[str, tuple[str, ...]]] = {
        "nan_detector": ("nonfinite-values",), "loss_spike": ("loss-spike",),
        "gradient critical": ("exploding-gradient",),
        "gradient warning": ("vanishing-gradient",), "learning_rate": ("unstable-optimizer-setting",),
        "plateau": ("not-learning",),
    }  # fmt: skip

    def __init__(self, model: nn.Module, optimizer: torch.optim.Optimizer | None) -> None:
        self.monitor = importlib.import_module(self.package).Monitor()
        self.model, self.optimizer = model, optimizer

    def backward(self, step: int, loss: float, x: torch.Tensor | None, y: torch.Tensor | None) -> None:
        self.monitor.log("loss", step, loss)
        self.monitor.log("grad_norm", step, _gradient_norm(self.model))
        if self.optimizer is not None:
            self.monitor.log("lr", step, float(self.optimizer.param_groups[0]["lr"]))

    def finish(self) -> list[str]:
        alerts = [a for a in self.monitor.alerts if a.severity.value != "info"]
        alerts.sort(key=lambda a: a.severity.value != "critical")
        return [f"gradient {a.severity.value}" if a.detector == "gradient" else a.detector for a in alerts]


class Traintools:
    """traintools: ``BatchInspector`` and ``GradientHealthMonitor``, the two that warn."""

    package = "traintools"
    words: ClassVar[dict[str, tuple[str, ...]]] = {
        "non-finite gradients": ("nonfinite-values",), "finite fraction": ("nonfinite-data",),
        "vanished": ("vanishing-gradient",), "very large": ("exploding-gradient",),
        "ratio is high": ("learning-rate-too-high",), "ratio is tiny": ("learning-rate-too-low",),
        "no gradients": ("detached-parameters",), "abs max": ("unscaled-inputs",), "constant": ("constant-features",),
        "dominant class": ("class-imbalance",), "outside": ("invalid-labels",), "is empty": ("nonfinite-data",),
    }  # fmt: skip

    def __init__(self, model: nn.Module, optimizer: torch.optim.Optimizer | None) -> None:
        tool = importlib.import_module(self.package)
        self.gradients, self.batches = tool.GradientHealthMonitor(), tool.BatchInspector()
        self.model, self.optimizer, self.said = model, optimizer, []

    def backward(self, step: int, loss: float, x: torch.Tensor | None, y: torch.Tensor | None) -> None:
        if step % 10:
            return
        lr = None if self.optimizer is None else float(self.optimizer.param_groups[0]["lr"])
        if x is not None:
            self.said += self.batches.inspect(x, y, step=step).warnings
        self.said += self.gradients.inspect(self.model, step=step, lr=lr).warnings

    def finish(self) -> list[str]:
        return [next((word for word in self.words if word in line), line) for line in self.said]


class Torchdiag:
    """torchdiag: ``check_gradients`` while training, ``check_dead_neurons`` at the end."""

    package = "torchdiag"
    words: ClassVar[dict[str, tuple[str, ...]]] = {
        "no_grad": ("detached-parameters",), "EXPLODE": ("exploding-gradient",), "VANISH": ("vanishing-gradient",),
        "dead": ("dead-units",),
    }  # fmt: skip

    def __init__(self, model: nn.Module, optimizer: torch.optim.Optimizer | None) -> None:
        self.tool, self.model, self.said, self.x = importlib.import_module(self.package), model, [], None

    def backward(self, step: int, loss: float, x: torch.Tensor | None, y: torch.Tensor | None) -> None:
        self.x = x
        if step % 10 == 0:
            with contextlib.redirect_stdout(io.StringIO()):
                found = self.tool.check_gradients(self.model)
            self.said += [layer["status"] for layer in found.values() if layer["status"] != "OK"]

    def finish(self) -> list[str]:
        if self.x is not None:
            with contextlib.redirect_stdout(io.StringIO()):
                dead = self.tool.check_dead_neurons(self.model, self.x)
            self.said += ["dead" for layer in dead.values() if layer["dead_pct"] > 20]
        return self.said


class Gradsnitch:
    """gradsnitch: ``watch(model, optimizer)`` and ``log`` right after backward."""

    package = "gradsnitch"
    words: ClassVar[dict[str, tuple[str, ...]]] = {
        "GS001": ("learning-rate-too-high", "nonfinite-data"),
        "GS002": ("exploding-gradient", "learning-rate-too-high"),
        "GS003": ("learning-rate-too-high",), "GS004": ("overfitting",),
        "GS005": (
            "learning-rate-too-low", "badly-scaled-initialization", "unoptimized-parameters", "uninformative-labels",
        ),
        "GS006": ("learning-rate-too-high", "unstable-optimizer-setting"),
        "GS007": ("vanishing-gradient", "learning-rate-too-low"),
        "GS008": ("learning-rate-too-high",), "GS008 low": ("learning-rate-too-low",),
        "GS009": ("learning-rate-too-high",), "GS010": ("unstable-optimizer-setting",),
    }  # fmt: skip

    def __init__(self, model: nn.Module, optimizer: torch.optim.Optimizer | None) -> None:
        self.monitor = importlib.import_module(self.package).watch(model, optimizer)

    def backward(self, step: int, loss: float, x: torch.Tensor | None, y: torch.Tensor | None) -> None:
        self.monitor.log(step, loss)

    def finish(self) -> list[str]:
        with contextlib.redirect_stdout(io.StringIO()):
            found = self.monitor.report() if self.monitor.rows else []
        found = sorted(found, key=lambda f: f.severity != "error")
        return [f"{f.code} low" if "too low" in f.name else f.code for f in found]


class Torchmortem:
    """torchmortem: ``Autopsy`` with a step for every backward pass."""

    package = "torchmortem"
    words: ClassVar[dict[str, tuple[str, ...]]] = {
        "Vanishing gradients": ("vanishing-gradient",), "Exploding gradients": ("exploding-gradient",),
        "Gradient stalling": ("vanishing-gradient",), "High gradient noise": ("batch-size-misfit",),
        "Training divergence": ("learning-rate-too-high",), "Loss plateau": ("not-learning", "learning-rate-too-low"),
        "Dead units": ("dead-units",), "Rank collapse": ("rank-collapse",),
        "Activation saturation": ("saturated-units",),
        "Update ratio too low": ("learning-rate-too-low",), "Update ratio too high": ("learning-rate-too-high",),
        "Weight norm explosion": ("learning-rate-too-high",), "Stagnant weight norms": ("learning-rate-too-low",),
        "Inter-layer weight norm": ("badly-scaled-initialization",),
    }  # fmt: skip

    def __init__(self, model: nn.Module, optimizer: torch.optim.Optimizer | None) -> None:
        self.autopsy = importlib.import_module(self.package).Autopsy(model, optimizer=optimizer)
        self.autopsy.attach()

    def backward(self, step: int, loss: float, x: torch.Tensor | None, y: torch.Tensor | None) -> None:
        self.autopsy.step(loss=loss)

    def finish(self) -> list[str]:
        self.autopsy.detach()
        report = self.autopsy.get_report()
        found = [f for f in report.findings if f.severity.name != "INFO"]
        found.sort(key=lambda f: -f.severity.value)
        return [next((word for word in self.words if f.title.startswith(word)), f.title) for f in found]


RIVALS = {
    "torch-audit": TorchAudit,
    "trainpulse": Trainpulse,
    "traintools": Traintools,
    "torchdiag": Torchdiag,
    "gradsnitch": Gradsnitch,
    "torchmortem": Torchmortem,
}


def translate(rival: Any, said: list[str]) -> list[str]:
    """Return what a tool said in the words of our catalogue, in its order, each once; advice falls out."""
    return list(dict.fromkeys(id for word in said for id in rival.words.get(word, ())))


def _gradient_norm(model: nn.Module) -> float:
    norms = [p.grad.detach().float().norm() for p in model.parameters() if p.grad is not None]
    return float(torch.stack(norms).norm()) if norms else 0.0
