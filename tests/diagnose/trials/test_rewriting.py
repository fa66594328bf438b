"""Functions are exchanged whatever style calls them, and only while that is asked for."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from rhobar.diagnose.trials.rewriting import Rewriting, Tracing, find_output


class Net(nn.Module):
    def __init__(self, end) -> None:
        super().__init__()
        self.first, self.second, self.end = nn.Linear(4, 8), nn.Linear(8, 3), end

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.end(self.second(torch.softmax(self.first(x), 1)))


ENDS = {
    "module": nn.Softmax(dim=1),
    "functional": lambda z: F.softmax(z, dim=1),
    "torch": lambda z: torch.softmax(z, 1),
    "method": lambda z: z.softmax(dim=-1),
    "viewed": lambda z: z.softmax(dim=-1)[:, None, :].reshape(-1, 3),
}


@pytest.mark.parametrize("style", ENDS)
def test_the_output_s_call_is_found_and_exchanged(style: str) -> None:
    torch.manual_seed(0)
    net, x = Net(ENDS[style]), torch.randn(5, 4)
    with Tracing() as tracing:
        before = net(x)
    call = find_output(tracing.calls, before)
    assert call is not None and call.name == "softmax" and call.index == 1

    def skip(index, function, *args, **kwargs):
        return args[0] if index == call.index else function(*args, **kwargs)

    for _ in range(2):  # counting starts anew in each pass
        with Rewriting({"softmax": skip}):
            logits = net(x)
        assert torch.allclose(logits.softmax(-1), before) and not torch.allclose(logits, before)
    assert torch.equal(net(x), before)


def test_a_linear_end_is_no_call() -> None:
    net, x = Net(nn.Identity()), torch.randn(5, 4)
    with Tracing() as tracing:
        out = net(x)
    assert [c.name for c in tracing.calls] == ["softmax"] and find_output(tracing.calls, out) is None


def test_in_place_calls_count() -> None:
    with Tracing() as tracing:
        torch.randn(3).relu_()
    assert [c.name for c in tracing.calls] == ["relu"]
