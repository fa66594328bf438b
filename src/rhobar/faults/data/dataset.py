"""What a data set of the laboratory is."""

from dataclasses import dataclass
from typing import Literal

__all__ = ["Dataset"]


@dataclass(frozen=True)
class Dataset:
    """Source text that loads or draws a data set, and what is true of it.

    Attributes:
        name: As it stands in a program's name.
        about: A clause for the program's first line.
        imports: Import lines.
        load: Lines that leave ``x`` and ``y`` as NumPy arrays, in the units in which such data come.
        kind: Shape of one input.
        task: What is predicted.
        num_outputs: Classes, or 1.
        in_features: Features of a table, channels of images and sequences, words of a vocabulary.
        positions: Pixels or time steps; 1 for tables.
        epochs: Passes that suffice.
        batch_size: A usual one for so many rows.
        floor: Score on held-out rows that a healthy training reaches.
        constant: Score of the best constant answer.
        input_scale: Largest root mean square of a raw feature.
        target_scale: The same of raw regression targets, 0 elsewhere.
        rows: How many there are, training and validation together.
    """

    name: str
    about: str
    imports: str
    load: str
    kind: Literal["table", "image", "sequence", "words"]
    task: Literal["classes", "binary", "regression"]
    num_outputs: int
    in_features: int
    positions: int
    epochs: int
    batch_size: int
    floor: float
    constant: float
    input_scale: float
    target_scale: float = 0.0
    rows: int = 1000
