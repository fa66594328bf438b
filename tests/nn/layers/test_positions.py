"""Positions: rotation by a shift, relative products, tables exact after any change of dtype or device."""

import pytest
import torch

from rhobar.nn.layers import Learned, Rotary, Sinusoidal, rotary_matrix, sinusoidal


def random(*shape, seed=0):
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def test_the_sinusoidal_code_written_out():
    code = sinusoidal(50, 6)
    for t in (0, 1, 49):
        for i in range(3):
            ω = torch.tensor(10_000.0, dtype=torch.float64) ** (-2 * i / 6)
            torch.testing.assert_close(code[t, 2 * i], (t * ω).sin())
            torch.testing.assert_close(code[t, 2 * i + 1], (t * ω).cos())


def test_a_shift_of_the_code_is_a_rotation_that_depends_on_the_shift_only():
    code, k = sinusoidal(40, 8), 5
    swapped = code.view(40, 4, 2).flip(-1).flatten(1)  # (cos, sin): angles grow with t
    torch.testing.assert_close(swapped[:-k] @ rotary_matrix(k, 8).T, swapped[k:])
    torch.testing.assert_close(code.square().sum(-1), torch.full((40,), 4.0, dtype=torch.float64))


def test_rotary_matrices_are_a_group_of_rotations():
    R = [rotary_matrix(t, 6) for t in range(9)]
    torch.testing.assert_close(R[3] @ R[3].T, torch.eye(6, dtype=torch.float64))
    torch.testing.assert_close(R[3].T @ R[8], R[5])
    assert torch.linalg.det(R[3]).item() == pytest.approx(1)
    assert R[1][1, 0].item() == pytest.approx(torch.tensor(1.0).sin().item())  # positions turn counter-clockwise


def test_products_of_rotated_vectors_see_distances_only():
    rotary = Rotary(6, max_length=64).double()
    q, k = random(6), random(6, seed=1)
    at = rotary(torch.stack([q] * 64)), rotary(torch.stack([k] * 64))
    products = at[0] @ at[1].T
    for distance in (0, 3, 20):
        diagonal = products.diagonal(distance)
        torch.testing.assert_close(diagonal, diagonal[:1].expand_as(diagonal))
    assert products[0, 3] != products[3, 0]
    torch.testing.assert_close(at[0].norm(dim=-1), q.norm().expand(64))


@pytest.mark.parametrize("make", [lambda: Sinusoidal(20, 6), lambda: Learned(20, 6), lambda: Rotary(6, max_length=20)])
def test_an_offset_is_a_later_start(make):
    module, x = make().double(), random(2, 9, 6)
    torch.testing.assert_close(module(x[:, 4:], offset=4), module(x)[:, 4:])
    assert module(random(1, 20, 6)).shape == (1, 20, 6)
    for length, offset in ((21, 0), (9, 12)):
        with pytest.raises(ValueError, match="max_length = 20 positions, got 21"):
            module(random(1, length, 6), offset=offset)


@pytest.mark.parametrize("make", [lambda: Sinusoidal(4000, 6), lambda: Rotary(6, max_length=4000)])
def test_tables_are_exact_in_any_dtype_and_from_the_meta_device(make):
    tables = [name for name, _ in make().named_buffers()]
    with torch.device("meta"):
        materialised = make()
    with torch.device("cpu"):
        exact = make().double()
    for name in tables:
        wanted = getattr(exact, name)
        angles = torch.arange(4000)[:, None] * 10_000 ** (-torch.arange(0, 6, 2, dtype=torch.float64) / 6)
        waves = {"cos": angles.cos(), "sin": angles.sin(), "table": sinusoidal(4000, 6)}
        assert torch.equal(wanted, waves[name])
        assert torch.equal(getattr(materialised.to_empty(device="cpu"), name).double(), wanted.float().double())
        assert torch.equal(getattr(make().half().double(), name), wanted)
        assert torch.equal(getattr(make().bfloat16(), name), wanted.bfloat16())
    assert not make().state_dict()


def test_odd_dimensions_are_refused():
    for make in (lambda: sinusoidal(3, 5), lambda: rotary_matrix(1, 5), lambda: Sinusoidal(3, 5), lambda: Rotary(5)):
        with pytest.raises(ValueError, match="dim must be even"):
            make()


def test_learned_positions_start_as_wide_as_asked():
    torch.manual_seed(0)
    assert Learned(400, 100).weight.std().item() == pytest.approx(0.02, rel=0.02)
    assert Learned(400, 100, std=0.5).weight.std().item() == pytest.approx(0.5, rel=0.02)
