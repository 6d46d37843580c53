"""What a file says of each well, as rows of the table: so that scoring a table equals scoring its recording."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from mnephys.measurement import Feature, Measurement

__all__ = ["FEATURES", "well_fact_rows", "well_facts"]

FEATURES = {
    f.name: f
    for f in (
        Feature("treatment", "1", ("well",), "What was added to the well, by the file", "mnephys"),
        Feature("dose", "1", ("well",), "How much of it, by the file: a number as text", "mnephys"),
        Feature("dose_unit", "1", ("well",), "The unit of the dose, by the file", "mnephys"),
        Feature("control", "1", ("well",), "Whether the well is a control (yes, no), by the file", "mnephys"),
        Feature("active", "1", ("well",), "Whether the well was switched on (yes, no), by the file", "mnephys"),
    )
}
"""The statements on wells that a file can make and a score has to know."""


def well_fact_rows(facts: Mapping[str, Mapping[str, str]]) -> list[Measurement]:
    """Return what a file says of wells as rows.

    Parameters
    ----------
    facts : mapping of str to mapping of str to str
        By well, as `mnephys.recording.PlateRecording` has them.

    Returns
    -------
    list of Measurement
        Categories at the level of wells; only what is stated.

    Examples
    --------
    >>> [(row.id, row.feature, row.text) for row in well_fact_rows({"A1": {"treatment": "TTX", "note": "45k"}})]
    [('A1', 'treatment', 'TTX')]
    """
    return [
        FEATURES[name].category(text, id=well)
        for well, said in facts.items()
        for name, text in said.items()
        if name in FEATURES and text
    ]


def well_facts(rows: Iterable[Measurement]) -> dict[str, dict[str, str]]:
    """Return what `well_fact_rows` wrote.

    Parameters
    ----------
    rows : iterable of Measurement
        A table.

    Returns
    -------
    dict of str to dict of str to str
        By well.

    Examples
    --------
    >>> well_facts(well_fact_rows({"A1": {"treatment": "TTX", "dose": "1"}}))
    {'A1': {'treatment': 'TTX', 'dose': '1'}}
    """
    found: dict[str, dict[str, str]] = {}
    for row in rows:
        if row.feature in FEATURES and row.level == "well" and row.ok:
            found.setdefault(row.id, {})[row.feature] = row.text
    return found
