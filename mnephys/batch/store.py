"""What a run has found so far, kept so that a run that was stopped goes on where it was.

One SQLite file per output folder, one transaction per recording. Without a folder it lives in memory.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mnephys.errors import StoreError
from mnephys.measurement import FeatureTable

__all__ = ["STORE_NAME", "Entry", "Store"]

STORE_NAME = "mnephys.sqlite"
SCHEMA_VERSION = 1
_SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS recording (
    name TEXT PRIMARY KEY,
    fingerprint TEXT NOT NULL,
    error TEXT NOT NULL,
    rows TEXT NOT NULL,
    spikes TEXT NOT NULL,
    evidence TEXT NOT NULL
);
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """What is kept of one recording.

    Parameters
    ----------
    name : str
        POSIX path below the inputs' common root.
    fingerprint : str
        Of everything that the result depends on: content, sample, version.
    error : str
        Why it could not be measured; empty where it could.
    table : FeatureTable
        Its measurements and action potentials.
    evidence : dict
        What its report needs.
    """

    name: str
    fingerprint: str
    error: str
    table: FeatureTable
    evidence: dict[str, Any]


class Store:
    """The results of a run.

    Parameters
    ----------
    folder : Path, optional
        Where to keep them; in memory if omitted.

    Raises
    ------
    StoreError
        If the file cannot be opened, is no store, or was written by a newer version.

    Examples
    --------
    >>> store = Store()
    >>> store.put(Entry("cell.abf", "1f", "is empty", FeatureTable(), {}))
    >>> store.get("cell.abf").error
    'is empty'
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.path = None if folder is None else folder / STORE_NAME
        try:
            if folder is not None:
                folder.mkdir(parents=True, exist_ok=True)
            self._connection = sqlite3.connect(":memory:" if self.path is None else self.path)
            self._connection.execute("PRAGMA journal_mode=WAL")
            self._connection.executescript(_SCHEMA)
            self._connection.execute("INSERT OR IGNORE INTO meta VALUES ('schema', ?)", (str(SCHEMA_VERSION),))
            self._connection.commit()
        except (OSError, sqlite3.Error) as error:
            raise StoreError(f"{self.path}: cannot keep results here ({error}); choose another folder") from error
        version = self.meta("schema")
        if version != str(SCHEMA_VERSION):
            raise StoreError(f"{self.path}: was written by another version (schema {version}); choose another folder")

    def close(self) -> None:
        """Close the file; nothing is lost if this is never called."""
        self._connection.close()

    def meta(self, key: str) -> str:
        """Return a fact about the run.

        Parameters
        ----------
        key : str
            Its name.

        Returns
        -------
        str
            Empty where it was never set.
        """
        row = self._connection.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return str(row[0]) if row else ""

    def set_meta(self, key: str, value: str) -> None:
        """Keep a fact about the run.

        Parameters
        ----------
        key : str
            Its name.
        value : str
            Replaces what was kept under that name.
        """
        with self._connection:
            self._connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))

    def put(self, entry: Entry) -> None:
        """Keep what one recording gave, in one transaction.

        Parameters
        ----------
        entry : Entry
            Replaces what was kept under its name.
        """
        spikes = {name: np.asarray(column).tolist() for name, column in entry.table.spikes.items()}
        values = (
            entry.name,
            entry.fingerprint,
            entry.error,
            json.dumps(entry.table.records()),
            json.dumps(spikes),
            json.dumps(entry.evidence),
        )
        with self._connection:
            self._connection.execute("INSERT OR REPLACE INTO recording VALUES (?, ?, ?, ?, ?, ?)", values)

    def get(self, name: str) -> Entry | None:
        """Return what is kept of a recording.

        Parameters
        ----------
        name : str
            Its name.

        Returns
        -------
        Entry or None
            None where it is not known.
        """
        row = self._connection.execute("SELECT * FROM recording WHERE name = ?", (name,)).fetchone()
        return _entry(row) if row else None

    def fingerprints(self) -> dict[str, str]:
        """Return what the results that are kept depend on.

        Returns
        -------
        dict of str to str
            Fingerprint by name.
        """
        return dict(self._connection.execute("SELECT name, fingerprint FROM recording"))

    def keep_only(self, names: set[str]) -> None:
        """Forget every other recording: a folder's results are those of its last inputs.

        Parameters
        ----------
        names : set of str
            Which to keep.
        """
        gone = [(name,) for name in self.fingerprints() if name not in names]
        with self._connection:
            self._connection.executemany("DELETE FROM recording WHERE name = ?", gone)

    def __iter__(self) -> Iterator[Entry]:
        for row in self._connection.execute("SELECT * FROM recording ORDER BY name"):
            yield _entry(row)


def _entry(row: tuple[str, ...]) -> Entry:
    name, fingerprint, error, rows, spikes, evidence = row
    columns = {key: np.asarray(values) for key, values in json.loads(spikes).items()}
    table = FeatureTable(FeatureTable.from_records(json.loads(rows)).rows, columns)
    return Entry(name, fingerprint, error, table, json.loads(evidence))
