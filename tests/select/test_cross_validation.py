import math
import statistics

import pytest
import torch
from sklearn.linear_model import Ridge
from sklearn.model_selection import KFold, cross_val_score

from rhobar.select import Split, cross_validate, k_fold, nested_cross_validate


def rand(seed):
    return torch.Generator().manual_seed(seed)


def test_agrees_with_scikit_learn_on_ridge_regression():
    x, y = torch.randn(30, 3, generator=rand(0)).numpy(), torch.randn(30, generator=rand(1)).numpy()
    theirs = -cross_val_score(Ridge(), x, y, cv=KFold(5), scoring="neg_mean_squared_error")

    def score(split):
        model = Ridge().fit(x[split.train], y[split.train])
        return float(((model.predict(x[split.test]) - y[split.test]) ** 2).mean())

    found = cross_validate(score, k_fold(30, 5))
    assert found.scores == pytest.approx(theirs, rel=1e-5)
    assert found.value == pytest.approx(theirs.mean(), rel=1e-5)
    assert found.stderr == pytest.approx(theirs.std(ddof=1) / math.sqrt(5), rel=1e-5)


def test_unequal_folds_count_by_their_size():
    s = torch.randn(11, generator=rand(0), dtype=torch.float64)
    found = cross_validate(lambda split: float(s[split.test].mean()), k_fold(11, 4))
    assert found.value == pytest.approx(float(s.mean()), abs=1e-12)
    assert found.sizes == (3, 3, 3, 2)


def test_the_error_bar_fits_independent_folds():
    """With one and the same predictor for all folds, fold means are independent: (estimate − truth)/stderr is t₉."""
    z = []
    for seed in range(400):
        s = torch.randn(100, generator=rand(seed), dtype=torch.float64)
        found = cross_validate(lambda split: float(s[split.test].mean()), k_fold(100, 10))
        z.append(found.value / found.stderr)
    assert abs(statistics.mean(z)) < 4 / 20
    assert statistics.stdev(z) == pytest.approx(math.sqrt(9 / 7), rel=0.12)


def test_the_correction_is_that_of_nadeau_and_bengio():
    scores = iter([1.0, 2.0, 4.0, 1.0, 2.0, 4.0])
    plain = cross_validate(lambda _: next(scores), k_fold(9, 3))
    wide = cross_validate(lambda _: next(scores), k_fold(9, 3), correction="nadeau-bengio")
    variance = statistics.variance([1.0, 2.0, 4.0])
    assert plain.stderr**2 == pytest.approx(variance / 3)
    assert wide.stderr**2 == pytest.approx((1 / 3 + 3 / 6) * variance)


def test_nested_is_unbiased_on_pure_noise_where_the_plain_choice_is_not():
    """Candidates guess labels that are coin flips: the truth is 1/2, whatever is chosen."""
    plain, nested = [], []
    for seed in range(60):
        y = torch.randint(2, (40,), generator=rand(seed))
        guesses = torch.randint(2, (20, 40), generator=rand(1000 + seed))

        def score(candidate, split):
            return float((guesses[candidate][split.test] == y[split.test]).double().mean())

        found = nested_cross_validate(
            score,
            range(20),
            k_fold(40, 4, generator=rand(seed)),
            lambda train: k_fold(len(train), 3),
            higher_is_better=True,
        )
        nested.append(found.outer.value)
        plain.append(max(cross_validate(lambda s: score(c, s), k_fold(40, 4)).value for c in range(20)))
    error = statistics.stdev(nested) / math.sqrt(len(nested))
    assert abs(statistics.mean(nested) - 0.5) < 3.5 * error
    assert statistics.mean(plain) > 0.6
    assert error < 0.02


def test_the_outer_fold_has_no_part_in_the_choice():
    seen = []

    def score(candidate, split):
        seen.append(split)
        return 0.0

    outer = k_fold(12, 3, generator=rand(0))
    nested_cross_validate(score, ["a", "b"], outer, lambda train: k_fold(len(train), 2), higher_is_better=True)
    per_fold = len(seen) // 3
    for k, split in enumerate(outer):
        *inner, judged = seen[k * per_fold : (k + 1) * per_fold]
        assert judged is split
        assert len(inner) == 4
        for part in inner:
            assert set(torch.cat([part.train, part.test]).tolist()) == set(split.train.tolist())


@pytest.mark.parametrize("better", [True, False])
def test_the_direction_is_obeyed(better):
    found = nested_cross_validate(
        lambda c, split: c, [1.0, 3.0, 2.0], k_fold(6, 2), lambda train: k_fold(len(train), 2), higher_is_better=better
    )
    assert found.chosen == ((1, 1) if better else (0, 0))
    assert found.inner == ((3.0, 3.0) if better else (1.0, 1.0))


def test_refusals():
    with pytest.raises(ValueError, match="At least 2 splits"):
        cross_validate(lambda s: 0.0, [Split(torch.tensor([0]), torch.tensor([1]))])
    with pytest.raises(ValueError, match="At least one candidate"):
        nested_cross_validate(lambda c, s: 0.0, [], k_fold(4, 2), lambda t: k_fold(2, 2), higher_is_better=True)
