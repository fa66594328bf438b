import pytest
import torch
from sklearn.model_selection import GroupKFold, KFold, StratifiedKFold

from rhobar.select import grouped_k_fold, k_fold, stratified_k_fold

LABELS = torch.tensor([0] * 20 + [1] * 13 + [7] * 5)
GROUPS = torch.tensor([3, 3, 3, 3, 3, 3, 1, 1, 1, 2, 2, 2, 9, 9, 4, 5, 5, 6, 6, 6, 6])


def generator(seed):
    return None if seed is None else torch.Generator().manual_seed(seed)


SPLITS = {
    "k-fold": lambda k, seed: (21, k_fold(21, k, generator=generator(seed))),
    "leave-one-out": lambda k, seed: (7, k_fold(7, 7, generator=generator(seed))),
    "stratified": lambda k, seed: (len(LABELS), stratified_k_fold(LABELS, k, generator=generator(seed))),
    "grouped": lambda k, seed: (len(GROUPS), grouped_k_fold(GROUPS, k, generator=generator(seed))),
}
cases = pytest.mark.parametrize(("name", "k", "seed"), [(n, k, s) for n in SPLITS for k in (2, 5) for s in (None, 3)])


@cases
def test_each_sample_is_held_out_once_and_lies_on_one_side(name, k, seed):
    n, splits = SPLITS[name](k, seed)
    assert torch.cat([s.test for s in splits]).sort().values.tolist() == list(range(n))
    for split in splits:
        assert torch.cat([split.train, split.test]).sort().values.tolist() == list(range(n))
        assert split.train.numel() > 0


@cases
def test_the_generator_alone_decides(name, k, seed):
    torch.manual_seed(k)
    first = SPLITS[name](k, seed)[1]
    torch.manual_seed(k + 1)
    again = SPLITS[name](k, seed)[1]
    assert all(torch.equal(a.test, b.test) for a, b in zip(first, again, strict=True))
    other = SPLITS[name](k, 4)[1]
    assert (
        seed is None
        or name == "leave-one-out"
        or any(not torch.equal(a.test, b.test) for a, b in zip(first, other, strict=True))
    )


@pytest.mark.parametrize("k", [2, 3, 4, 6])
def test_k_fold_is_that_of_scikit_learn(k):
    theirs = [test.tolist() for _, test in KFold(k).split(range(22))]
    assert [s.test.tolist() for s in k_fold(22, k)] == theirs


@pytest.mark.parametrize("seed", [None, 0, 1])
@pytest.mark.parametrize("k", [2, 3, 5, 7])
def test_strata_keep_their_proportions_within_one_sample(k, seed):
    sizes = []
    for split in stratified_k_fold(LABELS, k, generator=generator(seed)):
        sizes.append(len(split.test))
        for c, total in zip(*LABELS.unique(return_counts=True), strict=True):
            assert abs(float((LABELS[split.test] == c).sum()) - float(total) / k) < 1
    assert max(sizes) - min(sizes) <= 1


@pytest.mark.filterwarnings("ignore:The least populated class")
@pytest.mark.parametrize("k", [2, 3, 5])
def test_strata_hold_as_many_of_each_class_as_those_of_scikit_learn(k):
    def counts(tests):
        return sorted(sorted(torch.bincount(LABELS[t], minlength=8)[c].item() for t in tests) for c in (0, 1, 7))

    theirs = [torch.as_tensor(test) for _, test in StratifiedKFold(k).split(LABELS, LABELS)]
    assert counts([s.test for s in stratified_k_fold(LABELS, k)]) == counts(theirs)


@pytest.mark.parametrize("seed", [None, 0, 1])
@pytest.mark.parametrize("k", [2, 3, 7])
def test_a_group_is_never_on_both_sides(k, seed):
    for split in grouped_k_fold(GROUPS, k, generator=generator(seed)):
        assert not set(GROUPS[split.train].tolist()) & set(GROUPS[split.test].tolist())


@pytest.mark.parametrize("k", [2, 3, 5])
def test_grouped_folds_are_as_large_as_those_of_scikit_learn(k):
    theirs = sorted(len(test) for _, test in GroupKFold(k).split(GROUPS, groups=GROUPS))
    assert sorted(len(s.test) for s in grouped_k_fold(GROUPS, k)) == theirs


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: k_fold(4, 5), "between 2 and the number of samples, 4; got 5"),
        (lambda: k_fold(4, 1), "got 1"),
        (lambda: stratified_k_fold(torch.tensor([0, 1, 2, 3]), 2), "largest class must have num_folds = 2"),
        (lambda: grouped_k_fold(torch.tensor([1, 1, 1, 2]), 3), "number of groups, 2; got 3"),
    ],
)
def test_folds_that_would_be_empty_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()
