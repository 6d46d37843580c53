"""What a run has found so far, kept so that a run that was stopped goes on where it was.

One SQLite file per output folder, one transaction per recording. Without a folder it lives in memory.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np

from mnephys.errors import StoreError
from mnephys.measurement import FeatureTable, Rows

__all__ = ["STORE_NAME", "Entry", "Store"]

STORE_NAME = "mnephys.sqlite"
LOCK_NAME = "mnephys.lock"
APPLICATION_ID = 0x6D6E6570
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
        Where to keep them, for as long as the store is open for this run alone; in memory if omitted.

    Raises
    ------
    StoreError
        If the file cannot be opened, is no store, belongs to another version, or is being written to.

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
            self._lock = None if folder is None else _lock(folder)
            self._connection = sqlite3.connect(":memory:" if self.path is None else self.path)
        except (OSError, sqlite3.Error) as error:
            raise self._unusable(error) from error
        try:
            self._check(new=True)
            self._connection.execute("PRAGMA journal_mode=WAL")
            self._connection.executescript(_SCHEMA)
        except (StoreError, sqlite3.Error) as error:
            self.close()
            raise (error if isinstance(error, StoreError) else self._unusable(error)) from error

    @classmethod
    def existing(cls, folder: Path) -> Store:
        """Open the store of an earlier run to read it.

        Parameters
        ----------
        folder : Path
            Its output folder.

        Returns
        -------
        Store
            That cannot be changed.

        Raises
        ------
        StoreError
            If there is none, or it belongs to another version.
        """
        path = folder / STORE_NAME
        store = cls.__new__(cls)
        try:
            connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
        except sqlite3.Error as error:
            raise StoreError(f"{path}: cannot be read ({error}); run `mnephys score` into this folder") from error
        vars(store).update(path=path, _lock=None, _connection=connection)
        try:
            store._check(new=False)  # noqa: SLF001 -- of this class
        except StoreError:
            store.close()
            raise
        except sqlite3.Error as error:
            store.close()
            raise StoreError(f"{path}: cannot be read ({error}); run `mnephys score` into this folder") from error
        return store

    def _check(self, *, new: bool) -> None:
        """Raise unless the file is empty and may be, or a store of this version."""
        ((mine,),) = self._connection.execute("PRAGMA application_id").fetchall()
        ((version,),) = self._connection.execute("PRAGMA user_version").fetchall()
        ((tables,),) = self._connection.execute("SELECT count(*) FROM sqlite_schema").fetchall()
        if new and (mine, version, tables) == (0, 0, 0):
            self._connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            self._connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
            return
        if mine != APPLICATION_ID:
            raise StoreError(f"{self.path}: is no store of mnephys; choose another folder")
        if version != SCHEMA_VERSION:
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
        if self._lock is not None:
            self._lock.close()

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
            entry.table.rows.to_json(),
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
            None where it is not known, or where what is kept is damaged.
        """
        found = self._ask("SELECT * FROM recording WHERE name = ?", name)
        try:
            return _entry(found[0]) if found else None
        except (ValueError, TypeError, KeyError, AttributeError):
            return None

    def evidence(self) -> Mapping[str, dict[str, Any]]:
        """Return what the report needs of each recording.

        Returns
        -------
        mapping of str to dict
            By name; each record is read when it is asked for, so that a long run needs little memory.
        """
        return _Evidence(self)

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
            entry = self.get(name)
            if entry is None:
                raise StoreError(f"{self.path}: what is kept of {name} is damaged; run `mnephys score` again")
            yield entry


class _Evidence(Mapping[str, dict[str, Any]]):
    """The evidence records of a store, read one at a time."""

    def __init__(self, store: Store) -> None:
        self._store = store
        found = store._ask("SELECT name, key FROM recording, json_each(evidence, '$') WHERE json_valid(evidence)")  # noqa: SLF001 -- of one room
        self._home = {key: name for name, key in found}

    def __getitem__(self, key: str) -> dict[str, Any]:
        ((kept,),) = self._store._ask("SELECT evidence FROM recording WHERE name = ?", self._home[key])  # noqa: SLF001 -- of one room
        return dict(json.loads(kept)[key])

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._home))

    def __len__(self) -> int:
        return len(self._home)


def _lock(folder: Path) -> sqlite3.Connection:
    """Take the folder for this run; the lock ends with the process, however it ends."""
    lock = sqlite3.connect(folder / LOCK_NAME, timeout=0, isolation_level=None)
    try:
        lock.execute("BEGIN EXCLUSIVE")
    except sqlite3.OperationalError as error:
        lock.close()
        if "locked" not in str(error):
            raise
        raise StoreError(f"{folder}: another run is writing here; wait for its end or choose another folder") from error
    return lock


def _entry(row: tuple[str, ...]) -> Entry:
    name, fingerprint, error, rows, spikes, evidence = row
    columns = {key: np.asarray(values) for key, values in json.loads(spikes).items()}
    record = json.loads(evidence)
    if not isinstance(record, dict):
        raise TypeError("evidence is no record")
    table = FeatureTable(Rows.from_records(json.loads(rows)), columns)
    return Entry(name, fingerprint, error, table, record)
