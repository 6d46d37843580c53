"""Statistics of whole plates: values of wells beside baselines and controls, assay quality, doses, plate effects.

`well_values` takes one feature of all wells from finished tables; `to_baseline` and `to_controls` normalise it,
`compare_conditions` tells how far treated wells are from controls, `dose_table` takes each dose together, and
`curve_records` fits the dose of half the effect; `condition_records` and `well_records` are the tables of a screen.
`plate_quality` looks for effects of the plate itself: its edge, dead wells, and controls that vary.
"""

from mnephys.mea.plate.assay import compare_conditions, ssmd, z_factor
from mnephys.mea.plate.conditions import Condition, Conditions, conditions_of
from mnephys.mea.plate.curves import curve_records
from mnephys.mea.plate.dose import DoseTable, dose_table, fieller_interval
from mnephys.mea.plate.hill import HillFit, hill_fit
from mnephys.mea.plate.normalise import relative, to_baseline, to_controls
from mnephys.mea.plate.quality import plate_quality
from mnephys.mea.plate.ranks import RankTest, stratified_rank_test
from mnephys.mea.plate.screen import condition_records, well_records
from mnephys.mea.plate.sheet import well_values
from mnephys.mea.plate.wells import Wells

__all__ = [
    "Condition",
    "Conditions",
    "DoseTable",
    "HillFit",
    "RankTest",
    "Wells",
    "compare_conditions",
    "condition_records",
    "conditions_of",
    "curve_records",
    "dose_table",
    "fieller_interval",
    "hill_fit",
    "plate_quality",
    "relative",
    "ssmd",
    "stratified_rank_test",
    "to_baseline",
    "to_controls",
    "well_records",
    "well_values",
    "z_factor",
]
