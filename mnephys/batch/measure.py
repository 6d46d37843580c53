"""Measure recordings, one at a time or several side by side; a bad one never costs the others."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import asdict
from multiprocessing import get_context
from pathlib import Path

from mnephys._version import __version__
from mnephys.batch.store import Entry, Store
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
        return Entry(name, mark, str(type(error)(name, error.problem, error.advice)), FeatureTable(), {})
    except MnephysError as error:
        return Entry(name, mark, str(error), FeatureTable(), {})
    except Exception as error:  # noqa: BLE001 -- one file must not cost the others; the type says that it is our defect
        problem = f"unexpected error ({type(error).__name__}: {error})"
        return Entry(name, mark, str(ReadError(name, problem, "please report it")), FeatureTable(), {})
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
        entry = store.get(name) if known.get(name) == fingerprint(path, samples[name]) else None
        if entry is None:
            todo.append(name)
        else:
            done(entry)
    run = _one_by_one if jobs == 1 or len(todo) < 2 else _side_by_side
    for entry in run(todo, paths, samples, min(jobs, os.cpu_count() or 1)):
        store.put(entry)
        done(entry)


def _one_by_one(
    names: Sequence[str], paths: Mapping[str, Path], samples: Mapping[str, Sample], jobs: int
) -> Iterator[Entry]:
    del jobs
    for name in names:
        yield measure_one(paths[name], name, samples[name])


def _side_by_side(
    names: Sequence[str], paths: Mapping[str, Path], samples: Mapping[str, Sample], jobs: int
) -> Iterator[Entry]:
    # Fresh processes: a fork would inherit whatever threads and open files the caller has.
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        pending = {pool.submit(measure_one, paths[name], name, samples[name]): name for name in names}
        for future in as_completed(pending):
            name = pending[future]
            try:
                yield future.result()
            except BrokenProcessPool:
                problem = "the process that measured it, or one beside it, was killed"
                why = str(ReadError(name, problem, "run again with --jobs 1"))
                yield Entry(name, "", why, FeatureTable(), {})
