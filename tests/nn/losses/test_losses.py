"""Laws over the table of losses."""

import pytest
import torch

from rhobar.nn.losses import LOSSES

ROWS = [pytest.param(row, id=name) for name, row in LOSSES.items()]
LIKELY = [pytest.param(row, id=name) for name, row in LOSSES.items() if row.log_likelihood is not None]


def draw(row, seed=0):
    return row.example(torch.Generator().manual_seed(seed))


def replace(arguments, index, value):
    return (*arguments[:index], value, *arguments[index + 1 :])


def predictions_of(row, arguments):
    return tuple(a.clone().requires_grad_() for a in arguments[: row.num_predictions])


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("row", ROWS)
def test_formula_and_production_agree_in_value_and_gradient(row, seed):
    arguments = draw(row, seed)
    values, gradients = [], []
    for function in (row.formula, row.production):
        predictions = predictions_of(row, arguments)
        values.append(function(*predictions, *arguments[row.num_predictions :]))
        gradients.append(torch.autograd.grad(values[-1], predictions))
    torch.testing.assert_close(values[0], values[1], rtol=1e-12, atol=1e-12)
    for one, other in zip(*gradients, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-12, atol=1e-12)
        assert other.abs().max() > 1e-3


@pytest.mark.parametrize("row", ROWS)
def test_gradcheck(row):
    arguments = draw(row)
    for function in (row.formula, row.production):
        predictions, rest = predictions_of(row, arguments), arguments[row.num_predictions :]
        assert torch.autograd.gradcheck(lambda *p, f=function, r=rest: f(*p, *r), predictions)


@pytest.mark.parametrize("row", LIKELY)
def test_minimising_is_maximum_likelihood(row):
    """Whatever is predicted, loss + log-likelihood is the same number: both have one argmin."""
    arguments, others = draw(row, 0), draw(row, 1)
    rest, sums, log_likelihoods = arguments[row.num_predictions :], [], []
    for step in (0.0, 0.3, 1.0):
        predictions = [
            (1 - step) * a + step * b
            for a, b in zip(arguments[: row.num_predictions], others[: row.num_predictions], strict=True)
        ]
        log_likelihoods.append(row.log_likelihood(*predictions, *rest).item())
        sums.append(row.production(*predictions, *rest).item() + log_likelihoods[-1])
    assert sums[1:] == pytest.approx(sums[:1] * 2, rel=1e-12, abs=1e-12)
    assert max(log_likelihoods) - min(log_likelihoods) > 1e-3


@pytest.mark.parametrize("row", ROWS)
def test_a_likelihood_is_stated_or_denied(row):
    assert (row.log_likelihood is None) == row.likelihood.startswith("none")


@pytest.mark.parametrize("row", [r for r in ROWS if r.values[0].takes_logits])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_stable_at_logits_of_ten_thousand(row, dtype):
    first, *rest = (a.to(dtype) if a.is_floating_point() else a for a in draw(row))
    for logits in (1e4 * first.sign(), -1e4 * first.sign(), torch.full_like(first, 1e4)):
        logits = logits.requires_grad_()
        loss = row.production(logits, *rest)
        (gradient,) = torch.autograd.grad(loss, logits)
        assert loss.isfinite() and gradient.isfinite().all()


@pytest.mark.parametrize("row", ROWS)
def test_integer_predictions_are_refused_by_name(row):
    arguments = draw(row)
    for index in range(row.num_predictions):
        with pytest.raises(TypeError, match=r"^\w+ must be of a floating dtype, got torch.int64; convert them by"):
            row.production(*replace(arguments, index, arguments[index].long()))


@pytest.mark.parametrize("row", ROWS)
def test_empty_predictions_are_refused_by_name(row):
    arguments = draw(row)
    with pytest.raises(ValueError, match=r"^\w+ must have at least one entry, got the shape"):
        row.production(*(a[:0] for a in arguments))


@pytest.mark.parametrize("row", [r for r in ROWS if len(draw(r.values[0])) > 1 and "gan" not in r.id])
def test_other_shapes_are_refused_by_name(row):
    arguments = draw(row)
    for index in range(1, len(arguments)):
        for wrong in (arguments[index].unsqueeze(1), arguments[index][:-1]):
            with pytest.raises(ValueError, match=r"^\w+ must (have|be) .*, got (the shape )?\("):
                row.production(*replace(arguments, index, wrong))


def test_wrong_values_are_refused_by_name():
    z, two = torch.zeros(2, 3), torch.tensor
    cases = [
        ("binary_cross_entropy", (z, z + 1.5), r"targets must lie in \[0, 1\], got values from 1.5 to 1.5"),
        ("binary_cross_entropy", (z, z + torch.nan), r"targets must lie in \[0, 1\]"),
        ("negative_elbo", (z, z, z, z - 1), r"targets must lie in \[0, 1\]"),
        ("categorical_cross_entropy", (z, z), r"targets must sum to 1 over the last axis, got sums from 0 to 0"),
        ("categorical_cross_entropy", (z[:, :1], z[:, :1] + 1), "logits must have at least two classes"),
        ("kl", (z, z + 0.5), "targets must sum to 1"),
        ("sparse_categorical_cross_entropy", (z, two([0, 3])), "indices from 0 to 2, got values from 0 to 3"),
        ("sparse_categorical_cross_entropy", (z, two([-1, 0])), "got values from -1 to 0"),
        ("label_smoothing", (z, two([0, 3])), "indices from 0 to 2"),
        ("masked_language", (z, two([0, 3]), two([True, True])), "indices from 0 to 2"),
        ("masked_language", (z, two([0, 1]), two([False, False])), "mask must mark at least one token"),
        ("hinge", (z, z), "targets must be −1 or \\+1, got values from 0 to 0"),
        ("perceptron", (z, z + 2), "targets must be −1 or \\+1"),
        ("gaussian_nll", (z, z, z), "variance must be positive, got values down to 0"),
        ("nt_xent", (z[:1], z[:1]), "at least two samples"),
    ]
    for name, arguments, message in cases:
        with pytest.raises(ValueError, match=message):
            LOSSES[name].production(*arguments)


def test_wrong_dtypes_of_targets_are_refused_by_name():
    z = torch.zeros(2, 3)
    for targets in (torch.zeros(2), torch.zeros(2, dtype=torch.bool)):
        with pytest.raises(TypeError, match="class indices of an integer dtype, got torch"):
            LOSSES["sparse_categorical_cross_entropy"].production(z, targets)
    with pytest.raises(TypeError, match="mask must be boolean"):
        LOSSES["masked_language"].production(z, torch.zeros(2, dtype=torch.long), torch.ones(2))


@pytest.mark.parametrize(
    "name, bad",
    [
        ("huber", {"delta": 0.0}),
        ("nt_xent", {"temperature": 0.0}),
        ("label_smoothing", {"smoothing": 1.0}),
        ("negative_elbo", {"decoder": "poisson"}),
        ("hinge", {"reduction": "median"}),
    ],
)
def test_wrong_options_are_refused_by_name(name, bad):
    (option,) = bad
    with pytest.raises(ValueError, match=f"^{option} must"):
        LOSSES[name].production(*draw(LOSSES[name]), **bad)


@pytest.mark.parametrize(
    "name",
    [
        "mse",
        "mae",
        "huber",
        "gaussian_nll",
        "binary_cross_entropy",
        "categorical_cross_entropy",
        "sparse_categorical_cross_entropy",
        "label_smoothing",
        "kl",
        "hinge",
        "perceptron",
    ],
)
def test_reductions_agree(name):
    arguments, loss = draw(LOSSES[name]), LOSSES[name].production
    each = loss(*arguments, reduction="none")
    torch.testing.assert_close(each.mean(), loss(*arguments))
    torch.testing.assert_close(each.sum(), loss(*arguments, reduction="sum"))
    if "categorical" in name or name in ("label_smoothing", "kl"):
        assert each.shape == arguments[0].shape[:-1]


@pytest.mark.parametrize("row", ROWS)
def test_permuting_the_samples_changes_nothing(row):
    arguments = draw(row)
    if "gan" in row.name:
        shuffled = tuple(a.flip(0) for a in arguments)
    else:
        order = torch.randperm(len(arguments[0]), generator=torch.Generator().manual_seed(0))
        shuffled = tuple(a[order] for a in arguments)
    torch.testing.assert_close(row.production(*shuffled), row.production(*arguments))


def test_every_row_is_complete():
    for name, row in LOSSES.items():
        assert row.name == name and row.equation and row.reference
        assert row.summary.endswith(".") and len(row.summary) <= 90
