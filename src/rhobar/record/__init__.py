"""Plain, serialisable data: what was seen of a training and what was concluded from it.

Nothing here knows torch; everything here survives a round trip through JSON.
"""

from rhobar.record.diagnosis import Diagnosis, Evidence, Finding, NotChecked, Remedy, Trial
from rhobar.record.reading import AttentionReading, LayerReading, Moments, ParameterReading, Reading
from rhobar.record.record import Failure, Record, Unseen
from rhobar.record.serialise import from_json, to_json
from rhobar.record.training import (
    BEFORE,
    Answers,
    CollapsedPair,
    Evaluation,
    FurtherFit,
    InputFacts,
    LabelProbe,
    LossFacts,
    ModeFacts,
    Nonfinite,
    OptimizerFacts,
    ParameterFacts,
    RateProbe,
    RedundantBias,
    ReplicaFacts,
    Representation,
    ScalingFacts,
    SplitProbe,
    StructureFacts,
    SubsetFit,
    TargetFacts,
    Training,
)

__all__ = [
    "BEFORE",
    "Answers",
    "AttentionReading",
    "CollapsedPair",
    "Diagnosis",
    "Evaluation",
    "Evidence",
    "Failure",
    "Finding",
    "FurtherFit",
    "InputFacts",
    "LabelProbe",
    "LayerReading",
    "LossFacts",
    "ModeFacts",
    "Moments",
    "Nonfinite",
    "NotChecked",
    "OptimizerFacts",
    "ParameterFacts",
    "ParameterReading",
    "RateProbe",
    "Reading",
    "Record",
    "RedundantBias",
    "Remedy",
    "ReplicaFacts",
    "Representation",
    "ScalingFacts",
    "SplitProbe",
    "StructureFacts",
    "SubsetFit",
    "TargetFacts",
    "Training",
    "Trial",
    "Unseen",
    "from_json",
    "to_json",
]
