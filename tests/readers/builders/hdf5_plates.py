"""What the builders and the tests of HDF5 plates share: reading them back, forging what they claim, hostile changes."""

from __future__ import annotations

import json
import resource
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from mnephys.errors import ReadError
from mnephys.readers import read_all
from mnephys.recording import PlateRecording

TERABYTE_SHAPE = 1 << 40
"""Extent of a dataset that no file of a test can hold."""

FOREIGN_FILTER = 32013
"""Number of an HDF5 filter that no installation of h5py brings along."""


def written(path: Path) -> h5py.File:
    """Return an empty HDF5 file; one that was there and may still be open elsewhere is replaced, not overwritten."""
    path.unlink(missing_ok=True)
    return h5py.File(path, "w")


# --- reading back ---


def read_plates(path: Path) -> list[PlateRecording]:
    """Return all recordings of a file, each of which is one of a plate."""
    found = read_all(path)
    assert all(isinstance(recording, PlateRecording) for recording in found)
    return found


def only(path: Path) -> PlateRecording:
    """Return the one recording of a file."""
    (recording,) = read_plates(path)
    return recording


def names(recording: PlateRecording) -> list[str]:
    """Return the electrodes of a recording as ``A1_11``, in the order of its trains."""
    return [f"{row['well']}_{row['label']}" for row in recording.electrodes]


def channel_names(recording: PlateRecording) -> list[str]:
    """Return the electrode of each column of the signal."""
    found = names(recording)
    return [found[row] for row in recording.signal.electrodes]


def columns_of(recording: PlateRecording, well: str) -> list[int]:
    """Return the columns of the signal that are of a well, in ascending order."""
    wells = recording.electrodes["well"][recording.signal.electrodes]
    return np.flatnonzero(wells == well).tolist()


def train(recording: PlateRecording, name: str) -> NDArray[np.float64]:
    """Return the spike times of an electrode in s."""
    row = names(recording).index(name)
    first, last = recording.trains.offsets[row : row + 2]
    return recording.trains.times[first:last]


def waveforms(recording: PlateRecording, name: str) -> NDArray[np.float32]:
    """Return the waveforms of an electrode in uV."""
    row = names(recording).index(name)
    first, last = recording.trains.offsets[row : row + 2]
    return np.asarray(recording.trains.waveforms[np.arange(first, last)])


def shown(value: Any) -> str:
    """Return a parameter as part of the name of a test, which must be the same in every run."""
    return getattr(value, "__name__", str(value))


def says(recording: PlateRecording, *words: str) -> bool:
    """Return whether one sentence of the problems has all of some words."""
    told = [*recording.problems, *recording.well_problems.values()]
    return any(all(word.lower() in problem.lower() for word in words) for problem in told)


def close(found: NDArray[Any], expected: NDArray[Any]) -> None:
    """Assert that voltages are equal but for the rounding of float32."""
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-4)


def outcome(path: Path, *, seconds: float = 2.0) -> list[PlateRecording] | ReadError:
    """Read a file and some of its samples and waveforms; anything but plates or one typed line in time is a failure."""
    begin = time.perf_counter()
    found = _read_and_extract(path)
    assert time.perf_counter() - begin < seconds
    if isinstance(found, ReadError):
        assert "\n" not in str(found)
        assert path.name in str(found)
    else:
        for recording in found:
            assert_harmless(recording)
    return found


def _read_and_extract(path: Path) -> list[PlateRecording] | ReadError:
    try:
        found = read_plates(path)
        for recording in found:
            _extract(recording)
    except ReadError as error:
        return error
    return found


def told(found: list[PlateRecording] | ReadError, intact: list[PlateRecording]) -> bool:
    """Return whether a damage ended in an error, or in a sentence that the intact file does not have."""
    if isinstance(found, ReadError):
        return True
    known = {problem for recording in intact for problem in recording.problems}
    known |= {problem for recording in intact for problem in recording.well_problems.values()}
    now = {problem for recording in found for problem in recording.problems}
    now |= {problem for recording in found for problem in recording.well_problems.values()}
    return bool(now - known)


def _extract(recording: PlateRecording) -> None:
    if (signal := recording.signal) is not None:
        n_samples, n_channels = signal.shape
        for start in (0, n_samples // 2, max(n_samples - 100, 0)):
            stop = min(start + 100, n_samples)
            assert signal.read(start, stop).shape == (stop - start, n_channels)
        signal.close()
    if recording.trains is not None and recording.trains.waveforms is not None:
        rows = np.arange(min(recording.trains.n_spikes, 100))
        assert len(recording.trains.waveforms[rows]) == rows.size


def assert_harmless(recording: PlateRecording) -> None:
    """Assert that nothing in a recording surprises a terminal, a path or a table."""
    shown = [
        recording.layout.name,
        *recording.layout.labels,
        *recording.wells,
        *names(recording),
        *recording.problems,
        *recording.well_problems,
        *recording.well_problems.values(),
        *(text for _, text in recording.events),
    ]
    assert all(text.isprintable() for text in shown)
    assert len(set(names(recording))) == recording.electrodes.size
    if recording.signal is not None:
        assert 100 <= recording.signal.sampling_rate <= 200_000


# --- forging ---


@dataclass(frozen=True)
class Field:
    """A number that a file states: a size, a count, a gain, a rate, an offset.

    Parameters
    ----------
    path : str
        Group or dataset.
    attribute : str
        Of the group or dataset; the values of the dataset where empty.
    column : str
        Of a compound dataset.
    key : str
        Of the JSON text in a dataset, levels with ``/``.
    """

    path: str
    attribute: str = ""
    column: str = ""
    key: str = ""

    def forge(self, file: Path, value: float) -> None:
        """Overwrite it everywhere in its dataset, in the stored type or, where that cannot hold it, in a wider one."""
        with h5py.File(file, "r+") as content:
            place = content[self.path]
            if self.attribute:
                old = np.asarray(place.attrs[self.attribute])
                place.attrs[self.attribute] = np.full(old.shape, _valued(value, old.dtype))
            elif self.key:
                text = json.loads(_text(place))
                _set(text, self.key.split("/"), value)
                _replace(content, self.path, np.array([json.dumps(text).encode()], dtype=h5py.string_dtype()))
            elif self.column:
                _replace(content, self.path, _with_column(place[()], self.column, value))
            else:
                _replace(content, self.path, np.full(place.shape, _valued(value, place.dtype)))

    def __str__(self) -> str:
        return "@".join(part for part in (self.path, self.attribute or self.column or self.key) if part)


def _text(dataset: h5py.Dataset) -> str:
    raw = np.asarray(dataset[()]).ravel()[0]
    return raw.decode() if isinstance(raw, bytes) else str(raw)


def _set(tree: dict[str, Any], keys: list[str], value: float) -> None:
    for key in keys[:-1]:
        tree = tree[key]
    tree[keys[-1]] = value


def _valued(value: float, dtype: np.dtype[Any]) -> NDArray[Any]:
    """Return a value in the stored type, or in one that can hold it."""
    if dtype.kind in "SO":
        return np.asarray(str(value).encode())
    if dtype.kind in "iu" and isinstance(value, int) and np.iinfo(dtype).min <= value <= np.iinfo(dtype).max:
        return np.asarray(value, dtype)
    if dtype.kind in "iu" and isinstance(value, int):
        return np.asarray(value, np.int64)
    with np.errstate(over="ignore"):
        return np.asarray(value, np.float64 if dtype.kind in "iu" else dtype)


def _with_column(rows: NDArray[Any], column: str, value: float) -> NDArray[Any]:
    forged = _valued(value, rows.dtype[column])
    fields = [(name, forged.dtype if name == column else rows.dtype[name]) for name in rows.dtype.names]
    changed = np.empty(rows.shape, fields)
    for name in rows.dtype.names:
        changed[name] = forged if name == column else rows[name]
    return changed


def _replace(content: h5py.File, name: str, values: NDArray[Any]) -> None:
    """Put other values in the place of a dataset, which keeps its attributes."""
    attributes = dict(content[name].attrs)
    del content[name]
    content[name] = values
    content[name].attrs.update(attributes)


def claim(file: Path, name: str, shape: tuple[int, ...]) -> None:
    """Replace a dataset by one of the same type that claims another shape, and holds one chunk of it."""
    with h5py.File(file, "r+") as content:
        old = content[name]
        dtype, attributes, ndim = old.dtype, dict(old.attrs), old.ndim
        values = old[()]
        del content[name]
        new = content.create_dataset(name, shape, dtype, chunks=tuple(min(extent, 64) for extent in shape))
        new.attrs.update(attributes)
        if ndim == len(shape):
            part = tuple(slice(0, min(extent, have)) for extent, have in zip(shape, values.shape, strict=True))
            new[part] = values[part]


def enlarge(file: Path, name: str, shape: tuple[int, ...], at: tuple[slice, ...], values: NDArray[Any]) -> None:
    """Make a dataset larger than memory would like; only some of its values take room on the disk."""
    from h5py import h5d, h5p, h5s, h5t

    with h5py.File(file, "r+") as content:
        parent, dtype = content[name].parent, content[name].dtype
        last = name.rpartition("/")[2]
        attributes = dict(content[name].attrs)
        del parent[last]
        plan = h5p.create(h5p.DATASET_CREATE)
        plan.set_alloc_time(h5d.ALLOC_TIME_EARLY)
        plan.set_fill_time(h5d.FILL_TIME_NEVER)
        h5d.create(parent.id, last.encode(), h5t.py_create(dtype), h5s.create_simple(shape), plan)
        parent[last].attrs.update(attributes)
        parent[last][at] = values


def pieces_read_quickly(path: Path, pieces: list[tuple[int, int]]) -> list[NDArray[np.float32]]:
    """Read pieces of the signal of the one recording; opening and reading take no time and no memory to speak of."""
    before, begin = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.perf_counter()
    signal = only(path).signal
    found = [signal.read(start, stop) for start, stop in pieces]
    signal.close()
    assert time.perf_counter() - begin < 2
    # In kB.
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64 * 1024
    return found


def in_latest_format(file: Path) -> Path:
    """Store the same groups and datasets in the newest structures that HDF5 has; by default h5py writes the oldest."""
    latest = file.with_name(f"latest_{file.name}")
    with h5py.File(file) as old, h5py.File(latest, "w", libver="latest") as new:
        new.attrs.update(old.attrs)
        for name in old:
            old.copy(name, new)
    return latest


# --- hostile changes ---


def link_outside(file: Path, name: str, other: Path) -> None:
    """Put a link to the same place in another file where a dataset or group was, which moves there."""
    with h5py.File(file, "r+") as content, h5py.File(other, "w") as target:
        content.copy(name, target, name="moved")
        del content[name]
        content[name] = h5py.ExternalLink(str(other), "/moved")


def make_virtual(file: Path, name: str, other: Path) -> None:
    """Make a dataset virtual: its values stand in another file."""
    with h5py.File(file, "r+") as content, h5py.File(other, "w") as target:
        old = content[name]
        shape, dtype = old.shape, old.dtype
        target["moved"] = old[()]
        layout = h5py.VirtualLayout(shape, dtype=dtype)
        layout[:] = h5py.VirtualSource(str(other), "moved", shape)
        del content[name]
        content.create_virtual_dataset(name, layout)


def store_outside(file: Path, name: str, other: Path) -> None:
    """Keep the bytes of a dataset in another file, which need not be an HDF5 file."""
    with h5py.File(file, "r+") as content:
        values = content[name][()]
        other.write_bytes(values.tobytes())
        del content[name]
        content.create_dataset(name, values.shape, values.dtype, external=[(str(other), 0, values.nbytes)])


def link_to_itself(file: Path, name: str) -> None:
    """Put a link that leads to itself where a dataset or group was."""
    with h5py.File(file, "r+") as content:
        del content[name]
        content[name] = h5py.SoftLink(f"/{name}")


def packed_by_foreign_filter(group: h5py.Group, name: str, values: NDArray[Any]) -> None:
    """Store a dataset that only a filter of the vendor can unpack; what stands in it is noise."""
    from h5py import h5d, h5p, h5s, h5t, h5z

    plan = h5p.create(h5p.DATASET_CREATE)
    plan.set_chunk(values.shape)
    plan.set_filter(FOREIGN_FILTER, h5z.FLAG_OPTIONAL, ())
    made = h5d.create(group.id, name.encode(), h5t.py_create(values.dtype), h5s.create_simple(values.shape), plan)
    made.write_direct_chunk((0,) * values.ndim, values.tobytes()[::-1][: max(values.nbytes // 2, 1)])
