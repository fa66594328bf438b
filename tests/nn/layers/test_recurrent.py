"""Recurrent cells: against torch's cells, the direct path of the LSTM, the forget bias."""

import pytest
import torch
from torch import nn

from rhobar.nn.layers import forget_bias_, gru_cell, lstm_cell, rnn_cell, rnn_output

CELLS = {
    "rnn": (nn.RNNCell, lambda m, x, h, C: rnn_cell(x, h, m.weight_ih, m.weight_hh, m.bias_ih + m.bias_hh)),
    "gru": (nn.GRUCell, lambda m, x, h, C: gru_cell(x, h, m.weight_ih, m.weight_hh, m.bias_ih, m.bias_hh)),
    "lstm": (nn.LSTMCell, lambda m, x, h, C: lstm_cell(x, h, C, m.weight_ih, m.weight_hh, m.bias_ih + m.bias_hh)),
}


def random(*shape, seed=0):
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize(("make", "formula"), CELLS.values(), ids=CELLS)
def test_cells_from_any_state(make, formula):
    torch.manual_seed(0)
    cell = make(3, 4).double()
    x, h, C = random(2, 3), random(2, 4, seed=1), random(2, 4, seed=2)
    wanted = cell(x, (h, C)) if make is nn.LSTMCell else cell(x, h)
    torch.testing.assert_close(formula(cell, x, h, C), wanted, rtol=1e-12, atol=1e-12)


def test_the_output_map_is_a_linear_layer():
    layer, h = nn.Linear(4, 2).double(), random(5, 4)
    torch.testing.assert_close(rnn_output(h, layer.weight, layer.bias), layer(h))


def gates(cell, x, h):
    i, f, g, o = (x @ cell.weight_ih.T + cell.bias_ih + h @ cell.weight_hh.T + cell.bias_hh).chunk(4, -1)
    return i.sigmoid(), f.sigmoid(), g.tanh(), o.sigmoid()


def test_the_direct_path_of_the_memory_is_the_forget_gate():
    torch.manual_seed(0)
    cell = nn.LSTMCell(3, 4).double()
    x, h, C = random(1, 3), random(1, 4, seed=1), random(1, 4, seed=2)

    def memory(C):
        return lstm_cell(x, h, C[None], cell.weight_ih, cell.weight_hh, cell.bias_ih + cell.bias_hh)[1][0]

    _, f, _, _ = gates(cell, x, h)
    torch.testing.assert_close(torch.func.jacrev(memory)(C[0]), f[0].diag())


def test_a_forget_bias_keeps_the_gradient_over_time():
    """∂C_T/∂C_0 along the direct path is ∏ f_t: 0.5^T where f ≈ 1/2, and near one for a large bias."""
    torch.manual_seed(0)
    survived = {}
    for bias in (0.0, 1.0, 5.0):
        lstm = nn.LSTM(3, 4).double()
        forget_bias_(lstm, bias)
        for name in ("weight_ih_l0", "weight_hh_l0"):
            nn.init.zeros_(getattr(lstm, name))
        C0 = torch.ones(1, 4, dtype=torch.float64, requires_grad=True)
        _, (_, C) = lstm(random(20, 3), (torch.zeros_like(C0), C0))
        (gradient,) = torch.autograd.grad(C.sum(), C0)
        survived[bias] = gradient.mean().item()
        assert survived[bias] == pytest.approx((1 / (1 + torch.tensor(-bias).double().exp().item())) ** 20, rel=1e-9)
    assert survived[0.0] < 1e-5 < survived[1.0] < 0.8 < survived[5.0]


def test_the_forget_bias_of_every_layer_and_direction():
    lstm = nn.LSTM(2, 3, num_layers=2, bidirectional=True, proj_size=2)
    before = {name: p.clone() for name, p in lstm.named_parameters()}
    forget_bias_(lstm, 2.0)
    for suffix in ("l0", "l1", "l0_reverse", "l1_reverse"):
        both = getattr(lstm, f"bias_ih_{suffix}") + getattr(lstm, f"bias_hh_{suffix}")
        assert both[3:6].tolist() == [2.0] * 3
    for name, p in lstm.named_parameters():
        kept = torch.ones(len(p), dtype=torch.bool)
        if name.startswith("bias"):
            kept[3:6] = False
        assert torch.equal(p[kept], before[name][kept])
    with pytest.raises(ValueError, match="bias=True"):
        forget_bias_(nn.LSTM(2, 3, bias=False))
