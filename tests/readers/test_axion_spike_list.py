"""Spike lists, built here and real."""

from __future__ import annotations

import numpy as np
import pytest
from readers.axion_exports import FOOTER, REAL, SPIKES, TITLES, csv_of, many

from mnephys.errors import CorruptHeaderError
from mnephys.readers.axion_csv.spike_list import is_spike_list, read_spike_list
from mnephys.readers.binary import open_binary
from mnephys.recording import LAYOUTS, SIMULATED_COMMENT, DurationSource, PlateRecording
from mnephys.simulate.spike_list_writer import spike_list_bytes


@pytest.fixture
def read(written):
    def reader(content: bytes) -> PlateRecording:
        with open_binary(written(content, "plate.csv")) as file:
            return read_spike_list(file)

    return reader


@pytest.fixture
def real(data):
    with open_binary(data(REAL)) as file:
        return read_spike_list(file)


def train(recording: PlateRecording, name: str) -> list[float]:
    names = [f"{well}_{label}" for well, label in recording.electrodes[["well", "label"]].tolist()]
    i = names.index(name)
    return recording.trains.times[recording.trains.offsets[i] : recording.trains.offsets[i + 1]].tolist()


# --- what a spike list is ---


@pytest.mark.parametrize(
    ("head", "answer"),
    [
        (b"Investigator,,Time (s),Electrode,Amplitude(mV)\r\nExperiment ID,,0.01,D3_31,0.09", True),
        (b"\xef\xbb\xbfInvestigator,,Time (s),Electrode,Amplitude (mV)", True),
        (b"Time (s),Electrode\n0.1,A1_11", True),
        (b"Investigator;;Time (s);Electrode;Amplitude(mV)", True),
        (b"Notes\nInvestigator,,Time (s),Electrode,Amplitude(mV)", True),
        (b"Investigator,,Time (s),Channel,Amplitude(mV)", True),
        (b"Investigator,Ann,Time (s),Electrode,Size (spikes),Duration (s)\n", False),
        (b"Investigator,,Time (s),Well,Size (spikes),Duration (s)\n", False),
        (b"AxIS Spike File,C:\\plate.spk\nFile Type,24-well", False),
        (b"recording,plate,well\na.csv,p,A1", False),
        (b"ABF2\0\0\0\0", False),
        (b"", False),
    ],
)
def test_a_spike_list_is_known_by_its_titles(head, answer):
    assert is_spike_list(head) is answer


def test_real_exports_are_told_apart(data):
    folder = data("mea/exports")
    found = {path.name: is_spike_list(path.read_bytes()[:4096]) for path in folder.iterdir()}
    assert [name for name, answer in found.items() if answer] == ["axis_DIV3_spike_list.csv"]


# --- what is read ---


def test_spikes_of_each_electrode(read):
    recording = read(csv_of())
    assert recording.layout.name == "24-well"
    assert recording.electrodes.size == 384
    assert train(recording, "A1_11") == [0.1, 1.5]
    assert train(recording, "D6_44") == [0.30008]
    assert recording.trains.counts.sum() == 4
    assert recording.trains.amplitudes == pytest.approx([50, 80, 60, 70])
    assert (recording.trains.start, recording.trains.stop) == (0.0, 60.0)
    assert recording.duration_source is DurationSource.STATED
    assert recording.problems == ()
    assert recording.well_problems == {}
    assert recording.provenance.format == "Axion spike list CSV"
    assert recording.provenance.format_version == "3.6.2.2"
    assert recording.provenance.reader == "mnephys.readers.axion_csv.spike_list"
    assert len(recording.provenance.sha256) == 64
    assert recording.metadata["sampling_rate"] == 12500.0
    assert recording.metadata["settings"]["Maestro Settings"]["Plate Type"] == "CytoView MEA 24"
    assert recording.metadata["comment"] == "E1"


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\r\r\n"])
def test_line_ends_and_a_byte_order_mark_change_nothing(read, end):
    recording = read(b"\xef\xbb\xbf" + csv_of(end=end))
    assert train(recording, "A1_11") == [0.1, 1.5]
    assert recording.problems == ()


@pytest.mark.parametrize("end", ["\n", "\r", "\r\r\n"])
def test_the_footer_may_have_line_ends_of_its_own(read, end):
    recording = read(csv_of(footer=FOOTER.replace("\r\n", end)))
    assert recording.well_facts == read(csv_of(footer=FOOTER)).well_facts
    assert recording.well_facts["A2"]["note"] == "45K cells"
    assert recording.trains.n_spikes == 4
    assert recording.problems == ()


def test_a_semicolon_comes_with_a_decimal_comma(read):
    spikes = [(t.replace(".", ","), e, a.replace(".", ",")) for t, e, a in SPIKES]
    recording = read(csv_of(spikes, delimiter=";"))
    assert train(recording, "D6_44") == [0.30008]
    assert recording.trains.amplitudes == pytest.approx([50, 80, 60, 70])


def test_columns_are_found_by_title_and_amplitudes_are_optional(read):
    spikes = [(e, "x", t) for t, e, _ in SPIKES]
    recording = read(csv_of(spikes, titles=("Electrode", "Other", "Time (s)")))
    assert train(recording, "A1_11") == [0.1, 1.5]
    assert recording.trains.amplitudes is None
    assert recording.problems == ()


@pytest.mark.parametrize(
    ("title", "expected"), [("Amplitude (mV)", 50), ("Amplitude (uV)", 0.05), ("Amplitude(µV)", 0.05)]
)
def test_amplitudes_are_in_microvolt(read, title, expected):
    recording = read(csv_of(titles=(*TITLES[:2], title)))
    assert recording.trains.amplitudes[0] == pytest.approx(expected)


def test_an_unknown_unit_of_amplitudes_is_not_guessed(read):
    recording = read(csv_of(titles=(*TITLES[:2], "Amplitude (counts)")))
    assert recording.trains.amplitudes is None
    assert "the unit of the amplitudes is not known" in recording.problems[0]


def test_without_a_side_panel_the_plate_is_the_likeliest_that_fits(read):
    recording = read(csv_of([*SPIKES, ("2", "F8_44", "0.1")], panel={}))
    assert recording.layout.name == "48-well"
    assert recording.problems[0] == (
        "the file names no plate type: a 48-well plate is the likeliest that has its wells and electrodes"
    )
    assert recording.duration_source is DurationSource.SPIKES
    assert not recording.layout_stated
    assert read(csv_of()).layout_stated


def test_few_electrodes_are_not_taken_for_a_plate_of_64_a_well(read):
    few = [("1", "A1_11", "0.1"), ("2", "A2_22", "0.1"), ("3", "B3_33", "0.1")]
    assert read(csv_of(few, panel={})).layout.name == "24-well"
    assert read(csv_of([*few, ("4", "A1_88", "0.1")], panel={})).layout.name == "6-well"


def test_one_row_that_no_plate_has_does_not_decide_the_plate(read):
    recording = read(csv_of([*SPIKES, ("2", "Z99_99", "0.1")], panel={}))
    assert recording.layout.name == "24-well"
    assert "left out: 1 row" in recording.problems[1]


def test_a_plate_type_that_is_unknown_is_said(read):
    recording = read(csv_of(**{"   Plate Type": "Netri Pro"}))
    assert recording.layout.name == "24-well"
    assert recording.problems == (
        "the plate type 'Netri Pro' is not known: a 24-well plate is the likeliest that has its wells and electrodes",
    )


def test_a_plate_that_nothing_names_is_refused(read):
    with pytest.raises(CorruptHeaderError, match="names no plate type, and no row shows which it is"):
        read(csv_of([], **{"   Plate Type": None}))


def test_the_footer_names_the_plate_of_a_silent_file(read):
    footer = f"\r\nWell Information\r\nWell,{','.join(LAYOUTS['48-well'].wells)}\r\n"
    recording = read(csv_of([], footer=footer, **{"   Plate Type": None}))
    assert recording.layout.name == "48-well"


def test_the_footer_says_what_is_in_each_well(read):
    recording = read(csv_of(footer=FOOTER))
    assert train(recording, "A1_11") == [0.1, 1.5]
    assert recording.well_facts == {
        "A1": {"active": "yes", "control": "no", "treatment": "CAP", "dose": "100", "dose_unit": "nM"},
        "A2": {"active": "yes", "control": "yes", "note": "45K cells"},
    }
    assert recording.problems == ()


def test_a_description_may_have_several_lines_and_rows_keep_their_numbers(read):
    content = csv_of(Description='"first\r\n\r\nthird, with comma"').replace(b"1.5,A1_11", b"1.5,A1_99")
    recording = read(content)
    assert recording.metadata["comment"] == "first third, with comma"
    # The description stands in lines 3 to 5, so that the fourth spike is in line 7.
    line = 1 + content.split(b"\r\n").index(b"Maestro Settings,,1.5,A1_99,0.08")
    assert line == 7
    assert f"the first is row {line} (well A1), 'A1_99'" in recording.problems[0]


def test_quotes_around_every_cell_change_nothing(read):
    quoted = b"\r\n".join(
        b",".join(b'"' + cell + b'"' for cell in line.split(b",")) for line in csv_of().strip().split(b"\r\n")
    )
    recording = read(quoted + b"\r\n")
    assert train(recording, "A1_11") == [0.1, 1.5]
    assert recording.problems == ()


def test_a_quote_that_is_never_closed_costs_no_spike(read):
    recording = read(csv_of(Description='"not closed'))
    assert recording.trains.n_spikes == 4
    assert "row 3: a quote is opened and never closed" in recording.problems[0]


@pytest.mark.parametrize("key", ["Description", "Experiment ID"])
def test_a_simulated_recording_says_so(read, key):
    recording = read(csv_of(**{key: f"plate 3: {SIMULATED_COMMENT}"}))
    assert recording.metadata["comment"] == SIMULATED_COMMENT


def test_text_in_another_encoding_is_said(read):
    recording = read(csv_of(Description="10 µM").decode().encode("cp1252"))
    assert recording.metadata["comment"] == "10 µM"
    assert "line 3 is not UTF-8" in recording.problems[0]


# --- duration ---


def test_a_file_that_states_none_lasts_from_spike_to_spike(read):
    recording = read(csv_of(**{"Actual File Section Run": None}))
    assert recording.duration_source is DurationSource.SPIKES
    assert (recording.trains.start, recording.trains.stop) == (0.1, 1.5)
    assert recording.problems == ()


def test_a_section_may_start_later(read):
    spikes = [("119.9", "A1_11", "1"), ("120", "A1_11", "1"), ("719.9", "A1_12", "1"), ("720.5", "B1_12", "1")]
    recording = read(csv_of(spikes, **{"Actual File Section Run": "2m0s to 12m0s"}))
    assert (recording.trains.start, recording.trains.stop, recording.duration) == (120.0, 720.0, 600.0)
    assert recording.trains.n_spikes == 2
    assert recording.problems == (
        "not counted: 2 spikes outside the stated 120 to 720 s; the first is row 2 (well A1)",
    )


def test_times_may_count_from_the_start_of_a_longer_file(read):
    spikes = [(f"{1620 + i / 10}", "A1_11", "1") for i in range(20)]
    recording = read(csv_of(spikes, **{"Recording Offset from File Start": "27m0s"}))
    assert (recording.trains.start, recording.trains.stop) == (1620.0, 1680.0)
    assert recording.trains.n_spikes == 20
    assert recording.problems == ("spike times count from the start of the file, 1620 s before that of the recording",)


def test_an_offset_changes_nothing_where_times_count_from_the_recording(read):
    recording = read(csv_of(**{"Recording Offset from File Start": "27m0s"}))
    assert (recording.trains.start, recording.trains.stop) == (0.0, 60.0)
    assert recording.problems == ()


@pytest.mark.parametrize("section", ["all", "1m0s to 0s", "0s to never"])
def test_a_section_that_cannot_be_read_states_nothing(read, section):
    recording = read(csv_of(**{"Actual File Section Run": section}))
    assert recording.duration_source is DurationSource.SPIKES
    assert recording.problems == (f"the file section '{section}' says no duration",)


def test_a_stated_duration_that_the_spikes_contradict_is_not_believed(read):
    recording = read(csv_of(many(1000, 29.0)))
    assert recording.duration_source is DurationSource.SPIKES
    assert (recording.trains.start, recording.trains.stop) == (0.0, 29.0)
    (problem,) = recording.problems
    assert "states 0 to 60 s" in problem
    assert "last spike is at 29 s" in problem
    assert "state the duration" in problem


@pytest.mark.parametrize(("n", "last"), [(999, 29.0), (1000, 31.0)])
def test_few_spikes_or_a_later_last_one_contradict_nothing(read, n, last):
    recording = read(csv_of(many(n, last)))
    assert recording.duration_source is DurationSource.STATED
    assert recording.problems == ()


def test_a_stated_duration_that_most_spikes_outlast_is_not_believed(read):
    recording = read(csv_of(many(1000, 600.0)))
    assert recording.duration_source is DurationSource.SPIKES
    assert recording.trains.n_spikes == 1000
    assert "most of its spikes lie outside, between 0 and 600 s" in recording.problems[0]


def test_a_last_line_without_an_end_is_said(read):
    recording = read(csv_of().rstrip())
    assert recording.problems == ("the last line has no line end: the file may have been cut",)


# --- rows that are not as they should be ---


def test_a_silent_plate_is_a_plate(read):
    recording = read(csv_of([]))
    assert recording.trains.n_spikes == 0
    assert recording.duration == 60.0
    assert recording.duration_source is DurationSource.STATED
    assert recording.problems == ()
    bare = read(csv_of([], **{"Actual File Section Run": None}))
    assert (bare.trains.start, bare.trains.stop, bare.duration_source) == (0.0, 0.0, DurationSource.SPIKES)


def test_times_are_sorted_and_it_is_said(read):
    spikes = [SPIKES[0], SPIKES[3], SPIKES[1], SPIKES[2], ("0.05", "A1_11", "0.01")]
    recording = read(csv_of(spikes))
    assert train(recording, "A1_11") == [0.05, 0.1, 1.5]
    assert recording.trains.amplitudes[:3] == pytest.approx([10, 50, 80])
    assert recording.problems == ("sorted: times go back in 2 rows; the first is row 4 (well A1)",)


def test_a_list_that_stands_electrode_by_electrode_is_in_order(read):
    spikes = [("1", "A1_11", "1"), ("5", "A1_11", "1"), ("2", "A1_12", "1"), ("3", "A1_12", "1"), ("1", "B1_11", "1")]
    assert read(csv_of(spikes)).problems == ()
    spikes[3] = ("1.5", "A1_12", "1")
    assert read(csv_of(spikes)).problems == ("sorted: times go back in 1 row; the first is row 5 (well A1)",)


def test_a_time_counts_once_for_an_electrode(read):
    spikes = [("0.1", "A1_11", "1"), ("0.1", "A1_12", "1"), ("0.1", "A1_11", "2"), ("0.1", "A1_11", "3")]
    recording = read(csv_of(spikes))
    assert train(recording, "A1_11") == [0.1]
    assert train(recording, "A1_12") == [0.1]
    assert recording.trains.amplitudes.tolist() == [1000.0, 1000.0]
    assert recording.problems == (
        "counted once: 2 spikes at a time that the electrode already has; the first is row 4 (well A1)",
    )


def test_times_before_0_are_not_counted(read):
    recording = read(csv_of([("-0.24", "B2_11", "1"), ("-0.1", "B2_12", "1"), *SPIKES]))
    assert recording.trains.n_spikes == 4
    assert recording.problems == ("not counted: 2 spikes before 0 s; the first is row 2 (well B2)",)


def test_times_before_0_are_not_counted_where_no_duration_is_stated(read):
    recording = read(csv_of([("-0.24", "B2_11", "1"), *SPIKES], **{"Actual File Section Run": None}))
    assert (recording.trains.start, recording.trains.stop) == (0.1, 1.5)
    assert recording.problems == ("not counted: 1 spike before 0 s; the first is row 2 (well B2)",)


def test_times_after_the_end_are_not_counted(read):
    recording = read(csv_of([*SPIKES, ("60", "C3_11", "1"), ("60.0001", "C3_12", "1")]))
    assert recording.trains.n_spikes == 5
    assert recording.problems == ("not counted: 1 spike outside the stated 0 to 60 s; the first is row 7 (well C3)",)


@pytest.mark.parametrize("text", ["abc", "", "NaN", "inf", "1e400", "1e300", "1_0", "0.1.2", "--1", "0,5"])
def test_a_time_that_is_no_number_is_left_out(read, text):
    spikes = [*SPIKES, (f'"{text}"' if "," in text else text, "C3_11", "1")]
    recording = read(csv_of(spikes))
    assert recording.trains.n_spikes == 4
    assert "left out: 1 row without a time that is a number; the first is row 6 (well C3)" in recording.problems[0]
    assert recording.well_problems == {"C3": "1 of 1 rows could not be read"}


@pytest.mark.parametrize("text", ["2e-1", "2E-01", " 0.2", "0.20000000000000001", "+0.2", "00000.200000"])
def test_a_time_may_be_written_in_many_ways(read, text):
    recording = read(csv_of([(text, "C3_11", "1")]))
    assert train(recording, "C3_11") == [0.2]


@pytest.mark.parametrize(
    ("name", "what", "place"),
    [
        ("A1-11", "without the name of an electrode", "row 6 (well A1), 'A1-11'"),
        ("A1", "without the name of an electrode", "row 6 (well A1), 'A1'"),
        ("", "without the name of an electrode", "row 6 (no well), nothing"),
        ("x" * 5000, "without the name of an electrode", "row 6 (no well), 'xxxxxxxxxx"),
        ("A1_55", "with a well or an electrode that the plate does not have", "row 6 (well A1), 'A1_55'"),
        (
            "H12_11",
            "with a well or an electrode that the plate does not have",
            "row 6 (well H12, which the plate does not have), 'H12_11'",
        ),
    ],
)
def test_an_electrode_that_cannot_be_is_left_out(read, name, what, place):
    recording = read(csv_of([*SPIKES, ("2", name, "1")]))
    assert recording.trains.n_spikes == 4
    (problem,) = recording.problems
    assert problem.startswith(f"left out: 1 row {what}; the first is {place}")
    assert len(problem) < 200


def test_a_name_may_have_blanks_around_it(read):
    recording = read(csv_of([("0.2", " C3_11 ", "1")]))
    assert train(recording, "C3_11") == [0.2]
    assert recording.problems == ()


def test_a_row_that_ends_early_is_left_out(read):
    recording = read(csv_of() + b",,2.5\r\n,,2.6,A1_12\r\n,\r\n\r\n")
    assert train(recording, "A1_12") == [0.2, 2.6]
    assert recording.trains.n_spikes == 5
    assert "left out: 1 row without the name of an electrode" in recording.problems[0]
    assert "1 spike without an amplitude that is a number" in recording.problems[1]


@pytest.mark.parametrize("n", [99, 100, 101, 400])
def test_a_well_with_more_than_1_percent_of_such_rows_cannot_be_judged(read, n):
    spikes = [(f"{i / 10:.1f}", "B2_11", "0.1") for i in range(n)]
    spikes[5] = ("x", "B2_11", "0.1")
    recording = read(csv_of([*spikes, ("59", "A1_11", "0.1")]))
    assert recording.well_problems == ({"B2": f"1 of {n} rows could not be read"} if n < 100 else {})
    assert recording.trains.n_spikes == n


def test_other_wells_pay_nothing_for_a_bad_one(read):
    recording = read(csv_of([*SPIKES, *[("x", "B2_11", "1")] * 50, ("3", "nonsense", "1")]))
    assert recording.well_problems == {"B2": "50 of 50 rows could not be read"}
    assert train(recording, "A1_11") == [0.1, 1.5]


def test_an_amplitude_that_cannot_be_costs_no_spike(read):
    recording = read(csv_of([("1", "A1_11", "1e307"), ("2", "A1_11", "x"), ("3", "A1_11", "0.1")]))
    assert train(recording, "A1_11") == [1.0, 2.0, 3.0]
    assert np.isnan(recording.trains.amplitudes).tolist() == [True, True, False]
    assert recording.problems == ("2 spikes without an amplitude that is a number; the first is row 2 (well A1)",)


def test_a_file_without_a_row_that_can_be_read_is_refused(read):
    with pytest.raises(CorruptHeaderError, match=r"none of its rows can be read; left out: 4 rows without a time"):
        read(csv_of([("x", name, "1") for _, name, _ in SPIKES]))


@pytest.mark.parametrize(
    ("titles", "missing"),
    [
        (("Time (s)", "Channel", "Amplitude(mV)"), "row 1 has no column 'Electrode'"),
        (("Time (ms)", "Electrode", "Amplitude(mV)"), r"row 1 has no column 'Time \(s\)'"),
        (("A", "B", "C"), r"row 1 has no column 'Time \(s\)'"),
    ],
)
def test_a_missing_column_is_named(read, titles, missing):
    with pytest.raises(CorruptHeaderError, match=missing) as caught:
        read(csv_of(titles=titles))
    assert "plate.csv" in str(caught.value)


def test_titles_below_a_preamble_are_found(read):
    recording = read(b"Notes,x\r\n\r\n" + csv_of([*SPIKES, ("x", "B1_11", "1")]))
    assert recording.trains.n_spikes == 4
    assert "row 8 (well B1)" in recording.problems[0]


# --- more than a few rows ---


def test_long_lists_are_read_alike_at_every_row(read):
    rng = np.random.default_rng(3)
    n = 140_000
    names = [f"{well}_{label}" for well in LAYOUTS["24-well"].wells for label in LAYOUTS["24-well"].labels]
    times = np.sort(rng.choice(12_500 * 60, n, replace=False)) / 12_500
    electrodes = rng.integers(0, 384, n)
    content = csv_of([(f"{t:.5f}", names[e], f"{t / 100:.9f}") for t, e in zip(times, electrodes, strict=True)])
    recording = read(content + FOOTER.encode())
    order = np.lexsort((times, electrodes))
    assert np.array_equal(recording.trains.times, times[order])
    assert np.array_equal(recording.trains.train_of_spike, electrodes[order])
    assert recording.trains.amplitudes == pytest.approx(times[order] * 10, abs=1e-5)
    assert recording.problems == ()

    lines = content.split(b"\r\n")
    lines[70_000] = lines[70_000].replace(b"_", b"-")
    line = 70_001
    damaged = read(b"\r\n".join(lines))
    assert damaged.trains.n_spikes == n - 1
    assert f"the first is row {line} " in damaged.problems[0]


def test_what_the_simulation_writes_is_read_as_it_was(read):
    recording = read(csv_of(footer=FOOTER))
    again = read(spike_list_bytes(recording, experiment="E2"))
    assert np.array_equal(again.trains.times, recording.trains.times)
    assert np.array_equal(again.trains.offsets, recording.trains.offsets)
    assert again.trains.amplitudes == pytest.approx(recording.trains.amplitudes)
    assert again.duration == recording.duration
    assert again.well_facts["A1"] == recording.well_facts["A1"]
    assert again.metadata["comment"] == SIMULATED_COMMENT
    assert again.problems == ()


# --- the real one ---


def test_the_real_list(real):
    assert real.layout.name == "48-well"
    assert real.trains.n_spikes == 100_957
    counts = dict(zip(real.wells, np.bincount(np.arange(768) // 16, real.trains.counts).astype(int), strict=True))
    assert {well: int(n) for well, n in counts.items() if n} == {
        "B2": 9436,
        "B3": 7575,
        "B4": 4186,
        "B6": 3297,
        "B7": 3121,
        "C2": 3550,
        "C3": 6871,
        "C6": 5754,
        "C7": 1913,
        "D2": 10497,
        "D3": 9639,
        "D5": 1445,
        "D6": 2416,
        "D7": 3207,
        "E2": 6237,
        "E3": 7720,
        "E4": 3790,
        "E5": 1598,
        "E6": 4151,
        "E7": 4554,
    }  # fmt: skip -- a table of counts reads better in lines
    assert int((real.trains.counts > 0).sum()) == 269
    first = train(real, "D3_21")
    assert (len(first), first[0], first[1], first[-1]) == (1669, 0.01992, 0.02744, 56.29672)
    i = int(np.searchsorted(real.trains.offsets, np.flatnonzero(real.trains.times == 0.01992)[0], side="right")) - 1
    assert real.trains.amplitudes[real.trains.offsets[i]] == pytest.approx(199.699533)


def test_the_real_list_was_cut_and_says_so(real):
    assert real.duration_source is DurationSource.SPIKES
    assert (real.trains.start, real.trains.stop) == (0.01048, 57.67824)
    cut, contradiction = real.problems
    assert cut == "the last line has no line end: the file may have been cut"
    assert "states 0 to 1082 s, but its last spike is at 57.6782 s" in contradiction
    assert real.well_problems == {}


def test_the_settings_of_the_real_list(real):
    found = real.metadata
    assert found["sampling_rate"] == 12500.0
    assert found["settings"][""]["File Source"] == "OptoWT_20150802_A32_DIV18exci(000).raw"
    assert found["settings"]["Spike Detector Settings"]["Threshold"] == "7"
    assert real.provenance.format_version == "2.0.3.3"
    assert real.provenance.size == 2_978_391
