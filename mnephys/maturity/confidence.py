"""What speaks for the score of a well, and what against it, beside its criteria."""

from __future__ import annotations

from dataclasses import dataclass

from mnephys.maturity.network_rubric import NetworkRubric
from mnephys.maturity.network_stage import NetworkStage
from mnephys.maturity.well_case import WellCase

__all__ = ["Circumstances", "confidence"]

LEVELS = ("low", "moderate", "high")


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What the other wells and recordings say about one well of one recording.

    Parameters
    ----------
    recordings : int
        How often the well was recorded and scored.
    organised_in_a_row : int
        Length of the run of organised recordings that this one is part of.
    silenced_wells : int
        Wells of the same recording that were silenced on purpose.
    silenced_active : int
        Of these, wells that have active electrodes all the same.
    """

    recordings: int
    organised_in_a_row: int
    silenced_wells: int
    silenced_active: int


def confidence(
    case: WellCase, stage: NetworkStage, circumstances: Circumstances, rubric: NetworkRubric
) -> tuple[str, list[str]]:
    """Return how much speaks for a score, and the sentences that say so.

    Parameters
    ----------
    case : WellCase
        The well.
    stage : NetworkStage
        Of the well.
    circumstances : Circumstances
        What its neighbours in space and time say.
    rubric : NetworkRubric
        What is asked for.

    Returns
    -------
    level : str
        ``high`` where all that is asked for is there, ``low`` where less than half of it is.
    sentences : list of str
        What speaks for it, what against it.

    Examples
    --------
    >>> from mnephys.maturity.network_rubric import load_network_rubric
    >>> case = WellCase("p A1", "p", "A1", "d14", {}, {}, {})
    >>> confidence(case, NetworkStage.EMERGING, Circumstances(3, 0, 0, 0), load_network_rubric())[0]
    'low'
    """
    found = [
        _duration(case, rubric),
        _repetition(circumstances, rubric),
        _silenced(circumstances),
        _definitions(case, rubric),
    ]
    if stage is NetworkStage.ORGANISED:
        found.append(_in_a_row(circumstances, rubric))
    pro = [words for holds, words in found if holds]
    contra = [words for holds, words in found if not holds]
    level = LEVELS[2] if not contra else LEVELS[0] if 2 * len(pro) < len(found) else LEVELS[1]
    sentences = [f"Confidence {level}. For it: {'; '.join(pro) or 'nothing'}."]
    if contra:
        sentences.append(f"Against it: {'; '.join(contra)}.")
    return level, sentences


def _duration(case: WellCase, rubric: NetworkRubric) -> tuple[bool, str]:
    row, asked = case.plate_rows.get("recording_duration"), rubric.confidence.duration_s
    if row is None or row.value is None or not row.ok:
        return False, f"nobody stated how long the recording lasted ({asked:g} s are asked for)"
    if row.value >= asked:
        return True, f"the recording lasts {row.value:g} s"
    return False, f"the recording lasts {row.value:g} s ({asked:g} s are asked for)"


def _repetition(circumstances: Circumstances, rubric: NetworkRubric) -> tuple[bool, str]:
    n, asked = circumstances.recordings, rubric.confidence.recordings
    if n >= asked:
        return True, f"the well was recorded {n} times"
    return False, f"the well was recorded {'once' if n == 1 else f'{n} times'} (at least {asked} times is asked for)"


def _silenced(circumstances: Circumstances) -> tuple[bool, str]:
    n, active = circumstances.silenced_wells, circumstances.silenced_active
    if not n:
        return False, "no well was silenced (TTX) to show that its spikes are those of neurons"
    wells = f"{n} silenced well{'s' * (n != 1)}"
    if active:
        return False, f"{active} of {wells} stayed active, so that not all spikes are those of neurons"
    return True, f"{wells} of the plate fell silent"


def _definitions(case: WellCase, rubric: NetworkRubric) -> tuple[bool, str]:
    row = case.plate_rows.get("definitions")
    used = "" if row is None or not row.ok else row.text
    if used == rubric.definitions:
        return True, f"bursts are defined as those behind the cuts ({used})"
    return False, f"bursts are defined by {used or 'nothing known'}, those behind the cuts by {rubric.definitions}"


def _in_a_row(circumstances: Circumstances, rubric: NetworkRubric) -> tuple[bool, str]:
    n, asked = circumstances.organised_in_a_row, rubric.confidence.successive_organised
    if n >= asked:
        return True, f"it is organised in {n} recordings in a row"
    return False, f"it is organised in {n} recording{'s' * (n != 1)} in a row ({asked} are asked for)"
