"""The sample sheet: which file belongs to which subject, and what was done to it.

`load_sheet` reads a table, `SampleSheet.sample` says what is known about one recording, and
`group_subjects` joins the recordings of each cell. What nobody stated stays unknown; the liquid junction
potential alone can be computed, by `junction_potential`, where both solutions are stated.
"""

from mnephys.samples.junction import junction_potential
from mnephys.samples.known import Subject, known_samples
from mnephys.samples.names import parse_names
from mnephys.samples.sample import Sample
from mnephys.samples.sheet import SampleSheet, load_sheet
from mnephys.samples.solutions import Solution, parse_solution
from mnephys.samples.subjects import group_cells, group_subjects
from mnephys.samples.wells import PlateWells, group_wells

__all__ = [
    "PlateWells",
    "Sample",
    "SampleSheet",
    "Solution",
    "Subject",
    "group_cells",
    "group_subjects",
    "group_wells",
    "junction_potential",
    "known_samples",
    "load_sheet",
    "parse_names",
    "parse_solution",
]
