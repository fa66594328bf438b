"""A kept batch, run again, gives the loss that was trained on, whatever form the model's output has."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

import rhobar as rb


class Body(nn.Module):
    """A net whose answer is dressed up by a function of (inputs, labels, logits)."""

    def __init__(self, dress):
        super().__init__()
        self.net, self.dress = nn.Linear(5, 3), dress

    def forward(self, x, labels=None):
        return self.dress(x, labels, self.net(x))


def within(x, labels, logits):
    return F.cross_entropy(logits, labels)


OUTPUTS = {
    "logits": (lambda x, y, z: z, lambda out, y: F.cross_entropy(out, y)),
    "a tuple": (lambda x, y, z: (x, z), lambda out, y: F.cross_entropy(out[1], y)),
    "a dictionary": (lambda x, y, z: {"logits": z}, lambda out, y: F.cross_entropy(out["logits"], y)),
    "another shape": (lambda x, y, z: z[:, None], lambda out, y: F.cross_entropy(out.view(-1, 3), y)),
    "the loss": (within, lambda out, y: out),
    "the loss and the logits": (lambda x, y, z: (within(x, y, z), z), lambda out, y: out[0]),
    "a scaled loss": (lambda x, y, z: {"loss": within(x, y, z), "logits": z}, lambda out, y: out["loss"] / 4),
}


@pytest.mark.parametrize("case", OUTPUTS)
def test_a_kept_batch_gives_its_loss_again(case):
    dress, loss_of = OUTPUTS[case]
    torch.manual_seed(0)
    model, x, y = Body(dress), torch.randn(16, 5), torch.randint(3, (16,))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.0)
    with rb.watch(model, optimizer, budget=None) as run:
        for _ in range(3):
            optimizer.zero_grad()
            loss_of(model(x, y), y).backward()
            optimizer.step()
        kept = list(run.observer.trackers[0].kept)
    assert len(kept) == 3
    with torch.no_grad():
        expected = F.cross_entropy(model.net(x), y)
        for batch in kept:
            assert torch.allclose(batch.loss(model), expected)
            assert batch.value == pytest.approx(float(expected))


def test_labels_and_logits_are_paired_inside_an_evaluation():
    torch.manual_seed(0)
    model, x, y = Body(lambda x, y, z: {"loss": within(x, y, z)}), torch.randn(64, 5), torch.randint(3, (64,))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with rb.watch(model, optimizer) as run:
        for _ in range(3):
            optimizer.zero_grad()
            model(x, y)["loss"].backward()
            optimizer.step()
            model.eval()
            with torch.no_grad():
                expected = [float(model(x[i : i + 16], y[i : i + 16])["loss"]) for i in range(0, 64, 16)]
            model.train()
    last = run.record.trainings[0].evaluations[-1]
    assert last.num_batches == 4 and last.loss == pytest.approx(sum(expected) / 4)


def test_a_pass_that_raised_leaves_its_losses_behind():
    def fails(x, labels, logits):
        value = within(x, labels, logits)
        if x.shape[0] == 7:
            raise ValueError("odd batch")
        return value, logits

    model, y = Body(fails), torch.randint(3, (16,))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with rb.watch(model, optimizer) as run:
        with pytest.raises(ValueError, match="odd batch"):
            model(torch.randn(7, 5), y[:7])
        loss, _ = model(torch.randn(16, 5), y)
        loss.backward()
        optimizer.step()
    assert run.observer.trackers[0].kept[0].value == pytest.approx(loss.item())
