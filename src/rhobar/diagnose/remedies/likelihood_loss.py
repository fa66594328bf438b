"""Train classes with their likelihood: cross-entropy of logits."""

from torch import Tensor
from torch.nn import functional as F

from rhobar.diagnose.remedies.remedy import remedy
from rhobar.diagnose.trials.case import Case
from rhobar.record import Finding

__all__ = ["likelihood_loss"]


@remedy("loss-task-mismatch")
def likelihood_loss(case: Case, finding: Finding) -> str | None:
    """Softmax cross-entropy for one-hot rows, sigmoid cross-entropy for two classes and one output."""
    facts, shape = case.training.targets, case.batches[0].shape
    if facts is None or not shape:
        return None
    if facts.one_hot and len(shape) == 2 and shape[1] > 1:
        _drop(case, finding)
        case.criterion = lambda f, y: F.cross_entropy(f, y.argmax(1))
        return "softmax cross-entropy as the loss"
    if facts.integral and len(facts.distinct) == 2 and shape[1:] in ((), (1,)):
        _drop(case, finding)
        middle = sum(facts.distinct) / 2

        def criterion(f: Tensor, y: Tensor) -> Tensor:
            return F.binary_cross_entropy_with_logits(f.reshape(-1), (y.reshape(-1) > middle).to(f.dtype))

        case.criterion = criterion
        return "sigmoid cross-entropy as the loss"
    return None


def _drop(case: Case, finding: Finding) -> None:
    """Logits: no activation at the output, whatever the old loss wanted."""
    call = case.output_call()
    if call is None or call.name not in ("sigmoid", "softmax", "tanh", "relu", "log_softmax"):
        return
    case.rewrite(call.name, lambda i, function, *args, **kw: args[0] if i == call.index else function(*args, **kw))
