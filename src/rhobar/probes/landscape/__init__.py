"""The shape of the loss around and between parameters."""

from rhobar.probes.landscape.bezier import BezierPath, bezier_path
from rhobar.probes.landscape.confusion import GradientConfusion, gradient_confusion
from rhobar.probes.landscape.connectivity import Connectivity, linear_path
from rhobar.probes.landscape.plateau import Plateau, plateau
from rhobar.probes.landscape.sharpness import Sharpness, sam_sharpness
from rhobar.probes.landscape.slices import Slice, loss_slice

__all__ = [
    "BezierPath",
    "Connectivity",
    "GradientConfusion",
    "Plateau",
    "Sharpness",
    "Slice",
    "bezier_path",
    "gradient_confusion",
    "linear_path",
    "loss_slice",
    "plateau",
    "sam_sharpness",
]
