"""Measure recordings, one at a time or several side by side; a bad one never costs the others."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from mnephys._version import __version__
from mnephys.batch.store import Entry, Store
from mnephys.batch.workers import side_by_side
from mnephys.errors import MnephysError, ReadError
from mnephys.mea.definitions import Definitions
from mnephys.mea.detection.settings import DetectionSettings
from mnephys.measurement import FeatureTable
from mnephys.patch.limits import QualityLimits
from mnephys.pipeline import DEFAULT_DEFINITIONS, Analysis, analyse, declared_features
from mnephys.readers import Recording, read_all
from mnephys.recording import DurationSource, PlateRecording
from mnephys.samples import Sample

__all__ = ["Settings", "fingerprint", "measure_all", "measure_one"]


@dataclass(frozen=True, slots=True)
class Settings:
    """How plates and cells are measured.

    Parameters
    ----------
    definitions : Definitions
        What counts as active and as a burst.
    duration : float, optional
        Length in s of the recordings whose files do not state it; None where nobody states it.
    quality : QualityLimits
        When a sweep or a cell is excluded.
    detection : DetectionSettings
        How spikes are detected in the raw voltage of plates whose files hold no spikes.
    """

    definitions: Definitions = DEFAULT_DEFINITIONS
    duration: float | None = None
    quality: QualityLimits = field(default_factory=QualityLimits.read)
    detection: DetectionSettings = field(default_factory=DetectionSettings)


def ignore(entry: Entry) -> None:
    """Do nothing with an entry: for callers who need not be told."""
    del entry


def fingerprint(path: Path, sample: Sample, settings: Settings) -> str:
    """Return a hash of all that the measurements of a file depend on.

    Parameters
    ----------
    path : Path
        The recording.
    sample : Sample
        What is known of it.
    settings : Settings
        How plates and cells are measured.

    Returns
    -------
    str
        SHA-256, hexadecimal; of the file's content, the sample, the settings, the version of mnephys and what it
        declares of its features.
    """
    features = [(feature.name, feature.version, dict(feature.parameters)) for feature in declared_features()]
    known = [__version__, features, asdict(sample), asdict(settings), content_hash(path)]
    return hashlib.sha256(json.dumps(known, sort_keys=True).encode()).hexdigest()


def content_hash(path: Path) -> str:
    """Return a hash of what is in a file.

    Parameters
    ----------
    path : Path
        Any.

    Returns
    -------
    str
        SHA-256, hexadecimal; empty for what is no regular file, the error's number where it cannot be read.
    """
    if not path.is_file():
        return ""  # a pipe would never end
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        return f"error {error.errno}"


def measure_one(path: Path, name: str, sample: Sample, settings: Settings) -> Entry:
    """Measure one file; whatever is wrong with it becomes the entry's error.

    Parameters
    ----------
    path : Path
        The file.
    name : str
        What to call it in every output.
    sample : Sample
        What is known of it.
    settings : Settings
        How plates and cells are measured.

    Returns
    -------
    Entry
        Its measurements, or the reason why there are none.
    """
    mark = fingerprint(path, sample, settings)
    try:
        recordings = [_lasting(recording, settings.duration) for recording in read_all(path)]
        results = [_analysed(recording, sample, settings) for recording in recordings]
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
        # Readers that leave samples in the file do not read all of it.
        record["provenance"]["sha256"] = record["provenance"]["sha256"] or content_hash(path)
    return Entry(name, mark, "", table, evidence)


def _analysed(recording: Recording, sample: Sample, settings: Settings) -> Analysis:
    return analyse(
        recording,
        bias=sample.bias_pa,
        seal=sample.rseal_mohm,
        definitions=settings.definitions,
        quality=settings.quality,
        detection=settings.detection,
    )


def _lasting(recording: Recording, duration: float | None) -> Recording:
    """Return a recording with the length that the user states, where its file states none."""
    if duration is None or not isinstance(recording, PlateRecording):
        return recording
    if recording.duration_source is not DurationSource.SPIKES:
        return recording
    try:
        return recording.lasting(duration)
    except ValueError as error:
        raise ReadError(recording.provenance.path, str(error), "correct --duration") from error


def measure_all(
    paths: Mapping[str, Path],
    samples: Mapping[str, Sample],
    store: Store,
    settings: Settings,
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
    settings : Settings
        How plates and cells are measured.
    jobs : int
        Processes to use.
    done : callable
        Called with each entry, known ones included, as it is there.
    """
    known = store.fingerprints()
    todo: list[str] = []
    for name, path in paths.items():
        unchanged = name in known and known[name] == fingerprint(path, samples[name], settings)
        entry = store.get(name) if unchanged else None
        if entry is None:
            todo.append(name)
        else:
            done(entry)
    tasks = [_Task(paths[name], name, samples[name], settings) for name in todo]
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
    settings: Settings


def _measure(task: _Task) -> Entry:
    return measure_one(task.path, task.name, task.sample, task.settings)


def _killed(task: _Task) -> Entry:
    problem = "the process that measured it was killed"
    return _failed(task.name, ReadError(task.name, problem, "it may need more memory than there is"))


def _failed(name: str, error: MnephysError, mark: str = "") -> Entry:
    """Return the entry of a failure; without a mark it is tried again in the next run."""
    return Entry(name, mark, str(error), FeatureTable(), {})
