"""What a run has found so far, kept so that a run that was stopped goes on where it was.

One SQLite file per output folder, one transaction per recording. Without a folder it lives in memory.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

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
    >>> with Store() as store:
    ...     store.put(Entry("cell.abf", "1f", "is empty", FeatureTable(), {}))
    ...     store.get("cell.abf").error
    'is empty'
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.path = None if folder is None else folder / STORE_NAME
        try:
            if folder is not None:
                folder.mkdir(parents=True, exist_ok=True)
            self._connection = sqlite3.connect(":memory:" if self.path is None else self.path)
        except (OSError, sqlite3.Error) as error:
            raise self._unusable(error) from error
        try:
            self._connection.execute("PRAGMA journal_mode=WAL")
            self._connection.executescript(_SCHEMA)
            with self._connection:
                self._connection.execute("INSERT OR IGNORE INTO meta VALUES ('schema', ?)", (str(SCHEMA_VERSION),))
            version = self.meta("schema")
        except (StoreError, sqlite3.Error) as error:
            self.close()
            raise self._unusable(error) from error
        if version != str(SCHEMA_VERSION):
            self.close()
            raise StoreError(f"{self.path}: was written by another version (schema {version}); choose another folder")

    def _unusable(self, error: Exception) -> StoreError:
        return StoreError(f"{self.path}: cannot keep results here ({error}); choose another folder")

    def _ask(self, statement: str, *values: str) -> list[tuple[str, ...]]:
        try:
            return self._connection.execute(statement, values).fetchall()
        except sqlite3.Error as error:
            raise self._unusable(error) from error

    def _change(self, statement: str, rows: Iterable[tuple[str, ...]]) -> None:
        """Run a statement for each row, all in one transaction."""
        try:
            with self._connection:
                self._connection.executemany(statement, rows)
        except sqlite3.Error as error:
            raise self._unusable(error) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *failure: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; what was put is kept whether or not this is called."""
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
        found = self._ask("SELECT value FROM meta WHERE key = ?", key)
        return str(found[0][0]) if found else ""

    def set_meta(self, key: str, value: str) -> None:
        """Keep a fact about the run.

        Parameters
        ----------
        key : str
            Its name.
        value : str
            Replaces what was kept under that name.
        """
        self._change("INSERT OR REPLACE INTO meta VALUES (?, ?)", [(key, value)])

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
        self._change("INSERT OR REPLACE INTO recording VALUES (?, ?, ?, ?, ?, ?)", [values])

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
        found = self._ask("SELECT * FROM recording WHERE name = ?", name)
        return _entry(found[0]) if found else None

    def fingerprints(self) -> dict[str, str]:
        """Return what the results that are kept depend on.

        Returns
        -------
        dict of str to str
            Fingerprint by name.
        """
        return {row[0]: row[1] for row in self._ask("SELECT name, fingerprint FROM recording")}

    def keep_only(self, names: set[str]) -> None:
        """Forget every other recording: a folder's results are those of its last inputs.

        Parameters
        ----------
        names : set of str
            Which to keep.
        """
        gone = [(name,) for name in self.fingerprints() if name not in names]
        self._change("DELETE FROM recording WHERE name = ?", gone)

    def __iter__(self) -> Iterator[Entry]:
        for name in sorted(self.fingerprints()):
            yield from map(_entry, self._ask("SELECT * FROM recording WHERE name = ?", name))


def _entry(row: tuple[str, ...]) -> Entry:
    name, fingerprint, error, rows, spikes, evidence = row
    columns = {key: np.asarray(values) for key, values in json.loads(spikes).items()}
    table = FeatureTable(FeatureTable.from_records(json.loads(rows)).rows, columns)
    return Entry(name, fingerprint, error, table, json.loads(evidence))
