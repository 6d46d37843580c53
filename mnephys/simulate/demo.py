"""Everything that the demonstration shows: cells and a plate, with one sample sheet for both."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from mnephys.simulate.cells import DEMO_STAGES, SHEET_COLUMNS, simulate_cells
from mnephys.simulate.folder import write_new
from mnephys.simulate.plates import PLATE_COLUMNS, simulate_plate

__all__ = ["SHEET", "simulate_demo"]

SHEET = "samples.csv"
"""The name of the sample sheet of both."""


def simulate_demo(out_dir: str | Path, seed: int = 0) -> Path:
    """Simulate motor neurons at several stages and a plate on several days.

    Parameters
    ----------
    out_dir : str or Path
        The folder; made if it is missing. Gets ``cells/``, ``plate/`` and `SHEET`.
    seed : int
        Source of all chance.

    Returns
    -------
    Path
        The sample sheet, whose rows are about the recordings of both.

    Raises
    ------
    StoreError
        If the folder cannot be written to, or holds another file of one of the names.

    Notes
    -----
    Simulated recordings show the program, no biology.
    """
    folder = Path(out_dir)
    simulate_cells(DEMO_STAGES, folder / "cells", seed)
    simulate_plate(folder / "plate", seed=seed)
    columns = list(dict.fromkeys((*SHEET_COLUMNS, *PLATE_COLUMNS)))
    text = io.StringIO()
    table = csv.DictWriter(text, columns, restval="", lineterminator="\n")
    table.writeheader()
    for part in ("cells", "plate"):
        with (folder / part / SHEET).open(encoding="utf-8", newline="") as file:
            table.writerows(csv.DictReader(file))
    (sheet,) = write_new(folder, {SHEET: text.getvalue().encode("utf-8")})
    return sheet
