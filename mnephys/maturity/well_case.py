"""One well of one recording, as it comes to be scored, and what keeps it from being scored."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from mnephys.maturity.network_rubric import ACTIVE_COUNT, NetworkRubric
from mnephys.measurement import Measurement, Status
from mnephys.samples.treatments import is_untreated

__all__ = ["WellCase", "exclusion", "is_silenced", "is_treated"]

_BREAKS = re.compile(r"[\W_]+")
_NOT_NOW = frozenset(
    {"wash", "washout", "washed", "no", "not", "without", "before", "after", "pre", "post", "vehicle", "baseline"}
)


@dataclass(frozen=True, slots=True)
class WellCase:
    """A well of a recording.

    Parameters
    ----------
    subject : str
        Name of the well on its plate, the same in all its recordings.
    plate, well, recording : str
        Where it is: the plate, the well, the name of the recording.
    sample : mapping of str to str, float or bool
        What was stated about it; the fields of `mnephys.samples.Sample` that are known.
    rows : mapping of str to Measurement
        Its measurements by feature.
    plate_rows : mapping of str to Measurement
        Those of the whole plate in the same recording.
    """

    subject: str
    plate: str
    well: str
    recording: str
    sample: Mapping[str, str | float | bool]
    rows: Mapping[str, Measurement]
    plate_rows: Mapping[str, Measurement]

    @property
    def day(self) -> str | float:
        """The day in vitro where it is known, else the recording: what tells moments apart."""
        div = self.sample.get("div")
        return self.recording if div is None else float(div)

    def number(self, feature: str) -> float | None:
        """Return a value of the well.

        Parameters
        ----------
        feature : str
            Its name.

        Returns
        -------
        float or None
            None where it was not measured.
        """
        row = self.rows.get(feature)
        return row.value if row is not None and row.ok else None


def is_silenced(case: WellCase, rubric: NetworkRubric) -> bool:
    """Return whether a well was silenced on purpose.

    Parameters
    ----------
    case : WellCase
        The well.
    rubric : NetworkRubric
        Names the silencers.

    Returns
    -------
    bool
        By its treatment: a silencer, not its washout, its vehicle or what was before it, and not at a dose of 0.

    Examples
    --------
    >>> from mnephys.maturity.network_rubric import load_network_rubric
    >>> cases = [WellCase("p A1", "p", "A1", "d14", {"treatment": t}, {}, {}) for t in ("TTX_1uM", "TTX washout")]
    >>> [is_silenced(case, load_network_rubric()) for case in cases]
    [True, False]
    """
    words = set(_BREAKS.split(str(case.sample.get("treatment", "")).casefold()))
    return bool(words & set(rubric.silencers)) and not words & _NOT_NOW and case.sample.get("dose") != 0


def is_treated(case: WellCase, rubric: NetworkRubric) -> bool:
    """Return whether something was added to a well that may change what it does.

    Acquisition programs keep all kinds of labels as treatments, lines and densities among them: without a dose only a
    silencer counts.

    Parameters
    ----------
    case : WellCase
        The well.
    rubric : NetworkRubric
        Names the silencers.

    Returns
    -------
    bool
        True where a dose is stated that is not 0, of what is no mere vehicle, and for silencers.

    Examples
    --------
    >>> from mnephys.maturity.network_rubric import load_network_rubric
    >>> facts = {"treatment": "CNQX", "dose": 10.0, "dose_unit": "uM"}
    >>> is_treated(WellCase("p A1", "p", "A1", "d14", facts, {}, {}), load_network_rubric())
    True
    """
    dosed = bool(case.sample.get("dose")) and not is_untreated(str(case.sample.get("treatment", "")))
    return dosed or is_silenced(case, rubric)


def exclusion(case: WellCase, rubric: NetworkRubric) -> tuple[Status, str] | None:
    """Return why a well is not scored.

    Parameters
    ----------
    case : WellCase
        The well.
    rubric : NetworkRubric
        Names the silencers.

    Returns
    -------
    tuple of (Status, str), or None
        A status and a sentence; None where it is scored. A plated well without a spike is scored.

    Examples
    --------
    >>> from mnephys.maturity.network_rubric import load_network_rubric
    >>> exclusion(WellCase("p A9", "p", "A9", "d14", {"plated": False}, {}, {}), load_network_rubric())[1]
    'Not plated, as was stated.'
    """
    quality, switched = case.rows.get("qc_well"), case.rows.get("active")
    if case.sample.get("plated") is False:
        spikes = case.number("spike_count")
        stray = "" if not spikes else f" Its {spikes:.0f} spike{'s' * (spikes != 1)} are none of neurons."
        return Status.EXCLUDED, f"Not plated, as was stated.{stray}"
    if quality is not None and not quality.ok:
        return quality.status, f"{quality.reason[:1].upper()}{quality.reason[1:]}."
    if switched is not None and switched.text == "no":
        return Status.EXCLUDED, "Switched off in the acquisition program."
    if not case.rows:
        return Status.NOT_APPLICABLE, "Nothing was measured in this well."
    if is_silenced(case, rubric):
        left = case.number(ACTIVE_COUNT)
        still = f" {left:.0f} of its electrodes are active all the same." if left else ""
        return Status.EXCLUDED, f"Silenced on purpose ({case.sample['treatment']}): a control, not scored.{still}"
    return None
