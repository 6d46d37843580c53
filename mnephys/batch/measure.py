"""Measure recordings, one at a time or several side by side; a bad one never costs the others."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from mnephys._version import __version__
from mnephys.batch.store import Entry, Store
from mnephys.batch.workers import side_by_side
from mnephys.errors import MnephysError, ReadError
from mnephys.measurement import FeatureTable
from mnephys.pipeline import analyse
from mnephys.readers import read_all
from mnephys.samples import Sample

__all__ = ["fingerprint", "measure_all", "measure_one"]

CHUNK = 1 << 20


def ignore(entry: Entry) -> None:
    """Do nothing with an entry: for callers who need not be told."""
    del entry


def fingerprint(path: Path, sample: Sample) -> str:
    """Return a hash of all that the measurements of a file depend on.

    Parameters
    ----------
    path : Path
        The recording.
    sample : Sample
        What is known of it.

    Returns
    -------
    str
        SHA-256, hexadecimal; of the file's content, the sample and the version of mnephys.
    """
    digest = hashlib.sha256(json.dumps([__version__, asdict(sample)], sort_keys=True).encode())
    if not path.is_file():
        return digest.hexdigest()  # a pipe would never end
    try:
        with path.open("rb") as stream:
            while chunk := stream.read(CHUNK):
                digest.update(chunk)
    except OSError as error:
        digest.update(str(error.errno).encode())
    return digest.hexdigest()


def measure_one(path: Path, name: str, sample: Sample) -> Entry:
    """Measure one file; whatever is wrong with it becomes the entry's error.

    Parameters
    ----------
    path : Path
        The file.
    name : str
        What to call it in every output.
    sample : Sample
        What is known of it.

    Returns
    -------
    Entry
        Its measurements, or the reason why there are none.
    """
    mark = fingerprint(path, sample)
    try:
        recordings = read_all(path)
        results = [analyse(recording, bias=sample.bias_pa) for recording in recordings]
    except ReadError as error:
        return _failed(name, type(error)(name, error.problem, error.advice), mark)
    except MnephysError as error:
        return _failed(name, error, mark)
    except Exception as error:  # noqa: BLE001 -- one file must not cost the others; the type says that it is our defect
        problem = f"unexpected error ({type(error).__name__}: {error})"
        return _failed(name, ReadError(name, problem, "please report it"))
    names = [name if len(results) == 1 else f"{name}#{i}" for i in range(len(results))]
    table = FeatureTable.concatenate(r.table.named(n) for r, n in zip(results, names, strict=True))
    evidence = {n: {**r.evidence, "recording": n} for r, n in zip(results, names, strict=True)}
    for record in evidence.values():
        record["provenance"]["path"] = name
    return Entry(name, mark, "", table, evidence)


def measure_all(
    paths: Mapping[str, Path],
    samples: Mapping[str, Sample],
    store: Store,
    *,
    jobs: int = 1,
    done: Callable[[Entry], None] = ignore,
) -> None:
    """Measure every file that the store does not know yet, or that has changed.

    Parameters
    ----------
    paths : mapping of str to Path
        Files by name.
    samples : mapping of str to Sample
        What is known of each, by the same names.
    store : Store
        Where the results go, one transaction each.
    jobs : int
        Processes to use.
    done : callable
        Called with each entry, known ones included, as it is there.
    """
    known = store.fingerprints()
    todo: list[str] = []
    for name, path in paths.items():
        unchanged = name in known and known[name] == fingerprint(path, samples[name])
        entry = store.get(name) if unchanged else None
        if entry is None:
            todo.append(name)
        else:
            done(entry)
    tasks = [_Task(paths[name], name, samples[name]) for name in todo]
    processes = min(jobs, len(tasks), os.cpu_count() or 1)
    results = map(_measure, tasks) if processes < 2 else side_by_side(_measure, tasks, processes, killed=_killed)
    for entry in results:
        store.put(entry)
        done(entry)


@dataclass(frozen=True, slots=True)
class _Task:
    """The arguments of `measure_one`, so that they travel to another process as one."""

    path: Path
    name: str
    sample: Sample


def _measure(task: _Task) -> Entry:
    return measure_one(task.path, task.name, task.sample)


def _killed(task: _Task) -> Entry:
    problem = "the process that measured it was killed"
    return _failed(task.name, ReadError(task.name, problem, "it may need more memory than there is"))


def _failed(name: str, error: MnephysError, mark: str = "") -> Entry:
    """Return the entry of a failure; without a mark it is tried again in the next run."""
    return Entry(name, mark, str(error), FeatureTable(), {})
