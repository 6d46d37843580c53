"""Everything that a run writes, each file atomically."""

from __future__ import annotations

import json
from pathlib import Path

from mnephys import report
from mnephys.atomic import write_text
from mnephys.batch.run import Result
from mnephys.export.tables import features_csv, scores_csv, spikes_csv

__all__ = ["write_outputs"]


def write_outputs(result: Result, folder: Path) -> None:
    """Write every output of a run, each atomically.

    Parameters
    ----------
    result : Result
        What came out.
    folder : Path
        Gets ``features.csv``, ``spikes.csv``, ``scores.csv``, ``scores.json`` and ``report.html``.
    """
    write_text(folder / "features.csv", features_csv(result.table))
    write_text(folder / "spikes.csv", spikes_csv(result.table))
    write_text(folder / "scores.csv", scores_csv(result.scores))
    write_text(folder / "scores.json", json.dumps(result.scores, indent=1, ensure_ascii=False) + "\n")
    report.write(result.document, folder / "report.html")
