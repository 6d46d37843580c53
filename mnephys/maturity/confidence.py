"""What speaks for the score of a well, and what against it, beside its criteria."""

from __future__ import annotations

from mnephys.maturity.circumstances import Circumstances
from mnephys.maturity.network_rubric import ACTIVE_COUNT, NetworkRubric
from mnephys.maturity.network_stage import NetworkStage
from mnephys.maturity.well_case import WellCase

__all__ = ["confidence"]

_LEVELS = ("low", "moderate", "high")
_SHARE = "network_burst_percentage"


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
        ``high`` where all that is asked for is there, ``low`` where less than half of it is, and where the stage is
        indeterminate. An organised network is at best ``moderate`` as long as it was not seen so on several days in
        a row.
    sentences : list of str
        What speaks for it, what against it.

    Examples
    --------
    >>> from mnephys.maturity.network_rubric import load_network_rubric
    >>> case = WellCase("p A1", "p", "A1", "d14", {}, {}, {})
    >>> confidence(case, NetworkStage.EMERGING, Circumstances(3, True, 0, 0, 0), load_network_rubric())[0]
    'low'
    """
    found = [
        _duration(case, rubric),
        _repetition(circumstances, rubric),
        _silenced(circumstances),
        _detector(case, rubric),
        *_doubts(case),
    ]
    pro = [words for holds, words in found if holds]
    contra = [words for holds, words in found if not holds]
    level = 2 if not contra else int(2 * len(pro) >= len(found))
    if stage is NetworkStage.INDETERMINATE:
        contra.append("what the stage needs could not be measured, so that the index rests on the rest")
        level = 0
    if stage is NetworkStage.ORGANISED:
        lasting, words = _in_a_row(circumstances, rubric)
        (pro if lasting else contra).append(words)
        level = level if lasting else min(level, 1)
    sentences = [f"Confidence {_LEVELS[level]}. For it: {'; '.join(pro) or 'nothing'}."]
    if contra:
        sentences.append(f"Against it: {'; '.join(contra)}.")
    return _LEVELS[level], sentences


def _duration(case: WellCase, rubric: NetworkRubric) -> tuple[bool, str]:
    row, asked = case.plate_rows.get("recording_duration"), rubric.confidence.duration_s
    if row is None or row.value is None or not row.ok:
        return False, f"nobody stated how long the recording lasted ({asked:g} s are asked for)"
    if row.value >= asked:
        return True, f"the recording lasts {row.value:g} s"
    return False, f"the recording lasts {row.value:g} s ({asked:g} s are asked for)"


def _repetition(circumstances: Circumstances, rubric: NetworkRubric) -> tuple[bool, str]:
    n, asked = circumstances.days, rubric.confidence.days
    what = "day" if circumstances.dated else "recording"
    seen = f"the well was seen untreated {'on' if circumstances.dated else 'in'} {n} {what}{'s' * (n != 1)}"
    undated = "" if circumstances.dated or n < asked else ", whose days nobody stated"
    return (True, seen + undated) if n >= asked else (False, f"{seen} ({asked} are asked for)")


def _silenced(circumstances: Circumstances) -> tuple[bool, str]:
    n, active = circumstances.silenced_wells, circumstances.silenced_active
    if not n:
        return False, "no well of the plate was silenced (TTX) on that day to show that spikes are those of neurons"
    wells = f"{n} silenced well{'s' * (n != 1)}"
    if active:
        return False, f"{active} of {wells} stayed active: too little was given, or not all spikes are those of neurons"
    return True, f"{wells} of the plate fell silent"


def _detector(case: WellCase, rubric: NetworkRubric) -> tuple[bool, str]:
    row = case.plate_rows.get("definitions")
    used = "" if row is None or not row.ok else row.text
    if f"{_SHARE}_{rubric.definitions.replace('-', '_')}" in case.rows and used != "custom":
        return True, f"network bursts are taken as those behind the cuts ({rubric.definitions})"
    return (
        False,
        f"network bursts are taken by {used or 'nothing known'}, those behind the cuts by {rubric.definitions}",
    )


def _doubts(case: WellCase) -> list[tuple[bool, str]]:
    """Return what is asked of no well, and speaks against one where it is so."""
    found = []
    if not case.number(ACTIVE_COUNT) and not case.sample.get("plated"):
        found.append((False, "it has no active electrode, and nobody stated that it was plated"))
    layout = case.plate_rows.get("plate_layout")
    if layout is not None and layout.reason:
        found.append((False, layout.reason))
    return found


def _in_a_row(circumstances: Circumstances, rubric: NetworkRubric) -> tuple[bool, str]:
    n, asked = circumstances.organised_in_a_row, rubric.confidence.successive_organised
    what = "day" if circumstances.dated else "recording"
    if n >= asked:
        return True, f"it is organised {'on' if circumstances.dated else 'in'} {n} {what}s in a row"
    return False, f"it is not seen organised {'on' if circumstances.dated else 'in'} {asked} {what}s in a row"
