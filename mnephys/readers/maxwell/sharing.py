"""Whether two wells of a MaxWell file claim the same bytes: then one of them shows the data of the other.

Links to a whole well are common, since newer files name each of them several times; `mnephys.readers.maxwell.places`
follows one name of each. What is left are datasets of which every well has its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass

from mnephys.errors import CorruptHeaderError, ReadError
from mnephys.readers.hdf5.bytes import COPY_AGAIN, UNDEFINED, typed
from mnephys.readers.hdf5.datasets import read_dataset
from mnephys.readers.hdf5.file import Hdf5File
from mnephys.readers.hdf5.layouts import Storage
from mnephys.readers.maxwell.places import Place
from mnephys.readers.spike_trains.columns import listed

__all__ = ["Sharing", "read_sharing"]

_SETTINGS = ("sampling", "lsb", "gain")
_MOST_NAMED = 5


@dataclass(frozen=True, slots=True)
class Sharing:
    """What wells share that each of them must have of its own.

    Parameters
    ----------
    refused : dict of Place to CorruptHeaderError
        Wells whose raw voltage or spikes may be those of another, and why.
    problems : tuple of str
        Sentences on other datasets that stand in one place, which are read all the same.
    """

    refused: dict[Place, CorruptHeaderError]
    problems: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Claim:
    """Bytes that a dataset takes, the first and the one after the last."""

    begin: int
    end: int
    name: str
    place: Place


def read_sharing(content: Hdf5File, places: Sequence[Place]) -> Sharing:
    """Find datasets that stand in the same place of a file; none of their values is read.

    Of a dataset in chunks only the list of the chunks is compared, not where each chunk is.

    Parameters
    ----------
    content : Hdf5File
        Open.
    places : sequence of Place
        Of all wells of all recordings.

    Returns
    -------
    Sharing
        Empty for an intact file.
    """
    claims = [claim for place in places for claim in _claims(content, place)]
    # Header and values of two datasets may be the same, which is said once.
    sets = list(dict.fromkeys(_overlapping(claims)))
    grave = [one for one in sets if any(name in {place.raw, place.spikes} for name, place in one)]
    refused: dict[Place, CorruptHeaderError] = {}
    for name, place, others in ((name, place, one) for one in grave for name, place in one):
        problem = f"dataset {name} {_with_others(name, others)}, and one of them alone can be right"
        refused.setdefault(place, CorruptHeaderError(content.path, problem, COPY_AGAIN))
    problems = []
    for one in sets:
        if read := [name for name, place in one if place not in refused]:
            said = f"Dataset {read[0]} {_with_others(read[0], one)}"
            problems.append(f"{said}; what was read there may be of another well.")
    return Sharing(refused, tuple(problems))


def _with_others(name: str, together: Sequence[tuple[str, Place]]) -> str:
    # A forged file may have thousands together, each of which gets its sentence.
    first = [other for other, _ in together[:_MOST_NAMED] if other != name]
    others = listed(first) if len(together) <= _MOST_NAMED else f"{first[0]} and {len(together) - 2} others"
    return f"shares its place in the file with {others}"


def _claims(content: Hdf5File, place: Place) -> Iterator[_Claim]:
    settings = [f"{place.settings}/{name}" for name in _SETTINGS]
    for name in (place.raw, place.spikes, place.frames, place.channels, place.mapping, place.events, *settings):
        if not name:
            continue
        # Whoever reads the dataset says what is wrong with it; a size that is none claims nothing of others.
        with suppress(ReadError), typed(content.path, f"dataset {name}"):
            header, _ = content.groups.place(name)
            if header is None:
                continue
            yield _Claim(header.address, header.address + 1, name, place)
            dataset = read_dataset(content.groups.source, header, name)
            layout = dataset.layout
            if layout.storage in {Storage.ROW, Storage.CHUNKS} and layout.address != UNDEFINED:
                size = dataset.n_bytes if layout.storage is Storage.ROW else 0
                yield _Claim(layout.address, layout.address + max(size, 1), name, place)


def _overlapping(claims: Sequence[_Claim]) -> Iterator[tuple[tuple[str, Place], ...]]:
    """Yield name and well of all datasets of one stretch of the file, where there are several."""
    together: dict[str, Place] = {}
    end = -1
    for claim in sorted(claims, key=lambda claim: claim.begin):
        if claim.begin >= end:
            if len(together) > 1:
                yield tuple(sorted(together.items(), key=lambda one: one[0]))
            together = {}
        together[claim.name] = claim.place
        end = max(end, claim.end)
    if len(together) > 1:
        yield tuple(sorted(together.items(), key=lambda one: one[0]))
