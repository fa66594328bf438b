"""K-FAC: curvature of each layer as a Kronecker product."""

from rhobar.optim.kfac.layers import BLOCKS, split_parameters
from rhobar.optim.kfac.optimizer import KFAC

__all__ = ["BLOCKS", "KFAC", "split_parameters"]
