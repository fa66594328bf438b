"""The figures of a report, one a file: numbers of a training in, a drawing with its words out."""

from rhobar.record import Diagnosis, Record, Training
from rhobar.report.figures.activation import activation_figure
from rhobar.report.figures.depth import depth_figure
from rhobar.report.figures.figure import Figure
from rhobar.report.figures.gradient import gradient_figure
from rhobar.report.figures.loss import loss_figure
from rhobar.report.figures.placement import place
from rhobar.report.figures.update import update_figure

__all__ = ["Figure", "figures"]


def figures(training: Training, diagnosis: Diagnosis, record: Record) -> list[Figure]:
    """Draw every figure for which the training holds numbers, in the order of the report."""
    marks = place(diagnosis, training, record)
    drawn = [
        depth_figure(training, marks["depth"]),
        loss_figure(training, marks["loss"], marks["rate"]),
        gradient_figure(training, marks["gradient"]),
        activation_figure(training, marks["activation"]),
        update_figure(training, marks["update"]),
    ]
    return [figure for figure in drawn if figure]
