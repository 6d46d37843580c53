"""Numbers of 3Brain files that place, count or scale something, forged: what each is taken for, or why it is not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from readers.builders.biocam_file import FIELDS, NEW_FIELDS, OLD_FIELDS, OLD_SPIKE_FIELDS, RATE, OldFile, full_file
from readers.builders.hdf5_plates import close, columns_of, only, outcome
from readers.test_biocam import old_spikes_file, refused

from mnephys.errors import CorruptHeaderError, FileUnitsError, ReadError, UnsupportedFormatError

VALUES = (0, -1, 2**31 - 1, 2**32 - 1, 2**62, float("nan"))


@dataclass(frozen=True)
class Refused:
    """One error for the whole file."""

    said: str
    kind: type[ReadError] = CorruptHeaderError


@dataclass(frozen=True)
class Told:
    """A sentence, besides those of the intact file.

    `lost` is the well that is left out for it; of all others the voltages are as they were, stretched by `gain` and
    `shift`. `n_spikes` is None where they are as they were.
    """

    said: str = ""
    lost: str = ""
    gain: float = 1.0
    shift: float = 0.0
    n_spikes: int | None = None


Expected = Refused | Told
SAME = Told()
NOT_WHOLE = ("4.61169e+18, which is no whole number", "nan, which is no whole number")


def errors(*said: str, kind: type[ReadError] = CorruptHeaderError) -> list[Expected]:
    return [Refused(words, kind) for words in said]


def lost(well: str, *said: str) -> list[Expected]:
    return [Told(f"Well {well} was left out: {words}.", lost=well) for words in said]


def settings(name: str, group: str, ending: str, rate: str) -> dict[str, list[Expected]]:
    """Return what comes of the numbers in a JSON text."""
    where = f"{name} states a range of"

    def absent(key: str) -> list[Expected]:
        return 2 * errors(f"dataset {name} holds no credible number as {key}")

    def steps(*sizes: str) -> list[Expected]:
        said = (f"{name} {group.partition('.')[0]} states steps of {size} uV, which no amplifier has" for size in sizes)
        return errors(*said, kind=FileUnitsError)

    def lopsided(low: float, high: float) -> Told:
        stretch = (high - low) / 8250.0
        said = f"{where} {low:g} to {high:g} uV, which is not symmetric about 0; it was taken as it is."
        return Told(said, gain=stretch, shift=low + 4125.0 * stretch)

    def ranges(*said: str) -> list[Expected]:
        return errors(*(f"{where} {words}, which cannot be true" for words in said))

    usual, numbers = "-4125 to 4125 uV for the numbers", "for the numbers 0 to 4095, times 1"
    highest, least = f"{group}.MaxAnalogValue{ending}", f"{group}.MinAnalogValue{ending}"
    found: dict[str, list[Expected]] = {
        highest: [
            lopsided(-4125.0, 0.0),
            lopsided(-4125.0, -1.0),
            *steps("524417", "1.04883e+06"),
            *absent(highest),
        ],
        least: [
            lopsided(0.0, 4125.0),
            lopsided(-1.0, 4125.0),
            *ranges(f"2.14748e+09 to 4125 uV {numbers}", f"4.29497e+09 to 4125 uV {numbers}"),
            *absent(least),
        ],
        f"{group}.MaxDigitalValue": [
            *ranges(f"{usual} 0 to 0, times 1", f"{usual} 0 to -1, times 1"),
            *steps("3.84171e-06", "1.92085e-06"),
            *absent(f"{group}.MaxDigitalValue"),
        ],
        f"{group}.MinDigitalValue": [
            SAME,
            # One step more in the same range, all of them one higher.
            Told(gain=4095 / 4096, shift=4125.0 / 4096),
            *ranges(f"{usual} 2.14748e+09 to 4095, times 1", f"{usual} 4.29497e+09 to 4095, times 1"),
            *absent(f"{group}.MinDigitalValue"),
        ],
        rate: [
            *errors(
                *(f"{name} {rate.rpartition('.')[2]} states a sampling rate of {value:g} Hz" for value in VALUES[:4])
            ),
            *absent(rate),
        ],
    }
    if not ending:
        key = f"{group}.ScaleFactor"
        times = ranges(f"{usual} 0 to 4095, times 0", f"{usual} 0 to 4095, times -1")
        found[key] = [*times, *steps("4.32643e+09", "8.65286e+09"), *absent(key)]
    return {f"{name}@{key.replace('.', '/')}": value for key, value in found.items()}


def stored(well: str) -> list[Expected]:
    name = f"dataset Well_{well}/StoredChIdxs"
    return [
        *lost(well, *4 * [f"{name} lists no channel, or one twice or below 0"]),
        *lost(well, *(f"{name} holds {words}" for words in NOT_WHOLE)),
    ]


def spikes(times: str, channels: str, *, well: bool) -> dict[str, list[Expected]]:
    """Return what comes of spikes at other times and on other channels."""
    outside = [
        Told(f"Well A1: 4 spikes lie outside of the recording, the first at {value / RATE:g} s; left out.", n_spikes=0)
        for value in VALUES[1:4]
    ]
    strangers = 3 * [Told("Well A1: 4 spikes are of channels that the well does not have; left out.", n_spikes=0)]
    found: dict[str, list[Expected]] = {times: [SAME, *outside], channels: [SAME, *strangers]}
    for name in (times, channels):
        said = [f"dataset {name} holds {words}" for words in NOT_WHOLE]
        found[name] += lost("A1", *said) if well else errors(*said)
    return found


_SPARSE, _FORMS, _TABLE = "Well_A2/EventsBasedSparseRaw", "Well_A1/SpikeForms", "Well_A1/RawTOC"
_NO_BYTES = f"dataset {_SPARSE} holds {{}} of shape (298,), not bytes"
_ASTRAY = f"dataset {_SPARSE}TOC does not place the 2 chunks of dataset TOC within {_SPARSE}"
_NO_FORMS = f"dataset {_FORMS} of shape (80,) does not hold one waveform for each of 4 spikes"
WELLS: dict[str, list[Expected]] = {
    "TOC": [
        *errors(*(f"dataset TOC places chunk 0 at frames {v} to {v}, which cannot be true" for v in VALUES[:4])),
        *errors(*(f"TOC holds {words}" for words in NOT_WHOLE)),
    ],
    "Well_A1/StoredChIdxs": stored("A1"),
    "Well_A2/StoredChIdxs": stored("A2"),
    _TABLE: [
        *4 * [Told(f"Dataset {_TABLE} contradicts dataset TOC and the number of channels; it was not used.")],
        *(Told(f"Dataset {_TABLE} was not used: dataset {_TABLE} holds {words}.") for words in NOT_WHOLE),
    ],
    _SPARSE: [
        Refused(f"chunk 0 of dataset {_SPARSE} holds a channel that is longer than the chunk"),
        *lost("A2", *4 * [_NO_BYTES.format("int64")], _NO_BYTES.format("float64")),
    ],
    f"{_SPARSE}TOC": [
        # All bytes in the second chunk: an event may reach into the chunk before.
        SAME,
        *lost("A2", *3 * [_ASTRAY], *(f"dataset {_SPARSE}TOC holds {words}" for words in NOT_WHOLE)),
    ],
    f"{_FORMS}@Wavelength": 6 * [Told(f"Waveforms of spikes were left out: {_NO_FORMS}.")],
    **spikes("Well_A1/SpikeTimes", "Well_A1/SpikeChIdxs", well=True),
}

_VARS, _CHS, _MATRIX = "3BRecInfo/3BRecVars", "3BRecInfo/3BMeaStreams/Raw/Chs", "3BResults/3BInfo/MeaChs2ChIDsMatrix"


def _lopsided(low: float, high: float) -> Told:
    stretch = (high - low) / 8250.0
    said = f"{_VARS} states a range of {low:g} to {high:g} uV, which is not symmetric about 0; it was taken as it is."
    return Told(said, gain=stretch, shift=low + 4125.0 * stretch)


def _steps(*sizes: str) -> list[Expected]:
    return errors(
        *(f"{_VARS}/MaxVolt states steps of {size} uV, which no amplifier has" for size in sizes), kind=FileUnitsError
    )


def _shown(said: str) -> list[str]:
    return [said.format(f"{value:g}") for value in VALUES]


VARIABLES: dict[str, list[Expected]] = {
    f"{_VARS}/BitDepth": errors(*_shown(f"{_VARS}/BitDepth states {{}} bits")),
    f"{_VARS}/MaxVolt": [
        _lopsided(-4125.0, 0.0),
        _lopsided(-4125.0, -1.0),
        *_steps("524289", "1.04858e+06", "1.1259e+15"),
        Refused("states a range of -4125 to nan uV"),
    ],
    f"{_VARS}/MinVolt": [
        _lopsided(0.0, 4125.0),
        _lopsided(-1.0, 4125.0),
        *errors(*_shown("states a range of {} to 4125 uV")[2:]),
    ],
    f"{_VARS}/SamplingRate": errors(*_shown(f"{_VARS}/SamplingRate states a sampling rate of {{}} Hz")),
    # Inverted, a number stands for 4096 less it.
    f"{_VARS}/SignalInversion": errors(*_shown(f"{_VARS}/SignalInversion states {{}}, which is neither 1 nor -1")),
}
VARIABLES[f"{_VARS}/SignalInversion"][1] = Told(gain=-1.0)
_FRAMES = _shown(f"{_VARS}/NRecFrames states {{}} frames, which cannot be true")
_TWICE = f"dataset {_CHS} lists electrodes twice, none, or some that are not on the chip"
OLD: dict[str, list[Expected]] = {
    **VARIABLES,
    "3BData@Version": errors(
        *(f"is of version {value} of the raw voltage, which is not known" for value in VALUES),
        kind=UnsupportedFormatError,
    ),
    f"{_VARS}/NRecFrames": [
        *errors(*_FRAMES[:2]),
        *(Told(f"The file states {value} frames and holds 200, which were taken.") for value in VALUES[2:4]),
        *errors(*_FRAMES[4:]),
    ],
    # Of raw voltage, the list of channels says all.
    "3BRecInfo/3BMeaChip/NRows": 6 * [SAME],
    "3BRecInfo/3BMeaChip/NCols": 6 * [SAME],
    **{
        f"{_CHS}@{column}": errors(*4 * [_TWICE], *(f"dataset {_CHS} holds {words}" for words in NOT_WHOLE))
        for column in ("Row", "Col")
    },
}
OLD_SPIKES: dict[str, list[Expected]] = {
    **VARIABLES,
    # It says how long the recording was, and no more.
    f"{_VARS}/NRecFrames": [*errors(*_FRAMES[:2]), SAME, SAME, *errors(*_FRAMES[4:])],
    _MATRIX: errors(
        *4 * [f"dataset {_MATRIX} of shape (64, 64) does not number the electrodes of a chip"],
        *(f"dataset {_MATRIX} holds {words}" for words in NOT_WHOLE),
    ),
    **spikes("3BResults/3BChEvents/SpikeTimes", "3BResults/3BChEvents/SpikeChIDs", well=False),
}
_FIVE = settings("ExperimentSettings", "ValueConverter", "", "TimeConverter.FrameRate")
_SIX = settings(
    "ExperimentInfo",
    "SignalConverter.DigitalToAnalogConverter",
    "MicroVolt",
    "SignalConverter.SampleToTimeConverter.FrameRateHertz",
)
MADE = {
    "BrainWave 5": (full_file, FIELDS, {**_FIVE, **WELLS}),
    "BrainWave 6": (lambda: full_file(brainwave=6), NEW_FIELDS, {**_SIX, **WELLS}),
    "3": (OldFile, OLD_FIELDS, OLD),
    "3, rows": (lambda: OldFile(version=100), OLD_FIELDS, OLD),
    "3, spikes": (old_spikes_file, OLD_SPIKE_FIELDS, OLD_SPIKES),
}
CASES = [
    pytest.param(make, field, value, expected[str(field)][number], id=f"{name}, {field} = {value}")
    for name, (make, fields, expected) in MADE.items()
    for field in fields
    for number, value in enumerate(VALUES)
]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "slice.brw"


@pytest.mark.parametrize(("make", "field", "value", "expected"), CASES)
def test_forged_numbers(path, make: Callable[[], OldFile], field, value, expected):
    intact = only(make().write(path.with_name("intact.brw")))
    make().write(path)
    field.forge(path, value)
    if isinstance(expected, Refused):
        refused(path, expected.said, expected.kind)
        return
    (found,) = outcome(path)
    left = set(intact.electrodes["well"]) - {expected.lost}
    assert set(found.electrodes["well"]) == left
    new = [said for said in found.problems if said not in intact.problems]
    assert new == ([expected.said] if expected.said else [])
    n_spikes = 0 if intact.trains is None or expected.lost == "A1" else intact.trains.n_spikes
    assert (0 if found.trains is None else found.trains.n_spikes) == (
        n_spikes if expected.n_spikes is None else expected.n_spikes
    )
    if intact.signal is not None:
        assert found.signal.sampling_rate == RATE
        for well in left:
            before = intact.signal.read(0, 200, columns_of(intact, well)).astype(float)
            kept = before != 0
            now = found.signal.read(0, 200, columns_of(found, well))
            close(now[kept], (before * expected.gain + expected.shift)[kept])
            np.testing.assert_array_equal(now[~kept], 0)
