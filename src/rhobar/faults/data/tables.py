"""Tables of features: measured ones of scikit-learn, and drawn ones with units and a known signal."""

from rhobar.faults.data.dataset import Dataset

__all__ = ["TABLES"]

_SKLEARN = "from sklearn.datasets import {}"

TABLES = (
    Dataset(
        "wine", "cultivars of wine from thirteen measurements", _SKLEARN.format("load_wine"),
        "x, y = load_wine(return_X_y=True)",
        "table", "classes", 3, 13, 1, 20, 16, 0.9, 0.34, 800.0, rows=178,
    ),
    Dataset(
        "cancer", "malignant or benign from thirty measurements of cells", _SKLEARN.format("load_breast_cancer"),
        "x, y = load_breast_cancer(return_X_y=True)",
        "table", "binary", 1, 30, 1, 12, 32, 0.9, 0.6, 1000.0, rows=569,
    ),
    Dataset(
        "diabetes", "progression of diabetes after one year", _SKLEARN.format("load_diabetes"),
        "x, y = load_diabetes(return_X_y=True, scaled=False)",
        "table", "regression", 1, 10, 1, 15, 32, 0.25, 0.0, 190.0, 170.0, rows=442,
    ),
    Dataset(
        "friedman", "a yield from ten settings of a process", _SKLEARN.format("make_friedman1"),
        "x, y = make_friedman1(1000, noise=0.5, random_state=<<seed>>)\nx, y = 100 * x, 10 * y",
        "table", "regression", 1, 10, 1, 18, 50, 0.7, 0.0, 58.0, 150.0,
    ),
    Dataset(
        "houses", "prices of houses from area, age, rooms and distance", "",
        "rng = np.random.default_rng(<<seed>>)\n"
        "area, age = rng.uniform(40, 220, 1000), rng.uniform(0, 90, 1000)\n"
        "rooms, distance = rng.integers(1, 8, 1000), rng.gamma(2.0, 6.0, 1000)\n"
        "x = np.stack([area, age, rooms, distance], 1)\n"
        "y = 2400 * area * np.exp(-distance / 25) + 40000 * np.cos(age / 14) + 9000 * rooms\n"
        "y = y + rng.normal(0, 8000, 1000)",
        "table", "regression", 1, 4, 1, 20, 50, 0.75, 0.0, 140.0, 260000.0,
    ),
    Dataset(
        "clusters", "five kinds of customer from twenty figures", _SKLEARN.format("make_classification"),
        "x, y = make_classification(1200, 20, n_informative=8, n_redundant=4, n_classes=5, n_clusters_per_class=1,\n"
        "                           class_sep=1.6, flip_y=0.01, random_state=<<seed>>)\n"
        "x = 50 + 30 * x",
        "table", "classes", 5, 20, 1, 12, 50, 0.75, 0.2, 120.0, rows=1200,
    ),
    Dataset(
        "spirals", "three arms of a spiral", "",
        "rng = np.random.default_rng(<<seed>>)\n"
        "y = rng.integers(0, 3, 1000)\n"
        "radius = rng.uniform(0.1, 1.0, 1000)\n"
        "angle = 2 * np.pi * y / 3 + 4 * radius + rng.normal(0, 0.12, 1000)\n"
        "x = 60 * np.stack([radius * np.cos(angle), radius * np.sin(angle)], 1)",
        "table", "classes", 3, 2, 1, 30, 50, 0.8, 0.34, 27.0,
    ),
    Dataset(
        "moons", "two crescents", _SKLEARN.format("make_moons"),
        "x, y = make_moons(1000, noise=0.15, random_state=<<seed>>)\nx = 40 * x",
        "table", "binary", 1, 2, 1, 18, 50, 0.93, 0.5, 40.0,
    ),
)
