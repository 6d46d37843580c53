"""Flat HDF5 files of spike trains: real ones, small ones built here, and damaged ones."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mnephys.errors import CorruptHeaderError, ReadError, TruncatedFileError, UnsupportedFormatError
from mnephys.readers.binary import open_binary
from mnephys.readers.sniff import Format, recognise
from mnephys.readers.spike_trains.reading import read_spike_train_hdf5
from mnephys.recording import LAYOUTS, DurationSource, PlateRecording

REAL = "mea/spike_trains_hdf5"
CO, ON = f"{REAL}/CO_20140212_MW1007-51", f"{REAL}/ON_20140507_MW1007-103"
WELLS = np.array([well.encode() for well in LAYOUTS["48-well"].wells])

#: What a small file of this kind holds: three electrodes of a plate with 48 wells.
SMALL: Mapping[str, Any] = {
    "spikes": np.array([103.5, 110.25, 102.0, 190.0, 200.5, 150.0]),
    "sCount": np.array([2, 3, 1], dtype=np.int32),
    "names": np.array([b"A1_21", b"B2_11", b"F8_44"]),
    "epos": np.array([[200.0, 1000.0, 7600.0], [5000.0, 4000.0, 600.0]]),
    "array": np.array([b"Axion 48 well"]),
    "well": WELLS,
    "treatment": np.array([b"control"] * 47 + [b"TTX"]),
    "dose": np.array([b"0"] * 46 + [b"NA", b"0.3"]),
    "size": np.array([b"NA"] * 48),
    "units": np.array([b"uM"] * 48),
}


def built(path: Path, *, without: tuple[str, ...] = (), **changed: Any) -> Path:
    """Write a small file; a changed name may stand in a group (``meta__age``)."""
    with h5py.File(path, "w") as file:
        for name, values in {**SMALL, **changed}.items():
            if name not in without:
                packed = {"compression": "gzip"} if np.ndim(values) else {}
                file.create_dataset(name.replace("__", "/"), data=values, **packed)
    return path


def read(path: Path) -> PlateRecording:
    with open_binary(path) as file:
        return read_spike_train_hdf5(file)


def trains_of(recording: PlateRecording) -> dict[str, list[float]]:
    """Return the electrodes that fired, by name."""
    names = [f"{well}_{label}" for well, label in recording.electrodes[["well", "label"]].tolist()]
    times, offsets = recording.trains.times, recording.trains.offsets
    pairs = zip(names, offsets[:-1], offsets[1:], strict=True)
    return {name: times[begin:end].tolist() for name, begin, end in pairs if end > begin}


@pytest.fixture
def small(tmp_path: Path) -> Any:
    """Read a small file with some datasets changed or missing."""
    return lambda **changed: read(built(tmp_path / "plate.h5", **changed))


# --- real files ---


@pytest.mark.parametrize(
    ("name", "n_spikes", "n_firing", "start", "stop"),
    [
        (f"{CO}_DIV02", 18, 13, 228.84288, 295.34392),
        (f"{CO}_DIV05", 53_081, 256, 165.768, 1154.47408),
        (f"{CO}_DIV12", 696_637, 731, 164.24688, 1124.9932),
        (f"{ON}_DIV02", 1, 1, 136.18248, 136.18248),
        (f"{ON}_DIV12", 583_078, 731, 181.83896, 1085.49176),
        (f"{ON}_DIV20", 1_032_785, 682, 180.01624, 1162.24592),
    ],
)
def test_real_plates(data, name, n_spikes, n_firing, start, stop):
    path = data(f"{name}_00_001.h5")
    assert recognise(path, path.read_bytes()[:8]) is Format.SPIKE_TRAINS
    recording = read(path)
    assert (recording.layout.name, recording.electrodes.size) == ("48-well", 768)
    assert (recording.trains.n_spikes, int((recording.trains.counts > 0).sum())) == (n_spikes, n_firing)
    assert (recording.trains.start, recording.trains.stop) == (start, stop)
    assert recording.duration_source is DurationSource.SPIKES
    assert recording.problems == ()
    assert recording.well_problems == {}
    assert set(recording.well_facts) == set(LAYOUTS["48-well"].wells)
    assert recording.well_facts["F8"] == {"treatment": "control", "dose": "0", "dose_unit": "uM", "control": "yes"}
    assert recording.metadata["array"] == "Axion 48 well"
    assert (recording.provenance.path, recording.provenance.size) == (str(path), path.stat().st_size)


@pytest.mark.parametrize("name", [f"{CO}_DIV07", f"{ON}_DIV09"])
def test_every_train_and_place_is_that_of_the_file(data, name):
    path = data(f"{name}_00_001.h5")
    recording = read(path)
    expected, places, begin = {}, {}, 0
    with h5py.File(path, "r") as file:
        spikes, positions = file["spikes"][()].tolist(), file["epos"][()]
        for row, (electrode, count) in enumerate(zip(file["names"][()], file["sCount"][()], strict=True)):
            expected[electrode.decode()] = spikes[begin : begin + count]
            places[electrode.decode()] = tuple(positions[:, row])
            begin += count
    assert trains_of(recording) == expected
    for well, label, x, y in recording.electrodes[["well", "label", "x", "y"]].tolist():
        assert places.get(f"{well}_{label}", (x, y)) == (x, y)
        assert np.isnan(x) == (f"{well}_{label}" not in places)


def test_the_largest_file_takes_a_moment(data):
    path = data(f"{ON}_DIV20_00_001.h5")
    taken = []
    for _ in range(3):
        begin = time.perf_counter()
        read(path)
        taken.append(time.perf_counter() - begin)
    # About 0.05 s on an idle machine.
    assert min(taken) < 0.5


# --- small files ---


def test_a_small_plate(small):
    recording = small()
    assert trains_of(recording) == {"A1_21": [103.5, 110.25], "B2_11": [102.0, 190.0, 200.5], "F8_44": [150.0]}
    assert (recording.trains.start, recording.trains.stop, recording.problems) == (102.0, 200.5, ())
    assert recording.well_facts["F7"] == {"treatment": "control", "control": "yes"}
    assert recording.well_facts["F8"] == {"treatment": "TTX", "dose": "0.3", "dose_unit": "uM"}
    assert recording.electrodes["x"][-1] == 7600.0


def test_the_order_of_the_file_plays_no_part(small):
    recording = small(
        spikes=np.array([150.0, 102.0, 190.0, 200.5, 103.5, 110.25]),
        sCount=np.array([1, 3, 0, 2]),
        names=np.array([b"F8_44", b"B2_11", b"C1_11", b"A1_21"]),
        without=("epos",),
    )
    assert trains_of(recording) == trains_of(small())
    assert np.isnan(recording.electrodes["x"]).all()
    assert recording.problems == ()


ELECTRODES = [f"{well}_{label}" for well in ("A1", "A2", "B1", "D6") for label in ("11", "24", "44")]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    trains=st.lists(
        st.tuples(st.sampled_from(ELECTRODES), st.lists(st.integers(-200, 10_000_000), max_size=8)), max_size=12
    )
)
def test_any_order_and_any_repetition_gives_the_same_as_a_plain_loop(trains, tmp_path):
    expected: dict[str, set[float]] = {}
    for name, ticks in trains:
        expected.setdefault(name, set()).update(tick / 12_500 for tick in ticks)
    path = built(
        tmp_path / "plate.h5",
        spikes=np.array([tick / 12_500 for _, ticks in trains for tick in ticks]),
        sCount=np.array([len(ticks) for _, ticks in trains], dtype=np.int32),
        names=np.array([name for name, _ in trains], dtype="S5"),
        array=np.array([b"24 well"]),
        without=("epos", "well", "treatment", "dose", "size", "units"),
    )
    recording = read(path)
    assert trains_of(recording) == {name: sorted(times) for name, times in expected.items() if times}
    assert recording.trains.n_trains == 24 * 16
    text = " ".join(recording.problems)
    for name, ticks in trains:
        alone = [other for other, _ in trains].count(name) == 1
        shown = name in text or "more" in text
        assert shown or not alone or (len(set(ticks)) == len(ticks) and sorted(ticks) == ticks)


@pytest.mark.parametrize("dtype", ["<f8", ">f8", "<f4"])
@pytest.mark.parametrize("counts", ["<i4", ">i8", "u1", "<f8"])
def test_standard_types_in_either_byte_order(small, dtype, counts):
    recording = small(spikes=SMALL["spikes"].astype(dtype), sCount=SMALL["sCount"].astype(counts))
    assert trains_of(recording) == trains_of(small())


def test_texts_of_variable_length_and_single_values(tmp_path):
    path = built(tmp_path / "plate.h5", without=("names", "array", "treatment"))
    with h5py.File(path, "a") as file:
        file["names"] = ["A1_21", "B2_11", "F8_44"]
        file["array"] = "Axion 48 well"
        file["treatment"] = ["", *["\N{GREEK SMALL LETTER MU}"] * 47]
    recording = read(path)
    assert (recording.layout.name, recording.problems) == ("48-well", ())
    assert set(trains_of(recording)) == {"A1_21", "B2_11", "F8_44"}
    assert recording.well_facts["A1"] == {"dose": "0", "dose_unit": "uM"}
    assert recording.well_facts["B1"]["treatment"] == "\N{GREEK SMALL LETTER MU}"


def test_no_spike_at_all(small):
    recording = small(spikes=np.zeros(0), sCount=np.zeros(0, np.int32), names=np.zeros(0, "S6"), epos=np.zeros((2, 0)))
    assert (recording.trains.n_spikes, recording.electrodes.size, recording.problems) == (0, 768, ())
    assert (recording.trains.start, recording.trains.stop) == (0.0, 0.0)
    silent = small(spikes=np.zeros(0), sCount=np.zeros(3, np.int32), recordingtime=np.array([100.0, 1000.0]))
    assert (silent.duration, silent.duration_source, silent.problems) == (900.0, DurationSource.STATED, ())


@pytest.mark.parametrize("array", [b"Maestro 96-well", b"Axion 12 well", b"24-Well Lumos"])
def test_the_plate_is_the_one_that_the_file_names(small, array):
    recording = small(array=np.array([array]), names=np.array([b"A1_11", b"A2_22", b"B3_33"]), without=("well",))
    assert recording.layout.name.split("-")[0] in array.decode()
    assert len(trains_of(recording)) == 3


def test_without_a_name_the_plate_is_the_likeliest_that_fits(small):
    recording = small(without=("array",))
    assert recording.layout.name == "48-well"
    (sentence,) = recording.problems
    assert sentence.startswith("The file does not say which plate it is of; the 48-well plate is the likeliest")
    assert small(without=("array", "well", "treatment", "dose", "units")).layout.name == "48-well"
    names = np.array([b"A1_11", b"B2_12", b"D6_44"])
    assert small(names=names, without=("array",)).layout.name == "48-well"
    assert small(names=names, without=("array", "well")).layout.name == "24-well"
    wide = small(array=np.array([b"Axion 384 well"]), names=np.array([b"A1_11", b"B2_12", b"H12_33"]))
    assert wide.layout.name == "96-well"
    assert wide.problems[0].startswith("The plate Axion 384 well is not known; the 96-well plate")


# --- how long it lasted ---


@pytest.mark.parametrize(
    ("stated", "start", "stop"),
    [
        ({"recordingtime": np.array([100.0, 1000.0])}, 100.0, 1000.0),
        ({"recordingtime": np.array([[100], [1000]])}, 100.0, 1000.0),
        ({"recordingtime": np.array([900.0])}, 0.0, 900.0),
        ({"summary__duration": 900.0}, 0.0, 900.0),
        # Shorter than the last time, longer than from first to last: it counts from the first spike.
        ({"summary__duration": np.array([150])}, 102.0, 252.0),
        # Less than a sample short.
        ({"summary__duration": 98.49995}, 102.0, 200.5),
        ({"recordingtime": np.array([102.0004, 200.4996])}, 102.0, 200.5),
        ({"recordingtime": np.array([0.0, 1.0]), "summary__duration": 900.0}, 0.0, 900.0),
    ],
)
def test_a_stated_duration(small, stated, start, stop):
    recording = small(**stated)
    assert recording.duration_source is DurationSource.STATED
    assert (recording.trains.start, recording.trains.stop) == (start, stop)
    assert len(recording.problems) == len(stated) - 1


@pytest.mark.parametrize(
    ("stated", "said"),
    [
        ({"summary__duration": 15.0}, "summary/duration states 15 s, the spikes lie at 102 to 200.5 s"),
        ({"summary__duration": -900.0}, "summary/duration states -900 s"),
        ({"summary__duration": np.nan}, "summary/duration states nan s"),
        ({"summary__duration": 900_000.0}, "summary/duration states 900000 s"),
        ({"summary__duration": 9e8}, "summary/duration states 9e+08 s"),
        ({"recordingtime": np.array([110.0, 1000.0])}, "recordingtime states 110 to 1000 s"),
        ({"recordingtime": np.array([1000.0, 100.0])}, "recordingtime states 1000 to 100 s"),
        ({"recordingtime": np.arange(50.0)}, "recordingtime states 0 to 1 to 2 s"),
        ({"recordingtime": np.zeros(0)}, "recordingtime states no number s"),
        ({"recordingtime": np.array([b"15 min"])}, "recordingtime states no number s"),
    ],
)
def test_a_duration_that_cannot_be_true(small, stated, said):
    recording = small(**stated)
    assert recording.duration_source is DurationSource.SPIKES
    assert (recording.trains.start, recording.trains.stop) == (102.0, 200.5)
    (sentence,) = recording.problems
    assert sentence.startswith(f"Dataset {said}")
    assert sentence.endswith("it was not used.")


def test_what_is_said_of_the_culture(small):
    recording = small(meta__age=np.array([14.0]), meta__species=np.array([b"rat "]), meta__region=np.array([b"NA"]))
    assert recording.metadata == {"array": "Axion 48 well", "age": 14.0, "species": "rat"}
    sizes = small(size=np.array([b"3"] * 48))
    assert sizes.metadata["size"] == ["3"] * 48


# --- what was done to the wells ---


def test_wells_named_twice(small):
    # Seen in a published file: A1 and A2 stand there twice, everything beside them too.
    doubled = {name: np.concatenate([SMALL[name][:2], SMALL[name]]) for name in ("well", "treatment", "dose", "units")}
    recording = small(**doubled)
    assert (recording.problems, recording.well_facts) == ((), small().well_facts)
    doubled["dose"][0] = b"10"
    recording = small(**doubled)
    assert recording.problems == ("Dataset well holds A1 with different facts; they were left out.",)
    assert set(recording.well_facts) == set(LAYOUTS["48-well"].wells) - {"A1"}


def test_without_names_of_the_wells(small):
    same = {"treatment": np.array([b"control"] * 48), "dose": np.array([b"0"] * 48)}
    assert small(**same, without=("well",)).well_facts == small(**same).well_facts
    recording = small(without=("well",))
    assert recording.well_facts == {}
    (sentence,) = recording.problems
    assert sentence.startswith("There is no dataset well that says to which wells treatment, dose, units belong")


def test_facts_that_do_not_fit(small):
    recording = small(dose=np.array([b"0"] * 47))
    assert recording.well_facts == {}
    assert recording.problems == (
        "Dataset well holds 48 wells, treatment, dose, units hold 48, 47, 48 values; they were left out.",
    )
    strange = WELLS.astype("S3")
    strange[:2] = b"K1", b"a02"
    recording = small(well=strange)
    assert recording.problems == ("A 48-well plate has no well K1; what is said of it was left out.",)
    assert set(recording.well_facts) == set(LAYOUTS["48-well"].wells) - {"A1"}


def test_numbers_for_doses_and_capitals_for_names(small):
    recording = small(dose=np.array([np.nan, 0.1, 30.0] + [0.0] * 45))
    assert [recording.well_facts[well].get("dose") for well in ("A1", "A2", "A3", "A4")] == [None, "0.1", "30", "0"]
    renamed = {name.capitalize(): SMALL[name] for name in ("well", "treatment", "dose", "units")}
    assert small(**renamed, without=tuple(name.lower() for name in renamed)).well_facts == small().well_facts


# --- what is not as it should be, and can be read all the same ---


def test_times_that_are_not_in_order(small):
    recording = small(spikes=np.array([103.5, 110.25, 190.0, 102.0, 200.5, 150.0]))
    assert trains_of(recording) == trains_of(small())
    assert recording.problems == ("Dataset spikes: the times of B2_11 are not in order; they were sorted.",)


def test_times_that_stand_there_twice(small):
    recording = small(spikes=np.array([103.5, 103.5, 102.0, 102.0, 102.0, 102.0]))
    assert trains_of(recording) == {"A1_21": [103.5], "B2_11": [102.0], "F8_44": [102.0]}
    assert recording.problems == (
        "Dataset spikes: 3 times of A1_21 and B2_11 stand there again; each was counted once.",
    )


def test_an_electrode_that_is_named_twice(small):
    recording = small(names=np.array([b"B2_11", b"B2_11", b"F8_44"]))
    assert trains_of(recording) == {"B2_11": [102.0, 103.5, 110.25, 190.0, 200.5], "F8_44": [150.0]}
    assert recording.problems == (
        "Dataset names holds B2_11 more than once; the spikes are taken together, equal times once.",
    )


def test_names_that_are_no_electrodes(small):
    recording = small(names=np.array([b"A1_21", b"ch_12_unit_0\n", b"F8_44"]))
    assert trains_of(recording) == {"A1_21": [103.5, 110.25], "F8_44": [150.0]}
    assert recording.problems == ("Dataset names holds 'ch_12_unit_0', not called like A1_11; left out with 3 spikes.",)


def test_a_well_and_an_electrode_that_the_plate_does_not_have(small):
    recording = small(names=np.array([b"K1_11", b"A1_88", b"A1_44"]))
    assert trains_of(recording) == {"A1_44": [150.0]}
    assert recording.problems == (
        "A 48-well plate has no well K1; its electrodes were left out, with 2 spikes.",
        "A well of a 48-well plate has no electrode like A1_88; left out with 3 spikes.",
    )
    assert recording.well_problems == {"A1": "3 of 4 spikes could not be read"}


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 1e300, -3e7])
def test_times_that_cannot_be_true(small, bad):
    spikes = np.concatenate([np.arange(100.0, 400.0), [bad], np.arange(100.0, 150.0), [bad, 120.0]])
    recording = small(spikes=spikes, sCount=np.array([301, 51, 1]))
    assert [len(times) for times in trains_of(recording).values()] == [300, 50, 1]
    assert recording.problems == (
        f"Dataset spikes: 2 times of A1_21 and B2_11 cannot be true (first {bad:g} s); left out.",
    )
    # One of 301 can be overlooked, one of 51 cannot.
    assert recording.well_problems == {"B2": "1 of 51 spikes could not be read"}


def test_positions_that_cannot_be_used(small):
    for epos in (np.zeros((2, 5)), np.array([b"a", b"b"]), np.zeros(3)):
        recording = small(epos=epos)
        assert np.isnan(recording.electrodes["x"]).all()
        assert recording.problems[0].startswith("Dataset epos holds values of type")
    recording = small(epos=np.array([[0.0, np.nan, 1e12], [0.0, 0.0, 0.0]]))
    assert np.isfinite(recording.electrodes["x"]).sum() == 1
    assert recording.problems == (
        "Dataset epos places 2 electrodes where no plate reaches; these positions were left out.",
    )
    turned = small(epos=SMALL["epos"].T)
    np.testing.assert_array_equal(turned.electrodes["y"], small().electrodes["y"])


# --- what cannot be read ---


@pytest.mark.parametrize("name", ["spikes", "sCount", "names"])
def test_a_dataset_that_is_missing(tmp_path, name):
    path = built(tmp_path / "plate.h5", without=(name,))
    assert recognise(path, path.read_bytes()[:8]) is None
    with pytest.raises(CorruptHeaderError, match=rf"plate\.h5: has no dataset {name}; export it again"):
        read(path)


@pytest.mark.parametrize("name", sorted(set(SMALL) - {"spikes", "sCount", "names"}))
def test_datasets_that_may_be_missing_or_wrong(small, name):
    assert trains_of(small(without=(name,))) == trains_of(small())
    compound = np.zeros(3, dtype=[("a", "<f8"), ("b", "S3")])
    for wrong in (
        compound,
        np.array([True, False]),
        np.array([1j]),
        h5py.Empty("f8"),
        np.zeros((1, 1, 1)),
        np.zeros(0),
    ):
        recording = small(**{name: wrong})
        assert trains_of(recording) == trains_of(small())
        assert all("\n" not in sentence for sentence in recording.problems)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"spikes": np.arange(6)}, "dataset spikes holds values of type int64, not times in s"),
        ({"spikes": np.array([b"1"] * 6)}, r"dataset spikes holds values of type \|S1, not times in s"),
        ({"spikes": np.arange(6.0).reshape(2, 3)}, r"dataset spikes has the shape \(2, 3\), not one column"),
        ({"spikes": np.arange(5.0)}, "dataset sCount counts 6 spikes, dataset spikes holds 5"),
        ({"spikes": np.zeros(0)}, "dataset sCount counts 6 spikes, dataset spikes holds 0"),
        ({"spikes": np.arange(6.0) + 1j}, "dataset spikes holds neither numbers nor texts"),
        ({"spikes": h5py.Empty("f8")}, "dataset spikes holds no values"),
        ({"sCount": np.array([2, 3])}, "dataset sCount holds 2 counts, dataset names 3 names"),
        ({"sCount": np.array([2, 3, 2])}, "dataset sCount counts 7 spikes, dataset spikes holds 6"),
        ({"sCount": np.array([2, 5, -1])}, "dataset sCount states -1 spikes of F8_44"),
        ({"sCount": np.array([2.5, 2.5, 1.0])}, r"dataset sCount states 2\.5 spikes of A1_21"),
        ({"sCount": np.array([np.nan, 3, 3])}, "dataset sCount states nan spikes of A1_21"),
        ({"sCount": np.array([np.inf, 3, 3])}, "dataset sCount counts inf spikes"),
        ({"sCount": np.array([2**63, 2**63, 6], dtype=np.uint64)}, "dataset sCount counts 1.84467440737096e"),
        ({"sCount": np.array([b"2", b"3", b"1"])}, r"dataset sCount holds values of type \|S1, not counts"),
        ({"names": np.array([1.0, 2.0, 3.0])}, "dataset names holds values of type float64, not names"),
        ({"names": np.array([b"A1_11", b"A1_12"])}, "dataset sCount holds 3 counts, dataset names 2 names"),
    ],
)
def test_a_dataset_that_is_wrong(small, changed, said):
    with pytest.raises(CorruptHeaderError, match=said) as caught:
        small(**changed, without=("epos",))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"names": np.array([b"ch_12", b"ch_13", b"ch_14"])}, r"none of its 3 electrodes \(ch_12, ch_13 and ch_14\)"),
        ({"names": np.array([b"K1_11", b"K1_12", b"K1_13"])}, "none of its 3 electrodes .* is one of a 48-well plate"),
        (
            {"names": np.array([b"K1_11", b"K1_12", b"K1_13"]), "without": ("array", "well")},
            r"is of no plate that is known \(6-well, 12-well, 24-well, 48-well, 96-well\)",
        ),
    ],
)
def test_recordings_of_something_else(small, changed, said):
    with pytest.raises(UnsupportedFormatError, match=said):
        small(**changed)


def test_what_is_no_such_file(tmp_path, data):
    path = tmp_path / "plate.h5"
    for content in (b"", b"Name,Value\n1,A1_11\n"):
        assert recognise(path, content) is None
    for content in (b"\x89HDF\r\n\x1a\n", b"\x89HDF\r\n\x1a\n" + bytes(5000)):
        path.write_bytes(content)
        with pytest.raises(ReadError):
            recognise(path, content)
    other = data("mea/exports/mcs_standard_500hz.h5")
    assert recognise(other, other.read_bytes()[:8]) is Format.MCS


# --- damage ---


def outcome(path: Path) -> PlateRecording | ReadError:
    """Read a damaged file; anything but a plausible plate or a typed, one-line error within 2 s is a failure."""
    begin = time.perf_counter()
    with contextlib.suppress(ReadError):
        recognise(path, path.read_bytes()[:8])
    try:
        found: PlateRecording | ReadError = read(path)
    except ReadError as error:
        found = error
    assert time.perf_counter() - begin < 2
    if isinstance(found, ReadError):
        assert "\n" not in str(found)
        assert str(path) in str(found)
    else:
        assert np.isfinite(found.trains.times).all()
        assert all(sentence.isprintable() for sentence in found.problems)
    return found


@pytest.fixture(params=["real", "plain", "small"])
def whole(request, tmp_path, data) -> Path:
    if request.param == "real":
        path = tmp_path / "real.h5"
        path.write_bytes(data(f"{CO}_DIV02_00_001.h5").read_bytes())
        return path
    if request.param == "small":
        return built(tmp_path / "small.h5")
    with h5py.File(tmp_path / "plain.h5", "w", libver="latest") as file:
        for name, values in SMALL.items():
            file[name] = values.astype(str).tolist() if values.dtype.kind == "S" else values
    return tmp_path / "plain.h5"


def test_cut_at_many_places(whole):
    content = whole.read_bytes()
    complete = trains_of(read(whole))
    for length in sorted({*range(1, len(content), len(content) // 60), 2048, len(content) - 1}):
        whole.write_bytes(content[:length])
        found = outcome(whole)
        if isinstance(found, ReadError):
            assert isinstance(found, TruncatedFileError | CorruptHeaderError)
        else:
            assert trains_of(found) == complete
    whole.write_bytes(content[:-1])
    assert isinstance(outcome(whole), TruncatedFileError)


def test_random_bytes_changed(whole):
    content = whole.read_bytes()
    telling = [position for position, byte in enumerate(content) if byte]
    generator = np.random.default_rng(5)
    kinds = []
    for _ in range(400):
        damaged = bytearray(content)
        for position in generator.choice(telling, size=generator.integers(1, 6)).tolist():
            damaged[position] = int(generator.choice([0, 1, 255, damaged[position] ^ 4, generator.integers(256)]))
        whole.write_bytes(damaged)
        kinds.append(isinstance(outcome(whole), ReadError))
    assert 0.1 < np.mean(kinds) < 0.95


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(edits=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), min_size=1, max_size=40))
def test_many_bytes_changed(whole, edits):
    content = whole.read_bytes()
    damaged = bytearray(content)
    for place, value in edits:
        damaged[int(place * len(content))] = value
    whole.write_bytes(damaged)
    try:
        outcome(whole)
    finally:
        whole.write_bytes(content)
