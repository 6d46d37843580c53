"""Whether two wells of a MaxWell file claim the same bytes: then one of them shows the data of the other.

Links to a whole well are common, since newer files name each of them several times; `mnephys.readers.maxwell.places`
follows one name of each. What is left are datasets of which every well has its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from mnephys.errors import CorruptHeaderError, ReadError
from mnephys.readers.hdf5.bytes import COPY_AGAIN, UNDEFINED, Fields, typed
from mnephys.readers.hdf5.file import Hdf5File
from mnephys.readers.hdf5.headers import Header, Kind
from mnephys.readers.hdf5.layouts import Storage, read_layout
from mnephys.readers.maxwell.places import Place
from mnephys.readers.spike_trains.columns import listed

__all__ = ["Sharing", "read_sharing"]

_SETTINGS = ("sampling", "lsb", "gain")


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
    return f"shares its place in the file with {listed([other for other, _ in together if other != name])}"


def _claims(content: Hdf5File, place: Place) -> Iterator[_Claim]:
    settings = [f"{place.settings}/{name}" for name in _SETTINGS]
    for name in (place.raw, place.spikes, place.frames, place.channels, place.mapping, place.events, *settings):
        if not name:
            continue
        try:
            with typed(content.path, f"dataset {name}"):
                header, _ = content.groups.place(name)
                stretches = [] if header is None else _stretches(content, header)
        except ReadError:
            # Whoever reads the dataset says what is wrong with it.
            continue
        for begin, end in stretches:
            yield _Claim(begin, end, name, place)


def _stretches(content: Hdf5File, header: Header) -> list[tuple[int, int]]:
    """Return where a header begins, and where its values are or the list of their chunks is."""
    found = [(header.address, header.address + 1)]
    for message in header.all(Kind.LAYOUT):
        if message.shared:
            continue
        layout = read_layout(Fields(message.content, content.path, "place of values"))
        if layout.storage in {Storage.ROW, Storage.CHUNKS} and layout.address != UNDEFINED:
            size = layout.size if layout.storage is Storage.ROW else 0
            found.append((layout.address, layout.address + max(size, 1)))
    return found


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
