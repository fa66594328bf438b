"""Signals over time and sequences of words."""

from rhobar.faults.data.dataset import Dataset

__all__ = ["SEQUENCES", "WORDS"]

SEQUENCES = (
    Dataset(
        "waves",
        "four wave forms of a sensor",
        "",
        "rng = np.random.default_rng(<<seed>>)\n"
        "y = rng.integers(0, 4, 1000)\n"
        "t = np.linspace(0, 3, 24) * rng.uniform(0.8, 1.2, (1000, 1)) + rng.uniform(0, 1, (1000, 1))\n"
        "forms = [np.sin(2 * np.pi * t), np.sign(np.sin(2 * np.pi * t)), 2 * (t % 1) - 1, np.sin(4 * np.pi * t)]\n"
        "x = np.choose(y[:, None], forms) + 0.2 * rng.normal(size=t.shape)\n"
        "x = (300 + 120 * x)[:, :, None]",
        "sequence",
        "classes",
        4,
        1,
        24,
        15,
        50,
        0.8,
        0.25,
        320.0,
    ),
    Dataset(
        "decay",
        "the damping of an oscillation",
        "",
        "rng = np.random.default_rng(<<seed>>)\n"
        "y = rng.uniform(10, 90, 1000)\n"
        "t = np.linspace(0, 4, 24)\n"
        "x = np.exp(-y[:, None] / 60 * t) * np.cos(6 * t + rng.uniform(-1, 1, (1000, 1)))\n"
        "x = 50 * (x + 0.05 * rng.normal(size=x.shape))[:, :, None]",
        "sequence",
        "regression",
        1,
        1,
        24,
        15,
        50,
        0.7,
        0.0,
        20.0,
        55.0,
    ),
    Dataset(
        "mnist1d",
        "MNIST-1D, signals of ten classes",
        "from mnist1d.data import get_dataset_args, make_dataset",
        "settings = get_dataset_args()\n"
        "settings.num_samples = 1500\n"
        "data = make_dataset(settings)\n"
        "x = np.concatenate([data['x'], data['x_test']])[:, :, None] * 40\n"
        "y = np.concatenate([data['y'], data['y_test']])",
        "sequence",
        "classes",
        10,
        1,
        40,
        16,
        50,
        0.4,
        0.1,
        60.0,
        rows=1500,
    ),
)

WORDS = (
    Dataset(
        "reviews",
        "praise or blame in twelve words",
        "",
        "rng = np.random.default_rng(<<seed>>)\n"
        "mood = rng.normal(size=60)\n"
        "x = rng.integers(0, 60, (1500, 12))\n"
        "y = (mood[x].sum(1) > 0).astype(int)",
        "words",
        "binary",
        1,
        60,
        12,
        12,
        50,
        0.82,
        0.5,
        0.0,
        rows=1500,
    ),
    Dataset(
        "topics",
        "three topics from ten words",
        "",
        "rng = np.random.default_rng(<<seed>>)\n"
        "y = rng.integers(0, 3, 1200)\n"
        "about = rng.dirichlet(np.full(50, 0.3), 3)\n"
        "x = np.stack([rng.choice(50, 10, p=about[k]) for k in y])",
        "words",
        "classes",
        3,
        50,
        10,
        10,
        50,
        0.85,
        0.34,
        0.0,
        rows=1200,
    ),
)
