"""Laws of the judges: MMD is a test of its level, the probe chooses on validation, windows are the text."""

import pytest
import torch
from tests.strategies.cases import rand
from torch import nn

from rhobar.train.data import DataSet, load
from rhobar.train.recipe import Recipe
from rhobar.train.tasks import Adversarial
from rhobar.train.tasks.linear_probe import linear_probe
from rhobar.train.tasks.maximum_mean_discrepancy import maximum_mean_discrepancy
from rhobar.train.tasks.next_token import NextToken
from rhobar.train.tasks.views import RandomView, random_view
from rhobar.train.tasks.windows import Windows


def test_mmd_is_unbiased_and_its_level_is_kept():
    """Over many pairs of equal distributions: mean 0, spread as told, p-values uniform."""
    g = torch.Generator().manual_seed(0)
    found = [
        maximum_mean_discrepancy(
            torch.randn(25, 3, generator=g), torch.randn(30, 3, generator=g), num_splits=40, generator=g
        )
        for _ in range(150)
    ]
    scaled = torch.tensor([d.value / d.stderr for d in found])
    assert abs(scaled.mean().item()) < 0.3
    assert 0.75 < scaled.std().item() < 1.3
    assert sum(d.p_value <= 0.1 for d in found) / 150 == pytest.approx(0.1, abs=0.06)


def test_mmd_by_its_definition():
    g = torch.Generator().manual_seed(1)
    x, y = torch.randn(6, 2, generator=g).double(), torch.randn(4, 2, generator=g).double() + 1
    z = torch.cat([x, y])
    squares = torch.tensor([(a - b).square().sum() for i, a in enumerate(z) for b in z[i + 1 :]])
    k = lambda a, b: torch.exp(-(a - b).square().sum() / squares.median())  # noqa: E731
    xx = sum(k(a, b) for i, a in enumerate(x) for j, b in enumerate(x) if i != j) / 30
    yy = sum(k(a, b) for i, a in enumerate(y) for j, b in enumerate(y) if i != j) / 12
    xy = sum(k(a, b) for a in x for b in y) / 24
    assert maximum_mean_discrepancy(x, y).value == pytest.approx(float(xx + yy - 2 * xy), rel=1e-9)
    with pytest.raises(ValueError, match="two rows"):
        maximum_mean_discrepancy(x[:1], y)


class Repeats(nn.Module):
    """A pair whose generator hands out given images, in (−1, 1), whatever it is given."""

    latent = 2

    def __init__(self, images):
        super().__init__()
        self.unused, self.images = nn.Linear(1, 1), 2 * images - 1

    def generator(self, noise):
        return self.images[torch.arange(len(noise)) % len(self.images)]


def test_a_generator_is_judged_by_what_it_makes():
    """Real images are the best generator; shades without form are at 1; one class has all the score of one class."""
    data = load("digits", seed=0)
    task, (x, y) = Adversarial(data), data.train
    columns = torch.stack([x.flatten(1)[torch.randperm(len(x), generator=rand(i)), i] for i in range(64)], 1)
    real, mixed, ones = (task.score(Repeats(images)) for images in (x, columns.view_as(x), x[y == 1]))
    assert real["classifier_score"] > 8 and real["mmd_over_pixels"] < 0.2
    assert mixed["mmd_over_pixels"] == pytest.approx(1, abs=0.3)
    assert ones["classifier_score"] < 1.5 and ones["classes_made"] <= 3


def test_the_probe_reads_a_line_and_no_more():
    torch.manual_seed(0)
    x = torch.randn(300, 2)
    line, xor = (x[:, 0] + x[:, 1] > 0).long(), (x[:, 0] * x[:, 1] > 0).long()
    parts = lambda y: [(x[a:b], y[a:b]) for a, b in ((0, 100), (100, 200), (200, 300))]  # noqa: E731
    assert linear_probe(*parts(line), num_classes=2) > 0.95
    assert linear_probe(*parts(xor), num_classes=2) < 0.7


def test_windows_predict_the_next_token_and_held_out_text_is_judged_once():
    part = (torch.arange(400),)
    task = NextToken(DataSet("text", part, part, part, outputs=500))
    for inputs, targets in task.batches(3):
        assert inputs.shape == (3, NextToken.length) and torch.equal(targets, inputs + 1)
    judged = torch.cat([targets.flatten() for _, targets in task.held_out((torch.arange(400),))])
    assert len(judged) == len(judged.unique()) == 3 * NextToken.length
    with pytest.raises(ValueError, match="at least 129"):
        Windows(torch.arange(50), NextToken.length, 2, lambda w: w, extra=1)


def test_a_view_without_change_is_the_image():
    images = torch.rand(3, 1, 9, 9)
    still = {"angle": 0.0, "zoom": 0.0, "shift": 0.0, "contrast": 0.0, "noise": 0.0}
    assert torch.allclose(random_view(images, **still), images, atol=1e-6)
    assert not torch.allclose(random_view(images), images, atol=0.1)


def test_training_sees_a_square_shifted_within_bounds_and_evaluation_where_it_is():
    images = torch.zeros(200, 1, 20, 20)
    images[:, :, 8:12, 8:12] = 1
    view = RandomView(shift=0.2)
    places = (view(images).sum(1) * torch.arange(20.0)).sum((1, 2)) / 16 - 9.5
    assert 1.5 < places.abs().max() <= 2  # 0.2 of half the side
    assert abs(places.mean()) < 0.3
    assert torch.equal(view.eval()(images), images)
    with pytest.raises(ValueError, match=r"at least 0, got -0\.1"):
        RandomView(shift=-0.1)


def test_views_are_part_of_the_recipe():
    recipe = Recipe().with_values({"model.name": "lenet", "model.shift": 0.2, "training.max_steps": 1})
    assert any(isinstance(module, RandomView) for module in recipe.assemble().model.modules())
    assert not any(
        isinstance(m, RandomView) for m in recipe.with_values({"model.shift": 0.0}).assemble().model.modules()
    )
