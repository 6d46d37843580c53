"""From a recording to measurements and scores: the one place that knows the feature cores and the maturity rubrics."""

from mnephys.pipeline.cells import score_subject
from mnephys.pipeline.extract import DEFAULT_DEFINITIONS, Analysis, analyse, declared_features, extract
from mnephys.pipeline.plates import PlateScores, score_plates, score_wells
from mnephys.pipeline.score import score

__all__ = [
    "DEFAULT_DEFINITIONS",
    "Analysis",
    "PlateScores",
    "analyse",
    "declared_features",
    "extract",
    "score",
    "score_plates",
    "score_subject",
    "score_wells",
]
