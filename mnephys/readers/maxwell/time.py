"""When a MaxWell recording began and ended on the clock of the instrument."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mnephys.readers.maxwell.wells import Well
from mnephys.recording import DurationSource

__all__ = ["Extent", "extent_of", "length_of"]

# In s: a length that the clock of a computer gives may be shorter than that of the frames by this.
_SLACK = 1.0
_SAME = 0.05


@dataclass(frozen=True, slots=True)
class Extent:
    """Begin and end of a recording.

    Parameters
    ----------
    zeros : tuple of int
        For each well the frame that is time 0.
    start, stop : float
        In s.
    source : DurationSource
        How the end is known.
    problems : tuple of str
        Sentences on what the file does not say.
    """

    zeros: tuple[int, ...]
    start: float
    stop: float
    source: DurationSource
    problems: tuple[str, ...]


def extent_of(wells: Sequence[Well]) -> Extent:
    """Return when a recording began and ended.

    Parameters
    ----------
    wells : sequence of Well
        Of one recording, all of one sampling rate and equally long.

    Returns
    -------
    Extent
        From the frame of the first sample, which is time 0, to the last one. Where no sample is numbered, frame 0 of
        the clock is time 0; if the spikes lie within the length of the recording after it, it begins there, and else
        with the first spike.
    """
    firsts = [well.clock.first for well in wells]
    known = [first for first in firsts if first is not None]
    lengths = [length for well in wells if (length := length_of(well)) is not None]
    if not known:
        return _unnumbered(wells, max(lengths, default=None))
    problems = []
    if len(known) < len(firsts):
        lacking = ", ".join(f"{well.place.well:03d}" for well in wells if well.clock.first is None)
        said = f"The file does not say with which frame well {lacking} began in {wells[0].place.recording}"
        problems.append(f"{said}; that of the others was taken, frame {min(known)}.")
    zeros = tuple(min(known) if first is None else first for first in firsts)
    return Extent(zeros, 0.0, max(lengths), DurationSource.STATED, (*problems, *_other_lengths(wells)))


def _other_lengths(wells: Sequence[Well]) -> tuple[str, ...]:
    """Return a sentence where the clock of the computer saw another length than that of the samples."""
    for well in wells:
        length, lasted = length_of(well), well.lasted
        if length is None or lasted is None or abs(length - lasted) <= _SLACK + _SAME * length:
            continue
        said = f"Well {well.place.well:03d} in {well.place.recording} has samples of {length:g} s"
        return (f"{said}, and begin and end that are {lasted:g} s apart; the former was taken.",)
    return ()


def length_of(well: Well) -> float | None:
    """Return how long a well lasted.

    Parameters
    ----------
    well : Well
        Of one recording.

    Returns
    -------
    float or None
        In s, gaps included, by its samples or else by the clock of the computer; None where the file says neither.
    """
    n_samples = well.n_samples if well.n_samples is not None else well.clock.size
    if n_samples is None:
        return well.lasted
    last = well.clock.segments[-1]
    return float(last["start"]) + max(n_samples - int(last["first"]), 0) / well.settings.rate


def _unnumbered(wells: Sequence[Well], length: float | None) -> Extent:
    """Return begin and end where no sample is numbered, from the frames of the spikes."""
    zeros = (0,) * len(wells)
    rate = wells[0].settings.rate
    stamped = [well.spikes.frames for well in wells if well.spikes is not None and well.spikes.frames.size]
    if not stamped:
        source = DurationSource.SPIKES if length is None else DurationSource.STATED
        return Extent(zeros, 0.0, length or 0.0, source, ())
    first = min(int(frames.min()) for frames in stamped) / rate
    last = max(int(frames.max()) for frames in stamped) / rate
    said = f"The file does not say with which frame {wells[0].place.recording} began"
    if length is not None and first >= 0 and last <= length:
        return Extent(zeros, 0.0, length, DurationSource.STATED, (f"{said}; frame 0 was taken, as all spikes allow.",))
    apart = "" if all(well.raw is None for well in wells) else ", and spikes and raw voltage need not be aligned"
    began = f"{said}; it was taken to begin with its first spike, {first:g} s after frame 0{apart}."
    if length is None or last - first > length + _SLACK:
        return Extent(zeros, first, last, DurationSource.SPIKES, (began,))
    return Extent(zeros, first, max(first + length, last), DurationSource.STATED, (began,))
