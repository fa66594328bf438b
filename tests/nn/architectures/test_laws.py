"""Laws that every architecture obeys; a new row of the table is held to all of them."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_model, save_model
from tests.nn.architectures.rows import ROWS, call, inputs, make, seeded, undrawn_
from torch import Tensor
from torch.testing import assert_close

from rhobar.nn.architectures.architecture import Architecture

each = pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)


@pytest.mark.parametrize(("row", "size"), [pytest.param(r, s, id=f"{r.name}-{s}") for r in ROWS for s in r.sizes])
@pytest.mark.parametrize("batch", [1, 3])
def test_shapes(row: Architecture, size: int, batch: int) -> None:
    outputs = call(make(row).eval(), inputs(row, batch, size))
    assert tuple(tuple(out.shape) for out in outputs) == row.outputs(batch, size)
    assert all(out.isfinite().all() for out in outputs)


@each
def test_gradients_reach_every_parameter(row: Architecture) -> None:
    model = undrawn_(make(row)).train()
    outputs = call(model, inputs(row, 6))
    sum((out * torch.randn(out.shape, generator=seeded(2))).sum() for out in outputs).backward()
    without = [
        name
        for name, p in model.named_parameters()
        if p.grad is None or not p.grad.isfinite().all() or not p.grad.any()
    ]
    assert not without


@each
def test_deterministic_under_a_seed(row: Architecture) -> None:
    one, same, other = make(row, 0).train(), make(row, 0).train(), make(row, 1).train()
    for p, q in zip(one.parameters(), same.parameters(), strict=True):
        assert torch.equal(p, q)
    assert any(not torch.equal(p, q) for p, q in zip(one.parameters(), other.parameters(), strict=True))
    for out, out_same in zip(call(one, inputs(row, 4), 7), call(same, inputs(row, 4), 7), strict=True):
        assert torch.equal(out, out_same)


@each
def test_saved_and_loaded_by_safetensors(row: Architecture, tmp_path: Path) -> None:
    model, other = make(row, 0), make(row, 1)
    call(model.train(), inputs(row, 4))  # running statistics are part of what is saved
    save_model(model, str(tmp_path / "model.safetensors"))
    load_model(other, str(tmp_path / "model.safetensors"))
    for out, loaded in zip(call(model.eval(), inputs(row, 2)), call(other.eval(), inputs(row, 2)), strict=True):
        assert torch.equal(out, loaded)
    count = [sum(p.numel() for p in m.parameters()) for m in (model, other)]
    assert count[0] == count[1]  # what was tied is tied


def _by_sample(outputs: list[Tensor], batch: int) -> list[Tensor]:
    """The batch first: the state of a recurrent stack holds it second."""
    return [out if out.shape[0] == batch else out.transpose(0, 1) for out in outputs]


@each
def test_evaluation_treats_each_sample_alone(row: Architecture) -> None:
    batch = 5
    model, arguments = make(row).train(), inputs(row, batch)
    call(model, arguments)
    model.eval()
    whole = _by_sample(call(model, arguments), batch)
    order = torch.tensor([3, 0, 4, 1, 2])
    permuted = _by_sample(call(model, tuple(x[order] for x in arguments)), batch)
    parts = [
        _by_sample(call(model, tuple(x[s] for x in arguments)), len(arguments[0][s])) for s in (slice(1), slice(1, 5))
    ]
    for i, out in enumerate(whole):
        assert_close(permuted[i], out[order], rtol=1e-10, atol=1e-12)
        assert_close(torch.cat([part[i] for part in parts]), out, rtol=1e-10, atol=1e-12)


@each
def test_training_couples_samples_only_where_stated(row: Architecture) -> None:
    model, arguments, others = undrawn_(make(row)).train(), inputs(row, 4), inputs(row, 4, seed=2)
    mixed = tuple(torch.cat([x[:1], y[1:]]) for x, y in zip(arguments, others, strict=True))
    alone, beside = (_by_sample(call(model, x), 4) for x in (arguments, mixed))
    coupled = any(not torch.allclose(a[0], b[0], rtol=1e-10, atol=1e-12) for a, b in zip(alone, beside, strict=True))
    assert coupled == row.couples_batch


@each
def test_training_draws_only_where_stated(row: Architecture) -> None:
    model, arguments = make(row).train(), inputs(row, 4)
    for parameter in model.parameters():  # so that a small model shows each draw
        parameter.data += 0.05 * torch.randn(parameter.shape, generator=seeded(3)).double()
    first, second = call(model, arguments, 0), call(model, arguments, 1)
    assert any(not torch.equal(a, b) for a, b in zip(first, second, strict=True)) == bool(row.drawn)
    model.eval()
    for a, b in zip(call(model, arguments, 0), call(model, arguments, 1), strict=True):
        assert torch.equal(a, b)


@each
def test_training_and_evaluation_agree_but_for_draws_and_batch_norm(row: Architecture) -> None:
    model, arguments = undrawn_(make(row)), inputs(row, 4)
    trained, evaluated = call(model.train(), arguments), call(model.eval(), arguments)
    same = all(torch.allclose(a, b, rtol=1e-10, atol=1e-12) for a, b in zip(trained, evaluated, strict=True))
    assert same == (not row.couples_batch and row.drawn in ("", "dropout"))
