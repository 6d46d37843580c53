"""Burst lists, built here and real."""

from __future__ import annotations

import csv
import itertools
import math
import statistics

import numpy as np
import pytest
from readers.axion_exports import EXPORTS, FOOTER, PANEL, REAL, csv_of, get, reason

from mnephys.errors import CorruptHeaderError, ReadError, UnsupportedFormatError
from mnephys.mea import definitions
from mnephys.mea.bursts import isi_threshold_bursts
from mnephys.mea.electrodes import FEATURES as ELECTRODE_FEATURES
from mnephys.mea.electrodes import electrode_columns
from mnephys.mea.measure import measure_plate
from mnephys.mea.wells import FEATURES as WELL_FEATURES
from mnephys.measurement import Status
from mnephys.readers import read, read_all
from mnephys.readers.axion_csv.burst_list import is_burst_list, read_burst_list
from mnephys.readers.axion_csv.metrics import is_metrics
from mnephys.readers.axion_csv.spike_list import is_spike_list
from mnephys.readers.binary import open_binary
from mnephys.recording import LAYOUTS, PlateRecording, SpikeTrains
from mnephys.recording.plate import electrodes_of
from mnephys.summary import PlateSummary

REAL_BURSTS = "mea/exports/axis36_electrode_burst_list.csv"
TITLES = ("Time (s)", "Electrode", "Size (spikes)", "Duration (s)")
BURSTS = [
    ("00001.000000", "A1_11", "5", "0.2"),
    ("00003.000000", "A1_11", "11", "0.4"),
    ("00008.000000", "A1_11", "5", "0.3"),
    ("00002.000000", "A1_12", "9", "0.1"),
    ("00002.500000", "D6_44", "6", "0.25"),
]
DETECTOR = {
    **PANEL,
    " 2": "",
    "Burst Detector Settings": "",
    "   Burst Detection Algorithm": "Inter-Spike Interval (ISI) Threshold",
    "   Maximum Inter-Spike Interval": "100 ms",
    "   Minimum Number of Spikes": "5",
}
BURST_FEATURES = (
    "burst_count",
    "burst_rate",
    "burst_duration",
    "spikes_per_burst",
    "burst_isi",
    "inter_burst_interval",
    "inter_burst_interval_cv",
)


@pytest.fixture
def summary_of(written):
    def reader(content: bytes) -> PlateSummary:
        with open_binary(written(content, "plate.csv")) as file:
            (found,) = read_burst_list(file)
            return found

    return reader


def bursts_csv(bursts=BURSTS, panel=DETECTOR, **options) -> bytes:
    return csv_of(bursts, panel, titles=options.pop("titles", TITLES), **options)


# --- what a burst list is ---


@pytest.mark.parametrize(
    ("head", "answer"),
    [
        (b"Investigator,Ann,Time (s),Electrode,Size (spikes),Duration (s)\nRecording Name,x,1,A1_11,5,0.1", True),
        (b"\xef\xbb\xbfInvestigator;;Time (s);Electrode;Size (spikes);Duration (s)", True),
        (b"Time (s),Electrode,Size (spikes),Duration (s)\n", True),
        (b"Investigator,,Time (s),Well,Size (spikes),Duration (s)\n", True),
        (b"Investigator,,Time (s),Electrode,Amplitude(mV)\r\n", False),
        (b"AxIS Spike File,C:\\plate.spk\nFile Type,24-well", False),
        (b"Size (spikes),Duration (s)\n", False),
        (b"ABF2\0\0\0\0", False),
        (b"", False),
    ],
)
def test_a_burst_list_is_known_by_its_titles(head, answer):
    assert is_burst_list(head) is answer


def test_real_exports_are_told_apart(data):
    heads = {path.name: path.read_bytes()[:16384] for path in data("mea/exports").iterdir()}
    assert [name for name, head in heads.items() if is_burst_list(head)] == ["axis36_electrode_burst_list.csv"]
    assert not is_spike_list(heads["axis36_electrode_burst_list.csv"])
    assert not is_metrics(heads["axis36_electrode_burst_list.csv"])


def test_a_file_is_read_by_its_content(written):
    (found,) = read_all(written(bursts_csv(), "spikes.csv"))
    assert found.provenance.format == "Axion burst list CSV"


# --- what is measured ---


def test_bursts_of_each_electrode(summary_of):
    summary = summary_of(bursts_csv(footer=FOOTER))
    assert summary.layout.name == "24-well"
    of_first = {name: get(summary, name, "A1_11").value for name in BURST_FEATURES}
    assert of_first == pytest.approx(
        {
            "burst_count": 3,
            "burst_rate": 0.05,
            "burst_duration": 0.3,
            "spikes_per_burst": 7,
            "burst_isi": (0.2 / 4 + 0.4 / 10 + 0.3 / 4) / 3,
            "inter_burst_interval": 3.5,
            "inter_burst_interval_cv": math.sqrt(4.5) / 3.5,
        }
    )
    assert get(summary, "burst_count", "A1_12").value == 1
    assert reason(get(summary, "inter_burst_interval", "A1_12")) == (Status.TOO_FEW_EVENTS, "fewer than 2 bursts")
    assert reason(get(summary, "inter_burst_interval_cv", "A1_12")) == (Status.TOO_FEW_EVENTS, "fewer than 3 bursts")
    assert summary.problems == ()
    assert summary.metadata["n_bursts"] == 5


def test_an_electrode_without_a_burst_has_none(summary_of):
    summary = summary_of(bursts_csv())
    assert len(summary.table.select("burst_count", level="electrode")) == 384
    assert get(summary, "burst_count", "B2_23").value == 0
    assert get(summary, "burst_rate", "B2_23").value == 0
    for name in ("burst_duration", "spikes_per_burst", "burst_isi", "inter_burst_interval"):
        assert reason(get(summary, name, "B2_23")) == (Status.TOO_FEW_EVENTS, "no burst")


def test_a_well_is_the_mean_over_its_bursting_electrodes(summary_of):
    summary = summary_of(bursts_csv())
    of_well = {name: get(summary, name, "A1").value for name in (*BURST_FEATURES, "bursting_electrode_count")}
    assert of_well == pytest.approx(
        {
            "burst_count": 4,
            "burst_rate": (0.05 + 1 / 60) / 2,
            "burst_duration": (0.3 + 0.1) / 2,
            "spikes_per_burst": (7 + 9) / 2,
            "burst_isi": ((0.2 / 4 + 0.4 / 10 + 0.3 / 4) / 3 + 0.1 / 8) / 2,
            "inter_burst_interval": 3.5,
            "inter_burst_interval_cv": math.sqrt(4.5) / 3.5,
            "bursting_electrode_count": 2,
        }
    )
    assert get(summary, "burst_count", "B1").value == 0
    assert get(summary, "burst_rate", "B1").value == 0
    assert reason(get(summary, "burst_duration", "B1")) == (Status.TOO_FEW_EVENTS, "no burst")
    assert reason(get(summary, "inter_burst_interval", "D6")) == (Status.TOO_FEW_EVENTS, "no electrode with 2 bursts")
    assert get(summary, "electrode_count", "B1").value == 16
    assert get(summary, "qc_well", "B1").text == "ok"


def test_what_a_burst_list_cannot_tell_is_said(summary_of):
    summary = summary_of(bursts_csv())
    why = (
        Status.NOT_APPLICABLE,
        "it cannot be measured from a burst list, which holds neither single spikes nor network bursts",
    )
    for name in (
        "spike_count",
        "mean_firing_rate",
        "active_electrode_count",
        "burst_percentage",
        "network_burst_count",
    ):
        assert reason(get(summary, name, "A1")) == why
        assert summary.table.select(name, level="electrode") == []


def test_names_and_units_are_those_of_the_feature_core(summary_of):
    features = {**ELECTRODE_FEATURES, **WELL_FEATURES}
    for row in summary_of(bursts_csv()).table:
        if row.feature in BURST_FEATURES or row.feature == "bursting_electrode_count":
            assert row.unit == features[row.feature].unit
            assert row.level in features[row.feature].levels


def test_the_numbers_are_those_that_the_spikes_of_the_bursts_give(summary_of):
    layout, limit = LAYOUTS["24-well"], definitions("axis-2023")
    rng = np.random.default_rng(11)
    times = [np.cumsum(rng.choice([0.02, 0.06, 1.5], rng.integers(0, 400), p=[0.6, 0.25, 0.15])) for _ in range(384)]
    trains = SpikeTrains.from_lists([t[t < 59] for t in times], electrodes_of(layout)["well"], stop=60.0)
    found = isi_threshold_bursts(trains, limit.burst_max_isi, limit.burst_min_spikes)
    names = [f"{well}_{label}" for well in layout.wells for label in layout.labels]
    rows = [
        (repr(start), names[train], str(n), repr(duration))
        for train, start, n, duration in zip(
            found.train.tolist(), found.start.tolist(), found.n_spikes.tolist(), found.duration.tolist(), strict=True
        )
    ]
    rng.shuffle(rows)
    assert len(rows) > 3000
    summary = summary_of(bursts_csv([tuple(row) for row in rows]))
    assert summary.problems == ()
    measured = {
        (row.feature, row.id): row
        for row in measure_plate(PlateRecording(layout, electrodes_of(layout), trains), limit)
        if row.feature in BURST_FEATURES or row.feature == "bursting_electrode_count"
    }
    ours = {(row.feature, row.id): row for row in summary.table if (row.feature, row.id) in measured}
    assert ours.keys() == measured.keys()
    assert len(ours) == 7 * (384 + 24) + 24
    assert electrode_columns(trains, found, 60.0)["burst_count"].sum() == len(rows)
    for key, row in ours.items():
        assert (row.status, row.value is None) == (measured[key].status, measured[key].value is None), key
        assert row.value is None or row.value == pytest.approx(measured[key].value, rel=1e-9), key


# --- what stands beside the bursts ---


def test_settings_are_rows_and_metadata(summary_of):
    summary = summary_of(bursts_csv())
    assert (get(summary, "recording_duration").value, get(summary, "recording_duration").unit) == (60.0, "s")
    assert get(summary, "burst_max_isi").value == 0.1
    assert get(summary, "burst_min_spikes").value == 5
    assert reason(get(summary, "active_min_rate")) == (Status.NOT_APPLICABLE, "the export does not state it")
    assert get(summary, "qc_recording").text == "ok"
    assert summary.metadata["sampling_rate"] == 12500.0
    assert summary.metadata["settings"]["Burst Detector Settings"]["Minimum Number of Spikes"] == "5"
    assert summary.provenance.format == "Axion burst list CSV"
    assert summary.provenance.format_version == "3.6.2.2"


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\r\r\n"])
def test_line_ends_and_a_byte_order_mark_change_nothing(summary_of, end):
    footer = FOOTER.replace("\r\n", end)
    summary = summary_of(b"\xef\xbb\xbf" + bursts_csv(end=end, footer=footer))
    assert summary.problems == ()
    assert summary.metadata["n_bursts"] == 5
    assert summary.metadata["settings"][""]["Experiment ID"] == "E1"
    assert summary.well_facts["A1"]["treatment"] == "CAP"
    assert summary.well_facts["A2"]["note"] == "45K cells"


def test_a_semicolon_comes_with_a_decimal_comma(summary_of):
    rows = [tuple(cell.replace(".", ",") for cell in row) for row in BURSTS]
    summary = summary_of(bursts_csv(rows, delimiter=";"))
    assert get(summary, "burst_duration", "A1_11").value == pytest.approx(0.3)
    assert get(summary, "inter_burst_interval", "A1_11").value == pytest.approx(3.5)


def test_columns_are_found_by_title(summary_of):
    rows = [(duration, "x", size, electrode, time) for time, electrode, size, duration in BURSTS]
    titles = ("Duration (s)", "Other", "Size (spikes)", "Electrode", "Time (s)")
    summary = summary_of(bursts_csv(rows, titles=titles))
    assert get(summary, "spikes_per_burst", "A1_11").value == 7
    assert get(summary, "burst_duration", "A1_11").value == pytest.approx(0.3)


@pytest.mark.parametrize("key", ["Description", "   AxIS Version", "   Note"])
def test_a_cell_of_the_panel_may_have_several_lines(summary_of, key):
    content = bursts_csv(panel={**DETECTOR, key: '"first\r\n\r\nthird, with comma\r\n"'}, footer=FOOTER)
    content = content.replace(b"00002.500000,D6_44", b"00002.500000,D6_99")
    summary = summary_of(content)
    assert get(summary, "burst_count", "A1").value == 4
    said = [value for entries in summary.metadata["settings"].values() for value in entries.values()]
    assert "first third, with comma" in said
    (problem,) = summary.problems
    line = 1 + next(i for i, text in enumerate(content.split(b"\r\n")) if b"D6_99" in text)
    assert f"the first is row {line} (well D6), 'D6_99'" in problem


def test_a_quote_that_is_never_closed_costs_no_burst(summary_of):
    summary = summary_of(bursts_csv(Description='"not closed'))
    assert summary.metadata["n_bursts"] == 5
    assert "row 3: a quote is opened and never closed" in summary.problems[0]


def test_rows_may_stand_in_any_order(summary_of):
    summary, other = summary_of(bursts_csv()), summary_of(bursts_csv(BURSTS[::-1]))
    assert other.table == summary.table
    assert other.problems == ()


def test_a_plate_that_nothing_names_is_the_likeliest(summary_of):
    summary = summary_of(bursts_csv([*BURSTS, ("9", "F8_11", "5", "0.1")], panel={}))
    assert summary.layout.name == "48-well"
    assert "the file names no plate type: a 48-well plate is the likeliest" in summary.problems[0]
    with pytest.raises(CorruptHeaderError, match="no row shows which it is"):
        summary_of(bursts_csv([], **{"   Plate Type": None}))


def test_a_last_line_without_an_end_is_said(summary_of):
    summary = summary_of(bursts_csv().rstrip())
    assert summary.problems == ("the last line has no line end: the file may have been cut",)


# --- duration ---


@pytest.mark.parametrize("section", [None, "all"])
def test_without_a_stated_length_there_is_no_rate(summary_of, section):
    summary = summary_of(bursts_csv(**{"Actual File Section Run": section}))
    why = (Status.NOT_APPLICABLE, "the burst list does not state how long the recording lasted")
    assert reason(get(summary, "burst_rate", "A1")) == why
    assert reason(get(summary, "burst_rate", "A1_11")) == why
    assert reason(get(summary, "burst_rate", "B1_11")) == why
    assert get(summary, "recording_duration").value is None
    assert get(summary, "burst_count", "A1").value == 4
    assert get(summary, "inter_burst_interval", "A1_11").value == pytest.approx(3.5)


def test_a_length_that_the_bursts_contradict_is_not_believed(summary_of):
    many = [(f"{i / 50:.6f}", f"A{1 + i % 6}_{1 + i // 6 % 4}1", "5", "0.1") for i in range(1200)]
    summary = summary_of(bursts_csv(many, **{"Actual File Section Run": "0s to 10m0s"}))
    assert get(summary, "recording_duration").value is None
    assert "states 0 to 600 s, but its last burst is at 23.98 s" in summary.problems[0]


def test_bursts_outside_the_recording_are_not_counted(summary_of):
    more = [("-0.2", "B1_11", "5", "0.1"), ("60.5", "B1_11", "5", "0.1"), ("59.95", "B1_11", "5", "0.3")]
    summary = summary_of(bursts_csv([*more, *BURSTS, ("59.6", "B1_12", "5", "0.3999")]))
    assert get(summary, "burst_count", "B1").value == 1
    assert summary.problems == (
        "not counted: 1 burst before 0 s; the first is row 2 (well B1)",
        "not counted: 2 bursts not wholly within the stated 0 to 60 s; the first is row 3 (well B1)",
    )


# --- rows that are not as they should be ---


@pytest.mark.parametrize(
    ("row", "what", "where"),
    [
        (("x", "B1_11", "5", "0.1"), "without a time that is a number", "well B1"),
        (("2", "B1-11", "5", "0.1"), "without the name of an electrode", "well B1"),
        (("2", "", "5", "0.1"), "without the name of an electrode", "no well"),
        (("2", "B1_55", "5", "0.1"), "with a well or an electrode that the plate does not have", "well B1"),
        (("2", "H12_11", "5", "0.1"), "with a well or an electrode that the plate does not have", "well H12, which"),
        *(
            (("2", "B1_11", size, "0.1"), "without a number of spikes that a burst can have", "well B1")
            for size in ("", "x", "0", "1", "-5", "4.5", "nan", "inf", "1e300")
        ),
        *(
            (("2", "B1_11", "5", duration), "without a duration that a burst can have", "well B1")
            for duration in ("", "x", "0", "-0.1", "nan", "inf", "-inf")
        ),
    ],
)
def test_a_row_that_cannot_be_is_left_out(summary_of, row, what, where):
    summary = summary_of(bursts_csv([*BURSTS, row]))
    assert summary.metadata["n_bursts"] == 5
    (problem,) = summary.problems
    assert problem.startswith(f"left out: 1 row {what}; the first is row 7 ({where}")


def test_a_well_that_lost_more_than_1_percent_of_its_rows_cannot_be_judged(summary_of):
    rows = [(f"{i / 2:.1f}", "B2_11", "5", "0.1") for i in range(99)]
    summary = summary_of(bursts_csv([*rows, ("x", "B2_11", "5", "0.1")]))
    assert get(summary, "burst_count", "B2").value == 99
    summary = summary_of(bursts_csv([*rows[:98], ("5", "B2_11", "5", "-1")]))
    why = "1 of 99 rows could not be read"
    assert reason(get(summary, "qc_well", "B2")) == (Status.BAD_INPUT, why)
    for name in ("burst_count", "burst_rate", "spike_count", "electrode_count"):
        assert reason(get(summary, name, "B2")) == (Status.EXCLUDED, why)
    assert reason(get(summary, "burst_count", "B2_44")) == (Status.EXCLUDED, why)
    assert get(summary, "burst_count", "B1").value == 0
    assert get(summary, "qc_recording").reason == "1 of 24 wells cannot be judged."


def test_a_time_counts_once_for_an_electrode(summary_of):
    summary = summary_of(bursts_csv([*BURSTS, ("1", "A1_11", "7", "0.1"), ("1", "A1_13", "7", "0.1")]))
    assert get(summary, "burst_count", "A1_11").value == 3
    assert get(summary, "burst_count", "A1_13").value == 1
    assert summary.problems == (
        "counted once: 1 burst at a time at which the electrode already has one; the first is row 7 (well A1)",
    )


def test_bursts_that_overlap_are_said(summary_of):
    summary = summary_of(bursts_csv([*BURSTS, ("1.1", "A1_11", "7", "0.2"), ("1.05", "A1_13", "7", "0.1")]))
    assert get(summary, "burst_count", "A1_11").value == 4
    (problem,) = summary.problems
    assert problem == (
        "counted all the same: 1 burst starting before the previous burst of the same electrode ended; "
        "the first is row 7 (well A1)"
    )


def test_bursts_against_the_stated_settings_are_said(summary_of):
    odd = [("20", "B1_11", "4", "0.1"), ("30", "B1_11", "5", "0.41"), ("40", "B1_11", "5", "0.4")]
    summary = summary_of(bursts_csv([*BURSTS, *odd]))
    assert get(summary, "burst_count", "B1_11").value == 3
    (problem,) = summary.problems
    assert problem == (
        "counted all the same: 2 bursts with fewer spikes or longer intervals than the stated settings allow; "
        "the first is row 7 (well B1)"
    )
    other = {**DETECTOR, "   Burst Detection Algorithm": "Adaptive"}
    assert summary_of(bursts_csv([*BURSTS, *odd], panel=other)).problems == ()
    assert summary_of(bursts_csv([*BURSTS, *odd], panel=PANEL)).problems == ()


def test_a_plate_without_a_burst_is_a_plate(summary_of):
    summary = summary_of(bursts_csv([]))
    assert {row.value for row in summary.table.select("burst_count", level="well")} == {0.0}
    assert {row.value for row in summary.table.select("burst_rate", level="well")} == {0.0}
    assert summary.problems == ()


def test_a_file_without_a_row_that_can_be_read_is_refused(summary_of):
    with pytest.raises(CorruptHeaderError, match=r"none of its rows can be read; left out: 5 rows without a duration"):
        summary_of(bursts_csv([(time, electrode, size, "-1") for time, electrode, size, _ in BURSTS]))


@pytest.mark.parametrize("missing", [title for title in TITLES if title != "Electrode"])
def test_a_missing_column_is_named(summary_of, missing):
    titles = tuple("Other" if title == missing else title for title in TITLES)
    with pytest.raises(CorruptHeaderError) as caught:
        summary_of(bursts_csv(titles=titles))
    assert f"plate.csv: row 1 has no column '{missing}'" in str(caught.value)


def test_a_list_of_network_bursts_says_what_it_is(written):
    titles = ("Time (s)", "Well", "Size (spikes)", "Duration (s)")
    path = written(bursts_csv([("1", "A1", "60", "0.5")], titles=titles), "plate.csv")
    with pytest.raises(UnsupportedFormatError) as caught:
        read(path)
    assert str(caught.value) == (
        f"{path}: row 1 names the columns 'Time (s)', 'Well', 'Size (spikes)', 'Duration (s)', but no "
        "electrode: these are network bursts, which are not read; export the list of electrode bursts, the spike list "
        "or the metrics"
    )


# --- damage ---


def test_a_list_that_was_cut_or_changed_anywhere_is_read_or_refused(summary_of):
    content = b"\xef\xbb\xbf" + bursts_csv(BURSTS * 3, Description='"two\r\nlines"', footer=FOOTER)
    rng = np.random.default_rng(3)
    signs = b'",;\r\n\t -._0159AZaz\xb5\xff\x00'
    forged = [content[:end] for end in range(1, len(content), 7)]
    for n in rng.choice([1, 3, 20], 300):
        damaged = bytearray(content)
        for at in rng.integers(0, len(damaged), n):
            damaged[at] = signs[rng.integers(len(signs))]
        forged.append(bytes(damaged))
    read_well = 0
    for each in forged:
        try:
            summary = summary_of(each)
        except ReadError:
            continue
        read_well += 1
        assert all("\n" not in problem and len(problem) < 400 for problem in summary.problems)
        assert summary.metadata["n_bursts"] <= 20
    assert read_well > 200


# --- the real one ---


def slow(path) -> tuple[dict[str, dict[str, float]], dict[str, dict[str, float]]]:
    """Return the metrics of every bursting electrode and of every well with plain loops over the rows."""
    by_electrode: dict[str, list[tuple[float, int, float]]] = {}
    with path.open(encoding="utf-8-sig", newline="") as file:
        for row in csv.reader(file):
            if len(row) == 6 and row[3] not in {"Electrode", ""}:
                by_electrode.setdefault(row[3], []).append((float(row[2]), int(row[4]), float(row[5])))
    electrodes = {}
    for name, bursts in by_electrode.items():
        bursts.sort()
        gaps = [b[0] - a[0] for a, b in itertools.pairwise(bursts)]
        electrodes[name] = {
            "burst_count": len(bursts),
            "burst_rate": len(bursts) / 597,
            "burst_duration": statistics.mean(b[2] for b in bursts),
            "spikes_per_burst": statistics.mean(b[1] for b in bursts),
            "burst_isi": statistics.mean(b[2] / (b[1] - 1) for b in bursts),
            **({"inter_burst_interval": statistics.mean(gaps)} if gaps else {}),
            **({"inter_burst_interval_cv": statistics.stdev(gaps) / statistics.mean(gaps)} if len(gaps) > 1 else {}),
        }
    wells: dict[str, dict[str, float]] = {}
    for well in LAYOUTS["24-well"].wells:
        own = [found for name, found in electrodes.items() if name.startswith(f"{well}_")]
        means = {
            name: statistics.mean(have)
            for name in BURST_FEATURES
            if (have := [found[name] for found in own if name in found])
        }
        counts = {"burst_count": sum(f["burst_count"] for f in own), "bursting_electrode_count": len(own)}
        wells[well] = means | counts
    return electrodes, wells


def test_the_real_list_against_a_slow_computation(data):
    summary = read(data(REAL_BURSTS))
    electrodes, wells = slow(data(REAL_BURSTS))
    compared = 0
    for expected in (electrodes, wells):
        for place, metrics in expected.items():
            for name, value in metrics.items():
                assert get(summary, name, place).value == pytest.approx(value, rel=1e-9), (place, name)
                compared += 1
    assert sum(metrics["burst_count"] for metrics in wells.values()) == 8744 == summary.metadata["n_bursts"]
    assert compared == 2178
    for row in summary.table:
        if row.feature in BURST_FEATURES and row.feature not in (wells | electrodes).get(row.id, {}):
            assert row.value == 0 or row.status is Status.TOO_FEW_EVENTS
    silent = [row for row in summary.table.select("burst_count", level="electrode") if row.value == 0]
    assert len(silent) == 384 - len(electrodes)


def test_what_the_real_list_says_beside_its_bursts(data):
    summary = read(data(REAL_BURSTS))
    assert summary.problems == ()
    assert summary.layout.name == "24-well"
    assert get(summary, "recording_duration").value == 597.0
    plate = {row.feature: row.value for row in summary.table if row.level == "plate" and row.value is not None}
    assert plate == {
        "recording_duration": 597.0,
        "burst_max_isi": 0.1,
        "burst_min_spikes": 5,
        "network_burst_max_isi": 0.1,
        "network_burst_min_spikes": 50,
        "network_burst_min_electrodes": 35,
        "synchrony_window": 0.02,
    }
    assert len(summary.well_facts) == 24
    assert summary.well_facts["C5"]["dose"] == "50"
    assert summary.metadata["settings"]["Spike Detector Settings"]["Threshold"] == "6"
    assert summary.metadata["settings"][""]["Description"].startswith("WT hippocampal culture. Agonists challenge")
    assert summary.provenance.format_version == "3.6.2.2"


def test_other_exports_are_no_burst_lists(data):
    for name in (REAL, *EXPORTS.values()):
        with pytest.raises(ReadError, match="has no column"), open_binary(data(name)) as file:
            read_burst_list(file)
