"""What the postsynaptic currents of a cell say: how many, how large, how fast."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnephys.measurement import Feature, Measurement, Status
from mnephys.patch.synaptic.finding import DECAY_MS, POLARITIES, RISE_MS, THRESHOLD_SD, Found, find_events
from mnephys.patch.synaptic.noise import gaussian_core
from mnephys.patch.synaptic.pieces import filled
from mnephys.patch.synaptic.stretches import CONSTANT_S, Quiet, find_quiet
from mnephys.patch.synaptic.templates import Template
from mnephys.recording import BoolArray, Clamp, FloatArray, SweepRecording

__all__ = ["FEATURES", "Synaptic", "analyse_synaptic", "measure_synaptic"]

METHOD = "deconvolution"
SEARCHED_S = 10.0
SILENT_S = 30.0
NEEDED_PA = 10.0
FEWEST_EVENTS = 5
LEAST_NOISE_PA = 1e-3
SAME_LEVEL_MV = 5.0
NOISE_WINDOW_S = 0.02
UPPER_LIMIT = 2.9957322735539909  # of a Poisson count of 0, at 95 %

_CELL = ("cell",)
_OWN = "mnephys"
_DOI = "10.1016/j.bpj.2012.08.039"
_SEARCH: dict[str, float | str] = {
    "rise_ms": RISE_MS,
    "decay_ms": DECAY_MS,
    "threshold_sd": THRESHOLD_SD,
    "method": METHOD,
}
_PREFIX = {"inward": "spsc", "outward": "spsc_outward"}


def _declared(polarity: str) -> list[Feature]:
    name = _PREFIX[polarity]
    sign = (-1000.0, 0.0) if polarity == "inward" else (0.0, 1000.0)
    many: dict[str, float | str] = {**_SEARCH, "fewest_events": FEWEST_EVENTS}
    kind = f"{polarity} postsynaptic currents"
    return [
        Feature(
            f"{name}_frequency",
            "Hz",
            _CELL,
            f"Spontaneous {kind} per second of constant command",
            _DOI,
            (0, 500),
            {**_SEARCH, "least_s": SEARCHED_S, "least_silent_s": SILENT_S},
        ),
        Feature(f"{name}_amplitude", "pA", _CELL, f"Median peak of {kind} above their baseline", _OWN, sign, many),
        Feature(f"{name}_rise_time", "ms", _CELL, f"Median 10-90 % rise time of {kind}", _OWN, (0, 100), many),
        Feature(f"{name}_decay_time", "ms", _CELL, f"Median decay time constant of {kind}", _OWN, (0, 500), many),
    ]


FEATURES = {
    f.name: f
    for f in (
        *_declared("inward"),
        *_declared("outward"),
        Feature("qc_spsc_noise", "pA", _CELL, "SD of the searched current about its mean over 20 ms", _OWN, (0, 1e4)),
        Feature(
            "qc_spsc_smallest_amplitude",
            "pA",
            _CELL,
            "The smallest postsynaptic current that reaches the threshold",
            _OWN,
            (0, 1e5),
            _SEARCH,
        ),
        Feature("qc_spsc_left_out", "1", _CELL, "Events above 1 nA or too fast for a synaptic current", _OWN, (0, 1e6)),
    )
}
"""The features that this module measures."""


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
    """One search: where, what was found, and the noise."""

    level: float
    found: Found
    noise: float


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
    Medians need five events.

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
    >>> short = SweepRecording(np.zeros((1, 5000)), 10000.0, Clamp.VOLTAGE)
    >>> analyse_synaptic(short).rows[0].reason
    'The command was constant for 0.5 s at most, 1 s is needed.'
    """
    if recording.clamp is not Clamp.VOLTAGE:
        return _nothing(Status.NOT_APPLICABLE, "Postsynaptic currents are measured under voltage clamp.")
    template = _template(recording.sampling_rate)
    if template is None:
        why = f"A sampling rate of {recording.sampling_rate:g} Hz is too low for postsynaptic currents."
        return _nothing(Status.NOT_APPLICABLE, why)
    quiet = find_quiet(recording)
    if not quiet.start.size:
        why = f"The command was constant for {quiet.longest:.2g} s at most, {CONSTANT_S:g} s is needed."
        return _nothing(Status.NOT_APPLICABLE, why)
    everywhere = quiet.mask(recording.response, np.ones(quiet.start.size, dtype=bool))
    if not everywhere.any():
        return _nothing(Status.BAD_INPUT, "No finite current was recorded at a constant command.")
    searches = _searches(recording, quiet, template)
    about = _about(recording)
    rows = [row for polarity in POLARITIES for row in _rows(polarity, searches[polarity], about)]
    return Synaptic([*rows, *_quality(searches)], _events({p: s.found.of(p) for p, s in searches.items()}))


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
    from scipy.ndimage import uniform_filter1d

    found = find_events(recording.response, searched, template, METHOD, THRESHOLD_SD)
    smooth = filled(recording.response, searched, recording.sampling_rate)
    width = max(2, round(NOISE_WINDOW_S * recording.sampling_rate))
    about = (smooth - uniform_filter1d(smooth, width, axis=1))[searched]
    _, noise = gaussian_core(about[:: max(1, about.size // 1_000_000)])
    return _Search(float(np.median(levels)) if levels.size else float("nan"), found, noise)


def _about(recording: SweepRecording) -> str:
    """Say what is known of tetrodotoxin, and of the command."""
    said = [text for _, text in recording.tags] + [str(recording.metadata.get("comment", ""))]
    ttx = any("ttx" in text.lower() or "tetrodotoxin" in text.lower() for text in said)
    drug = "A comment names TTX." if ttx else "Whether TTX was there is not known."
    return drug + ("" if recording.command is not None else " The command is not known and was taken as constant.")


def _rows(polarity: str, search: _Search, about: str) -> list[Measurement]:
    names = [f"{_PREFIX[polarity]}_{what}" for what in ("frequency", "amplitude", "rise_time", "decay_time")]
    found, columns = search.found, search.found.of(polarity)
    number, time, numbers = columns["sweep"].size, search.found.searched, _numbers(search, polarity)
    if time < SEARCHED_S:
        why = f"Only {time:.3g} s at a constant command could be searched, {SEARCHED_S:g} s are needed. {numbers}"
        return [FEATURES[name].missing(Status.NOT_APPLICABLE, why) for name in names]
    if not search.noise > LEAST_NOISE_PA:
        why = f"The current has no noise (SD {search.noise:.2g} pA), so it is not that of a cell."
        return [FEATURES[name].missing(Status.BAD_INPUT, why) for name in names]
    if not found.smallest <= NEEDED_PA:
        why = f"Too noisy: an event of {NEEDED_PA:g} pA would not be seen. {numbers}"
        return [FEATURES[name].missing(Status.EXCLUDED, why) for name in names]
    remark = f"{number} events in {time:.3g} s. {numbers} {about}"
    if not number and time < SILENT_S:
        why = f"No event in {time:.3g} s: the rate is below {UPPER_LIMIT / time:.2g} Hz (95 %). {numbers}"
        rate = FEATURES[names[0]].missing(Status.TOO_FEW_EVENTS, why)
    elif not number:
        below = f"No event in {time:.3g} s: the rate is below {UPPER_LIMIT / time:.2g} Hz (95 %). {numbers} {about}"
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


def _numbers(search: _Search, polarity: str) -> str:
    """Say how noisy the current was, what would have been found, and what was left out."""
    left_out = search.found.left_out[polarity]
    parts = [f"The noise has an SD of {search.noise:.2g} pA"]
    if np.isfinite(search.found.smallest):
        parts.append(f"the smallest event that would be found {search.found.smallest:.2g} pA")
    if np.isfinite(search.level):
        parts.append(f"the command was {search.level:g} mV")
    plural = "s" if left_out != 1 else ""
    fate = f" {left_out} event{plural} above 1 nA or too fast for a synapse left out." if left_out else ""
    return ", ".join(parts) + "." + fate


def _quality(searches: dict[str, _Search]) -> list[Measurement]:
    search = searches["inward"]
    noise, smallest = FEATURES["qc_spsc_noise"], FEATURES["qc_spsc_smallest_amplitude"]
    each = {polarity: s.found.left_out[polarity] for polarity, s in searches.items()}
    remark = f"{each['inward']} inward, {each['outward']} outward."
    short = "No stretch is as long as an event."
    return [
        noise.measured(search.noise),
        smallest.measured(search.found.smallest)
        if np.isfinite(search.found.smallest)
        else smallest.missing(Status.NOT_APPLICABLE, short),
        FEATURES["qc_spsc_left_out"].measured(sum(each.values()), remark=remark),
    ]


def _events(parts: dict[str, dict[str, NDArray[Any]]]) -> dict[str, NDArray[Any]]:
    names = parts["inward"]
    columns = {name: np.concatenate([part[name] for part in parts.values()]) for name in names}
    polarity = np.repeat(np.array(list(parts)), [part["sweep"].size for part in parts.values()])
    return {"polarity": polarity, **columns}
