"""The table of all that was measured, as analyses hand it on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnephys.measurement.measured import Measurement, Status
from mnephys.measurement.rows import COLUMNS, Rows

__all__ = ["FeatureTable"]


@dataclass(frozen=True, slots=True, repr=False, init=False)
class FeatureTable:
    """Measurements of one or more recordings, and their action potentials.

    Parameters
    ----------
    rows : iterable of Measurement
        In the order in which they were measured; kept as `Rows`.
    spikes : mapping of str to ndarray, shape (n_spikes,)
        One row per action potential, in equal-length columns; may be empty.

    Examples
    --------
    >>> from mnephys.measurement import Feature
    >>> rate = Feature("mean_firing_rate", "Hz", ("cell",), "APs per second", "mnephys")
    >>> table = FeatureTable((rate.measured(12.5),))
    >>> table.get("mean_firing_rate").value
    12.5
    >>> FeatureTable.from_frame(table.to_frame()) == table
    True
    """

    rows: Rows
    spikes: Mapping[str, NDArray[Any]] = field(compare=False)

    def __init__(self, rows: Iterable[Measurement] = (), spikes: Mapping[str, NDArray[Any]] | None = None) -> None:
        object.__setattr__(self, "rows", Rows.of(rows))
        object.__setattr__(self, "spikes", {} if spikes is None else spikes)

    def __iter__(self) -> Iterator[Measurement]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def __repr__(self) -> str:
        measured = self.rows.status.count(Status.OK)
        n_spikes = len(next(iter(self.spikes.values()))) if self.spikes else 0
        return f"FeatureTable: {len(self.rows)} measurements ({measured} ok), {n_spikes} action potentials"

    def select(self, feature: str = "", *, level: str = "", recording: str | None = None) -> list[Measurement]:
        """Return the rows that match all that is given.

        Parameters
        ----------
        feature, level, recording : str
            Exact values; an empty name or level matches every one.

        Returns
        -------
        list of Measurement
            In table order.
        """
        rows = self.rows
        return [
            rows[i]
            for i, found in enumerate(zip(rows.feature, rows.level, rows.recording, strict=True))
            if (not feature or found[0] == feature)
            and (not level or found[1] == level)
            and (recording is None or found[2] == recording)
        ]

    def get(self, feature: str, *, level: str = "cell", id: str = "") -> Measurement | None:  # noqa: A002 -- the column's name
        """Return the first such row, or None where the table has none.

        Parameters
        ----------
        feature, level, id : str
            Exact values.

        Returns
        -------
        Measurement or None
            None means that nobody tried to measure it; a failed attempt is a row with a reason.
        """
        places = zip(self.rows.feature, self.rows.level, self.rows.id, strict=True)
        return next((self.rows[i] for i, at in enumerate(places) if at == (feature, level, id)), None)

    def named(self, recording: str) -> FeatureTable:
        """Return the same table with the recording's name in every row.

        Parameters
        ----------
        recording : str
            POSIX path below the inputs' common root.

        Returns
        -------
        FeatureTable
            Rows and, where there are any, spikes carry the name.
        """
        rows = self.rows.named(recording)
        if not self.spikes:
            return FeatureTable(rows)
        n = len(next(iter(self.spikes.values())))
        columns = {key: column for key, column in self.spikes.items() if key != "recording"}
        return FeatureTable(rows, {"recording": np.full(n, recording, dtype=object), **columns})

    @classmethod
    def concatenate(cls, tables: Iterable[FeatureTable]) -> FeatureTable:
        """Return one table with the rows and spikes of all.

        Parameters
        ----------
        tables : iterable of FeatureTable
            Spikes of tables that have any need the same columns.

        Returns
        -------
        FeatureTable
            Rows in the order given.

        Raises
        ------
        ValueError
            If the columns of two tables with spikes differ.
        """
        parts = list(tables)
        spiking = [part.spikes for part in parts if part.spikes]
        if others := {key for s in spiking for key in s.keys() ^ spiking[0].keys()}:
            raise ValueError(f"not all tables have the spike columns {', '.join(sorted(others))}")
        # Columns without a row have no say in what kind of numbers a column holds.
        filled = [s for s in spiking if len(next(iter(s.values())))] or spiking[:1]
        spikes = {key: np.concatenate([s[key] for s in filled]) for key in (spiking[0] if spiking else ())}
        return cls(Rows.joined(part.rows for part in parts), spikes)

    def records(self) -> list[dict[str, Any]]:
        """Return the rows as plain dictionaries with the keys of `COLUMNS`, as JSON wants them.

        Returns
        -------
        list of dict
            `value` is a float or None, the others are str.
        """
        return self.rows.records()

    @classmethod
    def from_records(cls, records: Iterable[Mapping[str, Any]]) -> FeatureTable:
        """Return the table of rows that `records` wrote.

        Parameters
        ----------
        records : iterable of mapping
            With the keys of `COLUMNS`; a value that is NaN counts as none.

        Returns
        -------
        FeatureTable
            Without spikes.

        Raises
        ------
        ValueError
            If a key is missing or a status is unknown.
        """
        return cls(Rows.from_records(records))

    def to_frame(self) -> Any:
        """Return the tidy table.

        Returns
        -------
        pandas.DataFrame
            Columns as in `COLUMNS`; `value` is float with NaN beside every text and every status other than
            ``ok`` and ``out_of_range``, all other columns are str.
        """
        import pandas as pd

        frame = pd.DataFrame(list(self.rows.by_name()), columns=list(COLUMNS))
        return frame.astype({"value": float})

    @classmethod
    def from_frame(cls, frame: Any) -> FeatureTable:
        """Return the table of a frame that `to_frame` made, or that was read back from CSV.

        Parameters
        ----------
        frame : pandas.DataFrame
            With the columns of `COLUMNS`; empty cells may be NaN.

        Returns
        -------
        FeatureTable
            Without spikes.

        Raises
        ------
        ValueError
            If a column is missing or a status is unknown.
        """
        text = [c for c in COLUMNS if c != "value" and c in frame]
        # A column of empty cells comes back from CSV as float NaN.
        filled = frame.assign(**{c: frame[c].astype(object).where(frame[c].notna(), "") for c in text})
        return cls.from_records(filled.to_dict("records"))

    def spikes_frame(self) -> Any:
        """Return the action potentials as a wide table.

        Returns
        -------
        pandas.DataFrame
            One row per action potential.
        """
        import pandas as pd

        return pd.DataFrame(dict(self.spikes))
