"""What the postsynaptic currents of a cell say: how many, how large, how fast."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnephys.measurement import Measurement, Status
from mnephys.patch.synaptic.clockwork import clock
from mnephys.patch.synaptic.declared import (
    FEATURES,
    FEWEST_EVENTS,
    LEAST_NOISE_PA,
    METHOD,
    NEEDED_PA,
    PREFIX,
    SAME_LEVEL_MV,
    SEARCHED_S,
    SILENT_S,
)
from mnephys.patch.synaptic.evoked import evoked
from mnephys.patch.synaptic.finding import DECAY_MS, POLARITIES, RISE_MS, THRESHOLD_SD, Found, find_events
from mnephys.patch.synaptic.noise import sd_about_mean
from mnephys.patch.synaptic.remarks import about, crowded
from mnephys.patch.synaptic.stretches import CONSTANT_S, Quiet, find_quiet
from mnephys.patch.synaptic.templates import Template
from mnephys.recording import BoolArray, Clamp, FloatArray, IntArray, SweepRecording

__all__ = ["FEATURES", "Synaptic", "analyse_synaptic", "measure_synaptic"]

UPPER_LIMIT = 2.9957322735539909  # of a Poisson count of 0, at 95 %


@dataclass(frozen=True, slots=True)
class Synaptic:
    """Measurements of a recording, and its events.

    Parameters
    ----------
    rows : list of Measurement
        One per entry of `FEATURES`.
    events : dict of str to ndarray, shape (n_events,)
        Of both polarities, inward ones first; the columns of `mnephys.patch.synaptic.events` and ``polarity``.
    """

    rows: list[Measurement]
    events: dict[str, NDArray[Any]]


@dataclass(frozen=True, slots=True)
class _Search:
    """One search: where, what was found, the noise, what comes like clockwork, and what that follows."""

    level: float
    found: Found
    noise: float
    clock: dict[str, str]
    cause: dict[str, str]


def measure_synaptic(recording: SweepRecording) -> list[Measurement]:
    """Measure the spontaneous postsynaptic currents of a voltage-clamp recording.

    Parameters
    ----------
    recording : SweepRecording
        As read.

    Returns
    -------
    list of Measurement
        One row per entry of `FEATURES`.

    Notes
    -----
    Inward currents are ``spsc_*``, outward ones ``spsc_outward_*``: a name always means the same polarity. Which of
    them is excitatory depends on the potential and the chloride of the pipette, and whether they are miniature on
    tetrodotoxin; of this the remark says what the recording says. Where the command has several constant levels,
    inward currents are looked for at the most negative and outward ones at the most positive that holds 10 s.

    A rate needs 10 s of searched time. No event in 30 s is a rate of 0, and the remark says what rate that excludes; in
    less it is ``too_few_events``. Where an event of 10 pA would not reach the threshold the noise excludes all.
    Medians need five events. Where five or more events and more than were kept were left out, there is no rate; none
    where they come like clockwork, see `mnephys.patch.synaptic.clockwork`; and none where they follow tags or steps of
    the command, see `mnephys.patch.synaptic.evoked`.

    Where events are so dense that close ones are lost, the remark says so: see `mnephys.patch.synaptic.remarks`.

    On 60 min of event-free noise of 3 pA SD (white up to 10 kHz, or filtered at 2 kHz, with 1/f drift and 50 Hz hum)
    at most 0.0006 false events per second and polarity were found at the default threshold, and at most 0.0008 by the
    sliding template: a twentieth of the lowest published rate, 0.017 Hz, or less. See ``benchmarks/synaptic.py``.

    Examples
    --------
    >>> import numpy as np
    >>> noise = np.random.default_rng(0).normal(-50.0, 1.0, (1, 350000))
    >>> rows = measure_synaptic(SweepRecording(noise, 10000.0, Clamp.VOLTAGE))
    >>> rows[0].feature, rows[0].value, rows[1].status.value
    ('spsc_frequency', 0.0, 'too_few_events')
    """
    return analyse_synaptic(recording).rows


def analyse_synaptic(recording: SweepRecording) -> Synaptic:
    """Measure the spontaneous postsynaptic currents, and return them too.

    Parameters
    ----------
    recording : SweepRecording
        As read.

    Returns
    -------
    Synaptic
        Rows and events.

    Notes
    -----
    See `measure_synaptic`.

    Examples
    --------
    >>> import numpy as np
    >>> short = SweepRecording(np.zeros((1, 2000)), 10000.0, Clamp.VOLTAGE)
    >>> analyse_synaptic(short).rows[0].reason
    'The command was constant for 0.2 s at most, 0.3 s are needed.'
    """
    if recording.clamp is not Clamp.VOLTAGE:
        return _nothing(Status.NOT_APPLICABLE, "Postsynaptic currents are measured under voltage clamp.")
    template = _template(recording.sampling_rate)
    if template is None:
        why = f"A sampling rate of {recording.sampling_rate:g} Hz is too low for postsynaptic currents."
        return _nothing(Status.NOT_APPLICABLE, why)
    quiet = find_quiet(recording)
    if not quiet.start.size:
        why = f"The command was constant for {quiet.longest:.2g} s at most, {CONSTANT_S:g} s are needed."
        return _nothing(Status.NOT_APPLICABLE, why)
    if not quiet.mask(recording.response, np.ones(quiet.start.size, dtype=bool)).any():
        return _nothing(Status.BAD_INPUT, "No finite current was recorded at a constant command.")
    searches = _searches(recording, quiet, template)
    rows = [row for polarity in POLARITIES for row in _rows(polarity, searches[polarity], about(recording))]
    return Synaptic([*rows, *_quality(searches)], _events(searches))


def _template(sampling_rate: float) -> Template | None:
    return Template(RISE_MS, DECAY_MS, sampling_rate) if sampling_rate * RISE_MS >= 1000.0 else None


def _nothing(status: Status, why: str) -> Synaptic:
    return Synaptic([feature.missing(status, why) for feature in FEATURES.values()], {})


def _searches(recording: SweepRecording, quiet: Quiet, template: Template) -> dict[str, _Search]:
    """Search the most negative constant level for inward and the most positive for outward currents."""
    levels = _usable_levels(quiet, recording.sampling_rate)
    chosen = {"inward": levels.min(), "outward": levels.max()} if levels.size else dict.fromkeys(POLARITIES, np.nan)
    if np.isnan(chosen["inward"]) or chosen["outward"] - chosen["inward"] <= SAME_LEVEL_MV:
        one = _search(recording, quiet.mask(recording.response, np.ones(quiet.start.size, bool)), template, levels)
        return dict.fromkeys(POLARITIES, one)
    return {
        polarity: _search(
            recording,
            quiet.mask(recording.response, np.abs(quiet.level - level) <= 0.5 * SAME_LEVEL_MV),
            template,
            np.array([level]),
        )
        for polarity, level in chosen.items()
    }


def _usable_levels(quiet: Quiet, sampling_rate: float) -> FloatArray:
    """Return the levels that hold enough time; all of them where none does; none where they are not known."""
    levels, owner = np.unique(quiet.level[np.isfinite(quiet.level)], return_inverse=True)
    if not levels.size:
        return levels
    time = np.bincount(owner, (quiet.stop - quiet.start)[np.isfinite(quiet.level)]) / sampling_rate
    return levels[time >= SEARCHED_S] if (time >= SEARCHED_S).any() else levels[[int(time.argmax())]]


def _search(recording: SweepRecording, searched: BoolArray, template: Template, levels: FloatArray) -> _Search:
    found = find_events(recording.response, searched, template, METHOD, THRESHOLD_SD)
    (n_sweeps, n_samples), rate = recording.response.shape, recording.sampling_rate
    clocks, causes = {}, {}
    for polarity in POLARITIES:
        sweep, time = _times(found, polarity)
        clocks[polarity] = clock(sweep, time, n_sweeps, n_samples / rate)
        causes[polarity] = evoked(sweep, time, recording)
    level = float(np.median(levels)) if levels.size else float("nan")
    return _Search(level, found, sd_about_mean(recording.response, searched, rate), clocks, causes)


def _times(found: Found, polarity: str) -> tuple[IntArray, FloatArray]:
    """Return sweep and time of the events, kept or not."""
    columns, left_out = found.of(polarity), found.sides[polarity].left_out
    sweep = np.concatenate([columns["sweep"], left_out.sweep])
    return sweep, np.concatenate([columns["onset_time"], left_out.time])


def _rows(polarity: str, search: _Search, known: str) -> list[Measurement]:
    names = [f"{PREFIX[polarity]}_{what}" for what in ("frequency", "amplitude", "rise_time", "decay_time")]
    side, columns = search.found.sides[polarity], search.found.of(polarity)
    number, time, numbers = columns["sweep"].size, side.searched, _numbers(search, polarity)
    if time < SEARCHED_S:
        why = f"Only {time:.3g} s at a constant command could be searched, {SEARCHED_S:g} s are needed. {numbers}"
        return [FEATURES[name].missing(Status.NOT_APPLICABLE, why) for name in names]
    if not search.noise > LEAST_NOISE_PA:
        why = f"The current has no noise (SD {search.noise:.2g} pA), so it is not that of a cell."
        return [FEATURES[name].missing(Status.BAD_INPUT, why) for name in names]
    if why := _doubt(search, polarity, number):
        return [FEATURES[name].missing(Status.EXCLUDED, f"{why} {numbers}") for name in names]
    close = crowded(number / time, columns["decay_time"])
    remark = f"{number} events in {time:.3g} s.{close} {numbers} {known}"
    if not number and time < SILENT_S:
        why = f"No event in {time:.3g} s: the rate is below {UPPER_LIMIT / time:.2g} Hz (95 %). {numbers}"
        rate = FEATURES[names[0]].missing(Status.TOO_FEW_EVENTS, why)
    elif not number:
        below = f"No event in {time:.3g} s: the rate is below {UPPER_LIMIT / time:.2g} Hz (95 %). {numbers} {known}"
        rate = FEATURES[names[0]].measured(0.0, remark=below)
    else:
        rate = FEATURES[names[0]].measured(number / time, remark=remark)
    if number < FEWEST_EVENTS:
        few = f"A median needs {FEWEST_EVENTS} events, {number} were found in {time:.3g} s. {numbers}"
        return [rate, *(FEATURES[name].missing(Status.TOO_FEW_EVENTS, few) for name in names[1:])]
    medians = (
        FEATURES[name].measured(float(np.median(columns[column])), remark=remark)
        for name, column in zip(names[1:], ("amplitude", "rise_time", "decay_time"), strict=True)
    )
    return [rate, *medians]


def _doubt(search: _Search, polarity: str, number: int) -> str:
    """Say why the events are not to be counted, if so."""
    side = search.found.sides[polarity]
    if search.cause[polarity]:
        when = f"{search.clock[polarity]}," if search.clock[polarity] else "at the same time"
        return f"Events come {when} after {search.cause[polarity]}: evoked, and not spontaneous."
    if search.clock[polarity]:
        return f"Events come {search.clock[polarity]}: test pulses or stimuli, and no spontaneous currents."
    if side.left_out.kind.size > max(number, FEWEST_EVENTS - 1):
        return f"More events were left out than kept: {side.left_out.kind.size} and {number}."
    return "" if side.smallest <= NEEDED_PA else f"Too noisy: an event of {NEEDED_PA:g} pA would not be seen."


def _numbers(search: _Search, polarity: str) -> str:
    """Say how noisy the current was, what would have been found, and what was left out."""
    side = search.found.sides[polarity]
    parts = [f"The noise has an SD of {search.noise:.2g} pA"]
    if np.isfinite(side.smallest):
        parts.append(f"the smallest event that would be found {side.smallest:.2g} pA")
    if (side.template.rise, side.template.decay) != (RISE_MS, DECAY_MS):
        parts.append(f"the template had time constants of {side.template.rise:.2g} and {side.template.decay:.2g} ms")
    if np.isfinite(search.level):
        parts.append(f"the command was {search.level:g} mV")
    fate = f" Left out were {side.left_out.words()}." if side.left_out.kind.size else ""
    return ", ".join(parts) + "." + fate


def _quality(searches: dict[str, _Search]) -> list[Measurement]:
    search = searches["inward"]
    noise, smallest = FEATURES["qc_spsc_noise"], FEATURES["qc_spsc_smallest_amplitude"]
    sides = {polarity: s.found.sides[polarity] for polarity, s in searches.items()}
    said = [f"{p}: {side.left_out.words() or 'none'}" for p, side in sides.items()]
    remark = f"{said[0].replace('inward', 'Inward')}; {said[1]}."
    number = sum(side.left_out.kind.size for side in sides.values())
    short = "No stretch is as long as an event."
    return [
        noise.measured(search.noise),
        smallest.measured(sides["inward"].smallest)
        if np.isfinite(sides["inward"].smallest)
        else smallest.missing(Status.NOT_APPLICABLE, short),
        FEATURES["qc_spsc_left_out"].measured(number, remark=remark),
    ]


def _events(searches: dict[str, _Search]) -> dict[str, NDArray[Any]]:
    """Return the events of both polarities; none of one whose events are test pulses or evoked."""
    parts = {polarity: search.found.of(polarity) for polarity, search in searches.items()}
    no = {polarity: search.clock[polarity] or search.cause[polarity] for polarity, search in searches.items()}
    parts = {
        polarity: {name: column[:0] if no[polarity] else column for name, column in part.items()}
        for polarity, part in parts.items()
    }
    names = parts["inward"]
    columns = {name: np.concatenate([part[name] for part in parts.values()]) for name in names}
    polarity = np.repeat(np.array(list(parts)), [part["sweep"].size for part in parts.values()])
    return {"polarity": polarity, **columns}
