import pickle

import jaxtyping
import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.datasets import load_diabetes, load_digits
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV, cross_val_score, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler
from sklearn.utils.estimator_checks import parametrize_with_checks
from torch import nn

import rhobar as rb

SMALL = {"epochs": 30, "rate": 0.03, "hidden": (20,)}


@parametrize_with_checks([rb.Classifier(**SMALL), rb.Regressor(**SMALL)])
@pytest.mark.filterwarnings("ignore")
def test_scikit_learns_own_checks(estimator, check, monkeypatch):
    """Without the type checks of these tests: `__init__` must take anything and complain in `fit`."""
    monkeypatch.setattr(jaxtyping.config, "jaxtyping_disable", True)
    check(estimator)


def digits():
    X, y = load_digits(return_X_y=True)
    return train_test_split(X, y, test_size=400, random_state=0)


def test_classifies_digits():
    X, held_X, y, held_y = digits()
    model = rb.Classifier(epochs=15, random_state=0).fit(X, y)
    assert model.score(held_X, held_y) > 0.95
    p = model.predict_proba(held_X)
    assert np.allclose(p.sum(1), 1)
    assert np.allclose(np.log(p), model.predict_log_proba(held_X))
    assert (model.classes_[p.argmax(1)] == model.predict(held_X)).all()
    assert len(model.loss_curve_) == model.n_iter_ == 15
    assert model.loss_curve_[-1] < 0.1 * model.loss_curve_[0]


def test_regression_is_at_least_as_good_as_ridge_and_knows_no_unit():
    X, y = load_diabetes(return_X_y=True)
    options = {"epochs": 40, "rate": 3e-3, "weight_decay": 0.3, "random_state": 0}
    ours = cross_val_score(rb.Regressor(**options), X, y, cv=3).mean()
    assert ours > cross_val_score(Ridge(1e-3), X, y, cv=3).mean() - 0.05
    plain = rb.Regressor(**options).fit(X, y).predict(X)
    assert np.allclose(rb.Regressor(**options).fit(X, 1000 * y - 7).predict(X), 1000 * plain - 7, rtol=1e-3)


def test_an_integer_makes_it_repeatable_and_the_global_state_stays():
    X, _, y, _ = digits()
    state = torch.get_rng_state()
    first, again, other = (rb.Classifier(epochs=2, random_state=s).fit(X, y).predict_proba(X) for s in (0, 0, 1))
    assert (first == again).all()
    assert not (first == other).all()
    assert torch.equal(torch.get_rng_state(), state)


def test_takes_part_in_pipelines_searches_and_pickles():
    X, held_X, y, _ = digits()
    pipe = make_pipeline(MinMaxScaler(), rb.Classifier(epochs=5, rate=0.01, random_state=0))
    found = GridSearchCV(pipe, {"classifier__hidden": [(4,), (64,)]}, cv=2).fit(X, y)
    assert found.best_params_ == {"classifier__hidden": (64,)}
    again = pickle.loads(pickle.dumps(found))
    assert (again.predict(held_X) == found.predict(held_X)).all()
    assert clone(rb.Classifier(hidden=(3,))).get_params()["hidden"] == (3,)


def test_any_module_and_any_labels_will_do():
    X, _, y, _ = digits()
    words = np.array(["zero", "one", "two"])[y[y < 3]]
    model = rb.Classifier(
        lambda i, o: nn.Sequential(nn.Linear(i, 12), nn.Tanh(), nn.Linear(12, o)), epochs=10, rate=0.01, random_state=0
    )
    assert model.fit(X[y < 3], words).score(X[y < 3], words) > 0.97
    assert isinstance(model.network_[1], nn.Tanh)


def test_stops_early_and_several_outputs_are_regressed():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 3))
    Y = np.stack([X[:, 0], 50 * X[:, 1] + 3], 1)
    model = rb.Regressor(epochs=300, rate=0.01, patience=5, random_state=0).fit(X, Y)
    assert model.n_iter_ < 300
    assert model.predict(X).shape == (200, 2)
    assert model.score(X, Y) > 0.95


@pytest.mark.parametrize("options", [{"optimizer": "adamm"}, {"schedule": "linearr"}])
def test_refusals(options):
    with pytest.raises(ValueError, match="optimizer must be one of"):
        rb.Classifier(**options).fit([[0.0], [1.0]], [0, 1])
