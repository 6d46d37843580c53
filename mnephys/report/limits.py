"""By which limits sweeps and cells were excluded, in words, for the methods of the page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mnephys.errors import LimitsError
from mnephys.patch.limits import QualityLimits
from mnephys.plot import labels

__all__ = ["named"]


def named(record: Any) -> str:
    """Return which limits of quality control a run used, and what differs from those of the package.

    Parameters
    ----------
    record : mapping or None
        The limits as the run kept them.

    Returns
    -------
    str
        A sentence or two; empty where the run kept none.

    Examples
    --------
    >>> named({"name": "rig 2", "baseline_shift": 5.0}).partition(": ")[2]
    'baseline_shift 5 mV instead of 10 mV.'
    """
    if not record:
        return ""
    try:
        limits = QualityLimits.recorded(record if isinstance(record, Mapping) else {"name": record})
    except LimitsError as error:
        return f"Which limits of quality control were used is not known: {labels.prose(error)}."
    said = f"Sweeps and cells were excluded by the quality limits {labels.plain(limits.label)}"
    changed = [labels.prose(words) for words in limits.changed()]
    if not changed:
        return f"{said}, {'the' if limits.label == 'default' else 'whose numbers are the'} ones that come with mnephys."
    return f"{said}. They differ from the ones that come with mnephys in this: {'; '.join(changed)}."
