"""The sample sheet: which file belongs to which subject, and what was done to it.

`load_sheet` reads a table, `SampleSheet.sample` says what is known about one recording, and
`group_subjects` joins the recordings of each cell. What nobody stated stays unknown.
"""

from mnephys.samples.names import parse_names
from mnephys.samples.sample import Sample
from mnephys.samples.sheet import SampleSheet, load_sheet
from mnephys.samples.subjects import Subject, group_subjects

__all__ = ["Sample", "SampleSheet", "Subject", "group_subjects", "load_sheet", "parse_names"]
