"""How representations lie in space: their dimensions, likeness, classes, factors, invariances and attention."""

from rhobar.probes.geometry.attention import AttentionStatistics, HeadStatistics, attention_statistics
from rhobar.probes.geometry.cka import Alignment, AlignmentMatrix, cka, cka_matrix
from rhobar.probes.geometry.collapse import RepresentationCollapse, representation_collapse
from rhobar.probes.geometry.disentanglement import Disentanglement, mutual_information_gap
from rhobar.probes.geometry.effective_rank import EffectiveRank, effective_rank
from rhobar.probes.geometry.invariance import Invariance, invariance
from rhobar.probes.geometry.levina_bickel import levina_bickel_dimension
from rhobar.probes.geometry.neighbours import IntrinsicDimension
from rhobar.probes.geometry.neural_collapse import NeuralCollapse, neural_collapse
from rhobar.probes.geometry.principal_components import PrincipalComponents, principal_components
from rhobar.probes.geometry.two_nearest import two_nearest_dimension

__all__ = [
    "Alignment",
    "AlignmentMatrix",
    "AttentionStatistics",
    "Disentanglement",
    "EffectiveRank",
    "HeadStatistics",
    "IntrinsicDimension",
    "Invariance",
    "NeuralCollapse",
    "PrincipalComponents",
    "RepresentationCollapse",
    "attention_statistics",
    "cka",
    "cka_matrix",
    "effective_rank",
    "invariance",
    "levina_bickel_dimension",
    "mutual_information_gap",
    "neural_collapse",
    "principal_components",
    "representation_collapse",
    "two_nearest_dimension",
]
