"""Maturity: from the measurements of one subject to a stage, with the evidence for it.

It sees measurements, never samples. `score_cell` scores one cell by a rubric, a TOML file in which
every cut has its source.
"""

from mnephys.maturity.conditions import Conditions
from mnephys.maturity.model import Rubric
from mnephys.maturity.result import Score
from mnephys.maturity.rubric import load_rubric
from mnephys.maturity.score import score_cell

__all__ = ["Conditions", "Rubric", "Score", "load_rubric", "score_cell"]
