"""The architectures of the laboratory; a new one adds a row."""

from rhobar.faults.architectures.architecture import Architecture
from rhobar.faults.architectures.convolution import CONV1D, CONV2D, CONVNORM
from rhobar.faults.architectures.deep import DEEP, RESIDUAL
from rhobar.faults.architectures.dense import BATCHNORM, FUNCTIONAL, MODULE, SEQUENTIAL
from rhobar.faults.architectures.sequences import ATTENTION, BAG, GRU

__all__ = ["ARCHITECTURES", "Architecture"]

ARCHITECTURES = {
    architecture.name: architecture
    for architecture in (
        SEQUENTIAL,
        MODULE,
        BATCHNORM,
        FUNCTIONAL,
        DEEP,
        RESIDUAL,
        CONV2D,
        CONVNORM,
        CONV1D,
        GRU,
        ATTENTION,
        BAG,
    )
}
