"""A second opinion on cells, apart from the rubric: how probable each stage is, by what such cells measure.

`load_reference` reads published sets of cells, or those that a laboratory made of its own by `fit_reference`;
`second_opinion` returns the probability of each stage of one cell, `opinions` of many at once. Nothing of the rubric
is used but the names and units of features: its cuts, weights and gates play no part.
"""

from mnephys.maturity.reference.model import Reference
from mnephys.maturity.reference.opinion import Opinion, second_opinion
from mnephys.maturity.reference.opinions import Opinions, opinions
from mnephys.maturity.reference.parse import load_reference, parse_reference

__all__ = ["Opinion", "Opinions", "Reference", "load_reference", "opinions", "parse_reference", "second_opinion"]
