"""Maturity: from the measurements of one subject to a stage, with the evidence for it.

It sees measurements, never samples. `score_cell` scores one cell, `score_networks` the wells of plates, each by a
rubric: a TOML file in which every cut has its source.
"""

from mnephys.maturity.against_protocol import read_against
from mnephys.maturity.conditions import Conditions
from mnephys.maturity.derivation import Derivation, Derivations
from mnephys.maturity.model import Rubric
from mnephys.maturity.network_rubric import NetworkRubric, load_network_rubric
from mnephys.maturity.network_score import score_networks
from mnephys.maturity.parse_derivation import load_derivations
from mnephys.maturity.result import Score
from mnephys.maturity.rubric import load_rubric
from mnephys.maturity.rubric_set import RubricSet, load_rubrics
from mnephys.maturity.score import score_cell

__all__ = [
    "Conditions",
    "Derivation",
    "Derivations",
    "NetworkRubric",
    "Rubric",
    "RubricSet",
    "Score",
    "load_derivations",
    "load_network_rubric",
    "load_rubric",
    "load_rubrics",
    "read_against",
    "score_cell",
    "score_networks",
]
