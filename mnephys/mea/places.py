"""The electrodes and wells of a plate that rows are about, and why some of them are not judged."""

from __future__ import annotations

from collections.abc import Sequence

from mnephys.mea.quality import well_faults
from mnephys.mea.rows import Places
from mnephys.recording import PlateRecording

__all__ = ["electrode_places", "well_places"]


def electrode_places(recording: PlateRecording, unsearched: Sequence[str] = ()) -> Places:
    """Return the electrodes of a plate.

    Parameters
    ----------
    recording : PlateRecording
        As read.
    unsearched : sequence of str, optional
        Why each electrode cannot be judged by its voltage; empty where it can.

    Returns
    -------
    Places
        In the order of `PlateRecording.electrodes`: ``A1_11`` is electrode 11 of well A1.
    """
    faults = well_faults(recording)
    well, label = recording.electrodes["well"].tolist(), recording.electrodes["label"].tolist()
    off = ["" if on else "the electrode is switched off" for on in recording.electrodes["enabled"].tolist()]
    ids = tuple(f"{of}_{at}" for of, at in zip(well, label, strict=True))
    unknown = unsearched or [""] * len(ids)
    whys = tuple(faults.get(of) or why or voltage for of, why, voltage in zip(well, off, unknown, strict=True))
    return Places("electrode", ids, whys)


def well_places(recording: PlateRecording, labels: tuple[str, ...]) -> Places:
    """Return wells of a plate.

    Parameters
    ----------
    recording : PlateRecording
        As read.
    labels : tuple of str
        Which.

    Returns
    -------
    Places
        In the order given.
    """
    faults = well_faults(recording)
    return Places("well", labels, tuple(faults.get(well, "") for well in labels))
