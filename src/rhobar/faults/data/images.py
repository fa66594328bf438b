"""Images: scikit-learn's digits of 8 × 8 pixels, from 0 to 255."""

from rhobar.faults.data.dataset import Dataset

__all__ = ["IMAGES"]

IMAGES = (
    Dataset(
        "digits",
        "handwritten digits",
        "from sklearn.datasets import load_digits",
        "digits = load_digits()\nx, y = digits.images[:, None] * (255 / 16), digits.target",
        "image",
        "classes",
        10,
        1,
        64,
        8,
        64,
        0.88,
        0.1,
        110.0,
        rows=1797,
    ),
    Dataset(
        "parity",
        "odd or even handwritten digits",
        "from sklearn.datasets import load_digits",
        "images, digit = load_digits(return_X_y=True)\nx, y = images.reshape(-1, 1, 8, 8) * (255 / 16), digit % 2",
        "image",
        "binary",
        1,
        1,
        64,
        8,
        64,
        0.88,
        0.5,
        110.0,
        rows=1797,
    ),
)
