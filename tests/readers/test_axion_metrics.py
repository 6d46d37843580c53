"""Exports of metrics, built here: what a 0 or an empty cell means, and what cannot be."""

from __future__ import annotations

import pytest
from readers.axion_exports import EXPORTS, LAYOUT, MOTOR, SETTINGS, STATISTICS, export, get, reason, tables

from mnephys.errors import CorruptHeaderError
from mnephys.measurement import Status
from mnephys.readers.axion_csv.metrics import is_metrics, read_metrics
from mnephys.readers.binary import open_binary
from mnephys.recording import SIMULATED_COMMENT
from mnephys.summary import PlateSummary


@pytest.fixture
def read(written):
    def reader(content: bytes) -> PlateSummary:
        with open_binary(written(content, "plate.csv")) as file:
            return read_metrics(file)

    return reader


# --- what an export of metrics is ---


@pytest.mark.parametrize(
    ("head", "answer"),
    [
        (b"\xef\xbb\xbfAxIS Spike File,C:\\plate.spk\nFile Type,24-well", True),
        (b"AxIS0Spike0File,E:\\plate.spk,,,\nFile0Type,96-well,,,", True),
        (b"AxIS Spike File;C:\\plate.spk;;", True),
        (b"Investigator: \r\n,\r\nStatistics Compiler Settings,\r\n   Include Well Statistics,True", True),
        (b"Notes\nWell Averages,A1,A2", True),
        (b"Investigator,,Time (s),Electrode,Amplitude(mV)", False),
        (b"Investigator,Ann,Time (s),Electrode,Size (spikes),Duration (s)", False),
        (b"recording,plate,well\na.csv,p,A1", False),
        (b"Well,A1,A2", False),
        (b"ABF2\0\0\0\0", False),
        (b"", False),
    ],
)
def test_an_export_of_metrics_is_known_by_a_label(head, answer):
    assert is_metrics(head) is answer


def test_real_exports_are_told_apart(data):
    folder = data("mea/exports")
    found = {path.name for path in folder.iterdir() if is_metrics(path.read_bytes()[:16384])}
    assert found == {name.rsplit("/", 1)[1] for name in EXPORTS.values()}
    for name in MOTOR.values():
        assert is_metrics(data(name).read_bytes()[:1024])


# --- what is read ---


def test_metrics_of_a_well(read):
    summary = read(export(*tables()))
    expected = {
        "spike_count": (101, "1"),
        "mean_firing_rate": (0.063125, "Hz"),
        "isi_cv": (1.5, "1"),
        "active_electrode_count": (2, "1"),
        "active_electrode_fraction": (0.125, "1"),
        "electrode_count": (16, "1"),
        "weighted_mean_firing_rate": (0.5, "Hz"),
        "burst_count": (4, "1"),
        "bursting_electrode_count": (2, "1"),
        "burst_duration": (0.3, "s"),
        "spikes_per_burst": (6, "1"),
        "burst_isi": (0.05, "s"),
        "inter_burst_interval": (20, "s"),
        "burst_rate": (0.02, "Hz"),
        "inter_burst_interval_cv": (0.8, "1"),
        "burst_percentage": (15, "%"),
        "network_burst_count": (4, "1"),
        "network_burst_rate": (0.04, "Hz"),
        "network_burst_duration": (0.5, "s"),
        "spikes_per_network_burst": (10, "1"),
        "network_burst_isi": (0.055, "s"),
        "electrodes_per_network_burst": (2.5, "1"),
        "network_burst_percentage": (40, "%"),
        "network_inter_burst_interval_cv": (0.4, "1"),
        "network_burst_duration_iqr": (-0.03, "1"),
        "area_under_normalized_cross_correlation": (-0.0018, "1"),
        "area_under_cross_correlation": (0, "1"),
        "synchrony_index": (0.2, "1"),
        "spike_distance": (0.3, "1"),
        "burst_duration_sd": (0.1, "s"),
        "cross_correlation_full_width": (12, "1"),
    }  # fmt: skip -- a table of values reads better in lines
    found = {row.feature: (row.value, row.unit) for row in summary.table if row.id == "A1" and row.value is not None}
    assert found == expected
    assert get(summary, "qc_well", "A1").text == "ok"
    assert summary.problems == ()
    assert summary.layout.name == "24-well"
    assert summary.metadata["not_read"] == []
    assert summary.provenance.format == "Axion metrics CSV"
    assert summary.provenance.reader == "mnephys.readers.axion_csv.metrics"


def test_a_row_without_a_name_here_is_said_not_to_be_read(read):
    wells, electrodes = tables()
    wells["Start Electrode"] = dict.fromkeys(wells["Synchrony Index"], "21")
    assert read(export(wells, electrodes)).metadata["not_read"] == ["Start Electrode"]


def test_metrics_of_electrodes(read):
    summary = read(export(*tables()))
    found = {row.feature: row.value for row in summary.table if row.id == "A1_11"}
    assert found == {
        "spike_count": 60,
        "mean_firing_rate": 0.6,
        "isi_cv": 2,
        "burst_count": 3,
        "burst_duration": 0.4,
        "spikes_per_burst": 6,
        "burst_isi": 0.05,
        "inter_burst_interval": 20,
        "burst_rate": 0.03,
        "inter_burst_interval_cv": 0.8,
        "burst_percentage": 30,
        "electrode_resistance": 20,
    }  # fmt: skip -- as above
    too_few = Status.TOO_FEW_EVENTS
    assert reason(get(summary, "inter_burst_interval", "A1_12")) == (too_few, "fewer than 2 bursts")
    assert reason(get(summary, "inter_burst_interval_cv", "A1_12")) == (too_few, "fewer than 3 bursts")
    assert reason(get(summary, "isi_cv", "A1_13")) == (too_few, "fewer than 3 spikes")
    assert reason(get(summary, "burst_isi", "A1_13")) == (too_few, "no burst")
    assert get(summary, "burst_percentage", "A1_13").value == 0
    assert reason(get(summary, "burst_percentage", "A1_14")) == (too_few, "no spike")
    assert get(summary, "burst_rate", "A1_14").value == 0
    assert get(summary, "mean_firing_rate", "A1_14").value == 0


SILENT = {
    "isi_cv": "no active electrode with 3 spikes",
    "burst_duration": "no burst",
    "spikes_per_burst": "no burst",
    "burst_isi": "no burst",
    "inter_burst_interval": "no burst",
    "inter_burst_interval_cv": "no burst",
    "burst_percentage": "no active electrode",
    "network_burst_duration": "no network burst",
    "spikes_per_network_burst": "no network burst",
    "network_burst_isi": "no network burst",
    "electrodes_per_network_burst": "no network burst",
    "network_burst_percentage": "no spike",
    "network_inter_burst_interval_cv": "fewer than 3 network bursts",
    "network_burst_duration_iqr": "fewer than 4 network bursts",
    "area_under_normalized_cross_correlation": "fewer than two active electrodes",
    "area_under_cross_correlation": "fewer than two active electrodes",
    "synchrony_index": "fewer than two active electrodes",
    "spike_distance": "fewer than two active electrodes",
    "burst_duration_sd": "fewer than 2 electrodes with a burst",
    "cross_correlation_full_width": "fewer than two active electrodes",
}


@pytest.mark.parametrize("empty", ["0", "", " ", "NaN"])
def test_what_a_silent_well_has_is_0_or_undefined_however_it_is_written(read, empty):
    summary = read(export(*tables(empty=empty)))
    rows = {row.feature: row for row in summary.table if row.id == "A2"}
    undefined = {feature: row.reason for feature, row in rows.items() if row.status is Status.TOO_FEW_EVENTS}
    assert undefined == SILENT
    zeros = {feature for feature, row in rows.items() if row.value == 0}
    assert zeros == {
        "spike_count",
        "mean_firing_rate",
        "weighted_mean_firing_rate",
        "active_electrode_count",
        "burst_rate",
        "active_electrode_fraction",
        "burst_count",
        "bursting_electrode_count",
        "network_burst_count",
        "network_burst_rate",
    }  # fmt: skip -- as above
    assert rows["qc_well"].text == "ok"


def test_a_well_with_spikes_and_no_network_burst_has_a_percentage_of_0(read):
    for empty in ("0", ""):
        wells, electrodes = tables(empty=empty)
        for label in wells:
            if "Network" in label or "Elecs" in label:
                wells[label]["A1"] = "0" if label == "Number of Network Bursts" else empty
        summary = read(export(wells, electrodes))
        assert get(summary, "network_burst_percentage", "A1").value == 0
        assert get(summary, "network_burst_rate", "A1").value == 0
        assert reason(get(summary, "network_burst_duration", "A1"))[1] == "no network burst"


@pytest.mark.parametrize("cell", ["", "0"])
def test_where_no_electrode_is_covered_they_have_no_resistance(read, cell):
    wells, electrodes = tables()
    wells["Number of Covered Electrodes"] = {well: "3" if well == "A1" else "0" for well in LAYOUT.wells}
    wells["Weighted Mean Resistance (kOhms)"] = {well: "30.5" if well == "A1" else cell for well in LAYOUT.wells}
    summary = read(export(wells, electrodes))
    assert get(summary, "covered_electrode_resistance", "A1").value == 30.5
    none = reason(get(summary, "covered_electrode_resistance", "A2"))
    assert none == (Status.TOO_FEW_EVENTS, "no electrode covered by cells")


def test_an_electrode_with_enough_spikes_that_is_not_active_has_no_isi_cv_of_0(read):
    wells, electrodes = tables(empty="0")
    electrodes["Number of Spikes"] |= {"A1_13": "5", "A1_12": "36"}
    electrodes["Mean Firing Rate (Hz)"] |= {"A1_13": "0.05", "A1_12": "0.36"}
    row = get(read(export(wells, electrodes)), "isi_cv", "A1_13")
    assert reason(row)[1] == "not an active electrode; the export gives it for active electrodes alone"


@pytest.mark.parametrize("blank", ["", " "])
def test_a_blank_well_is_excluded_and_has_no_electrodes(read, blank):
    summary = read(export(*tables(blank=blank)))
    why = (Status.EXCLUDED, "no data: the export leaves this well blank")
    rows = [row for row in summary.table if row.id == "A3"]
    assert {reason(row) for row in rows} == {why}
    assert {row.feature for row in rows} == {row.feature for row in summary.table if row.id == "A1"}
    assert not [row for row in summary.table if row.id.startswith("A3_")]
    assert get(summary, "qc_recording").reason == "1 of 24 wells cannot be judged."


def test_a_blank_electrode_is_excluded(read):
    wells, electrodes = tables(empty="0")
    for cells in electrodes.values():
        cells["A1_44"] = ""
    summary = read(export(wells, electrodes))
    assert reason(get(summary, "spike_count", "A1_44")) == (
        Status.EXCLUDED,
        "no data: the export leaves this electrode blank",
    )
    assert get(summary, "spike_count", "A1").value == 101


def test_every_well_has_one_verdict_and_no_row_comes_twice(read):
    summary = read(export(*tables()))
    assert [row.id for row in summary.table.select("qc_well")] == list(LAYOUT.wells)
    places = [(row.feature, row.level, row.id) for row in summary.table]
    assert len(set(places)) == len(places)


def test_a_0_may_stand_for_each_space(read):
    wells, electrodes = tables()
    content = export(wells, electrodes).decode()
    quirk = "\n".join(
        line.partition(",")[0].replace(" ", "0") + "".join(line.partition(",")[1:]) for line in content.split("\n")
    ).replace("ISI Threshold", "ISI0Threshold")
    assert read(quirk.encode()).table == read(content.encode()).table


def test_the_older_labels_mean_the_same(read):
    content = export(*tables())
    older = content.replace(b"Variation - Avg", b"Variation").replace(b"(sec)", b"(s)")
    older = older.replace(b"Network Burst Frequency", b"Network Burst Frequency (Hz)").replace(
        b"ISI (ms)", b"ISI (ms) "
    )
    older = older.replace(b"Mean ISI within Burst - Avg (s)", b"Mean ISI within Burst - Avg")
    assert read(older).table == read(content).table


def test_a_unit_of_ms_is_not_one_of_s(read):
    content = export(*tables()).replace(b"Burst Duration - Avg (sec),0.3", b"Burst Duration - Avg (ms),300", 1)
    assert get(read(content), "burst_duration", "A1").value == pytest.approx(0.3)


def test_a_semicolon_comes_with_a_decimal_comma(read):
    content = export(*tables()).decode()
    swapped = content.translate(str.maketrans({",": ";", ".": ","})).replace("day 14,spk", "day 14.spk")
    assert read(swapped.encode()).table == read(content.encode()).table


def test_line_ends_and_a_byte_order_mark_change_nothing(read):
    content = export(*tables())
    assert read(b"\xef\xbb\xbf" + content.replace(b"\n", b"\r\n")).table == read(content).table
    assert read(content.replace(b"\n", b"\r")).table == read(content).table


def test_empty_cells_at_the_end_of_rows_change_nothing(read):
    content = export(*tables())
    padded = b"\n".join(line + b"," * 40 for line in content.split(b"\n")) + b"\n"
    assert read(padded).table == read(content).table


# --- the plate ---


def test_rows_of_the_plate(read):
    summary = read(export(*tables()))
    found = {
        row.feature: (row.value if row.value is not None else row.text, row.unit)
        for row in summary.table
        if row.level == "plate"
    }  # fmt: skip -- one line is too long
    assert found == {
        "recording_duration": (100, "s"),
        "qc_origin": ("recorded", "1"),
        "qc_recording": ("ok", "1"),
        "definitions": ("axis-2023", "1"),
        "active_min_rate": (5, "1"),
        "burst_max_isi": (0.1, "s"),
        "burst_min_spikes": (5, "1"),
        "network_burst_max_isi": (0.1, "s"),
        "network_burst_min_spikes": (50, "1"),
        "network_burst_min_electrodes": (35, "%"),
        "synchrony_window": (0.02, "s"),
    }  # fmt: skip -- a table of values reads better in lines


@pytest.mark.parametrize(
    ("old", "new", "name"),
    [
        ("", "", "axis-2023"),
        ("Min # of Spikes,50", "Min # of Spikes,10", "custom"),
        ("Max ISI (ms),100\n    Min", "Max ISI (ms),50\n    Min", "custom"),
        (
            "    Algorithm,ISI Threshold\n    Min # of Spikes,5\n",
            "    Algorithm,Adaptive\n    Min # of Spikes,5\n",
            "custom",
        ),
        ("(spks/min), 5", "(spks/min), 6", "custom"),
        ("Active Electrode Criterion (spks/min), 5\n", "", "custom"),
    ],
)  # fmt: skip -- pairs read better in lines
def test_definitions_are_named_by_their_numbers(read, old, new, name):
    assert old in SETTINGS
    summary = read(export(*tables(), settings=SETTINGS.replace(old, new) if old else SETTINGS))
    assert get(summary, "definitions").text == name


def test_the_earlier_definitions(read):
    settings = SETTINGS.replace("Spikes,50", "Spikes,10").replace("(%),35", "(%),25")
    assert get(read(export(*tables(), settings=settings)), "definitions").text == "axis-2015"


def test_what_is_not_stated_is_not_made_up(read):
    summary = read(export(*tables(), settings="AxIS Spike File,a.spk\nFile Type,24-well\n\n"))
    for feature in ("recording_duration", "definitions", "burst_max_isi", "synchrony_window"):
        assert get(summary, feature).status is Status.NOT_APPLICABLE
    assert get(summary, "mean_firing_rate", "A1").value == 0.063125
    assert get(summary, "burst_percentage", "A1").value == 15


@pytest.mark.parametrize(
    ("start", "end", "duration"),
    [
        ("0", "100", 100),
        ("20", "120.5", 100.5),
        ("100", "0", None),
        ("", "", None),
        ("0", "1e300", None),
        ("0", "1e-320", None),
    ],
)
def test_the_duration_is_that_of_the_analysis(read, start, end, duration):
    settings = SETTINGS.replace("Start,0", f"Start,{start}").replace("End,100", f"End,{end}")
    row = get(read(export(*tables(), settings=settings)), "recording_duration")
    assert row.value == duration


def test_a_simulated_export_says_so(read):
    settings = f"Description: {SIMULATED_COMMENT}\n" + SETTINGS
    assert get(read(export(*tables(), settings=settings)), "qc_origin").text == "simulated"


def test_the_plate_of_an_export_that_names_none(read):
    settings = SETTINGS.replace("File Type,24-well\n", "")
    summary = read(export(*tables(), settings=settings))
    assert summary.layout.name == "24-well"
    assert summary.problems == ("the export names no plate type: a 24-well plate is the likeliest that has its wells",)


def test_treatments_beside_the_wells(read):
    wells, electrodes = tables()
    treatments = {"Treatment/ID": dict.fromkeys(LAYOUT.wells, "") | {"A1": "CNQX [10 µM]", "B2": "line 1"}}
    summary = read(export(treatments | wells, electrodes, names=LAYOUT.wells))
    assert summary.well_facts == {
        "A1": {"treatment": "CNQX", "dose": "10", "dose_unit": "uM"},
        "B2": {"treatment": "line 1"},
    }
    assert get(summary, "spike_count", "A1").value == 101


def test_the_statistics_compiler(read):
    content = export(*tables(), settings=STATISTICS.replace("\r\n", "\n"), tail="").replace(b"\n", b"\r\n")
    summary = read(content)
    assert summary.provenance.format_version == "2.3.2.3"
    assert get(summary, "definitions").text == "axis-2015"
    assert get(summary, "recording_duration").value == 100
    assert get(summary, "synchrony_window").value == 0.02
    assert get(summary, "spike_count", "A1").value == 101
    assert get(summary, "inter_burst_interval", "A1").value == 20
    assert summary.well_facts == {
        "A1": {"active": "yes", "control": "no", "treatment": "CAP", "dose": "1", "dose_unit": "uM"},
        "A2": {"active": "no", "control": "yes", "note": "old"},
    }
    assert summary.metadata["comment"] == "E1"
    assert summary.problems == ()


# --- averages over other electrodes ---


def test_an_average_over_other_electrodes_says_so(read):
    wells, electrodes = tables()
    assert get(read(export(wells, electrodes)), "isi_cv", "A1").reason == ""
    own = next(label for label in wells if label.startswith("ISI Coefficient of Variation"))
    wells[own]["A1"] = "1.25"
    row = get(read(export(wells, electrodes)), "isi_cv", "A1")
    assert (row.status, row.value) == (Status.OK, 1.25)
    assert row.reason.startswith("the export's mean over electrodes with 3 spikes; over active electrodes it is ")


def test_an_average_over_electrodes_with_a_spike_is_the_definition(read):
    row = get(read(export(*tables())), "burst_percentage", "A1")
    assert (row.status, row.value, row.reason) == (Status.OK, 15, "")


def test_without_electrodes_there_are_the_wells(read):
    summary = read(export(tables()[0]))
    assert get(summary, "burst_percentage", "A1").value == 15
    assert summary.problems == ("there is no row 'Measurement': the export has no values of electrodes",)
    assert not summary.table.select(level="electrode")


# --- what is not as it should be ---


def test_an_export_without_averages_of_wells_is_refused(read):
    with pytest.raises(CorruptHeaderError, match="has no row 'Well Averages'"):
        read(SETTINGS.encode())


def test_wells_of_no_plate_are_refused(read):
    wells, _ = tables()
    with pytest.raises(CorruptHeaderError, match="row 23 names no well of a 24-well plate"):
        read(export(wells, names=[f"X{i}" for i in range(24)]))
    with pytest.raises(CorruptHeaderError, match="row 22 names wells that no plate has"):
        read(export(wells, names=[f"X{i}" for i in range(24)], settings=SETTINGS.replace("File Type,24-well\n", "")))


@pytest.mark.parametrize("text", ["abc", "#DIV/0!", "1_0", "1.2.3", "inf", "1e999", "1e300"])
def test_a_cell_that_is_no_number_costs_only_itself(read, text):
    wells, electrodes = tables()
    wells["Burst Duration - Avg (sec)"]["A1"] = text
    summary = read(export(wells, electrodes))
    row = get(summary, "burst_duration", "A1")
    assert reason(row) == (
        Status.BAD_INPUT,
        f"row 32 (Burst Duration - Avg (sec)) has '{text}', which is no number",
    )  # fmt: skip -- a tuple of two
    assert get(summary, "qc_well", "A1").text == "ok"
    assert get(summary, "spikes_per_burst", "A1").value == 6
    assert {
        row.status for row in summary.table.select("burst_duration", level="well") if row.id not in {"A1", "A3"}
    } == {Status.TOO_FEW_EVENTS}


def test_a_well_without_any_activity_that_can_be_read_cannot_be_judged(read):
    wells, electrodes = tables()
    wells["Number of Spikes"]["B2"] = "x"
    wells["Mean Firing Rate (Hz)"]["B2"] = "y"
    summary = read(export(wells, electrodes))
    assert reason(get(summary, "qc_well", "B2"))[0] is Status.BAD_INPUT
    assert "row 25 (Number of Spikes) has 'x'" in get(summary, "qc_well", "B2").reason
    assert get(summary, "qc_well", "B1").text == "ok"


@pytest.mark.parametrize("change", [lambda line: line[: line.rindex(b",", 0, -1)], lambda line: line + b"7"])
def test_a_row_with_a_wrong_number_of_cells_costs_only_itself(read, change):
    lines = export(*tables(), tail="").split(b"\n")
    at = next(i for i, line in enumerate(lines) if line.startswith(b"    Number of Bursts"))
    lines[at] = change(lines[at] + (b"," if change(b"a,b,").endswith(b"7") else b""))
    summary = read(b"\n".join(lines))
    n = 25 if lines[at].endswith(b"7") else 23
    for well in ("A1", "A2", "D6"):
        assert reason(get(summary, "burst_count", well)) == (
            Status.BAD_INPUT,
            f"row {at + 1} (Number of Bursts) has {n} cells for 24 names",
        )
        assert get(summary, "qc_well", well).text == "ok"
    assert get(summary, "spike_count", "A1").value == 101
    assert get(summary, "burst_duration", "A1").value == 0.3


@pytest.mark.parametrize(
    ("old", "new", "n"), [(b"2,0,,0,", b"2(0,,0,", 24), (b"2,0,,0,", b"2,0,,,0,", 26)], ids=["lost", "gained"]
)
def test_a_row_whose_last_well_is_blank_does_not_move_to_other_wells(read, old, new, n):
    wells, electrodes = tables()
    for row in wells.values():
        row["D6"] = ""
    lines = export(wells, electrodes).split(b"\n")
    at = next(i for i, line in enumerate(lines) if line.startswith(b"    Number of Active Electrodes"))
    lines[at] = lines[at].replace(old, new, 1)
    summary = read(b"\n".join(lines))
    for well in ("A3", "D6"):
        assert reason(get(summary, "qc_well", well)) == (
            Status.EXCLUDED,
            "no data: the export leaves this well blank",
        )
        assert get(summary, "active_electrode_count", well).status is Status.EXCLUDED
    assert summary.problems == (
        f"row {at + 1} (Number of Active Electrodes) has {n} cells, but the rows beside it 25; not read",
    )
    for well in ("A1", "A2", "B1"):
        assert reason(get(summary, "active_electrode_count", well)) == (
            Status.BAD_INPUT,
            f"row {at + 1} (Number of Active Electrodes) has {n} cells, but the rows beside it 25",
        )
        assert get(summary, "qc_well", well).text == "ok"
    assert get(summary, "spike_count", "A1").value == 101


def test_rows_that_a_spreadsheet_filled_up_are_whole(read):
    # It fills up sixteen rows at a time to the longest of them: here the last of the wells as those of electrodes.
    expected = read(export(*tables(), tail=""))
    lines = export(*tables(), tail="").split(b"\n")
    at = next(i for i, line in enumerate(lines) if line.startswith(b"Measurement"))
    width = lines[at].count(b",")
    for i in (at - 2, at - 1):
        lines[i] += b"," * (width - lines[i].count(b","))
    assert read(b"\n".join(lines)).table == expected.table


def test_a_title_may_end_with_a_cell_that_no_row_has(read):
    expected = read(export(*tables(), tail=""))
    content = export(*tables(), tail="")
    for title in (b"Well Averages,", b"Measurement,"):
        line = next(each for each in content.split(b"\n") if each.startswith(title))
        content = content.replace(line, line + b",", 1)
    assert read(content).table == expected.table


def test_a_well_that_the_plate_does_not_have_is_left_out(read):
    wells, electrodes = tables()
    names = [well if well != "D6" else "H12" for well in LAYOUT.wells]
    summary = read(export(wells, electrodes, names=names))
    assert summary.problems[0] == "row 23: a 24-well plate has no well 'H12'; not read"
    assert reason(get(summary, "qc_well", "D6")) == (
        Status.EXCLUDED,
        "no data: the export has no column for this well",
    )  # fmt: skip -- a tuple of two
    assert not [row for row in summary.table if row.id in {"D6", "H12"} and row.feature != "qc_well"]
    assert get(summary, "spike_count", "A1").value == 101


def test_a_well_that_stands_there_twice_is_read_once(read):
    wells, electrodes = tables()
    summary = read(export(wells, electrodes, names=["A1", "A1", *LAYOUT.wells[2:]]))
    assert get(summary, "spike_count", "A1").value == 101
    assert summary.problems[0] == "row 23: well A1 has two columns; the first was read"
    assert get(summary, "qc_well", "A2").status is Status.EXCLUDED


def test_electrodes_that_the_plate_does_not_have_are_left_out(read):
    content = export(*tables()).replace(b"D6_44,\n", b"D6_99,\n")
    summary = read(content)
    assert summary.problems == (
        "row 55: a 24-well plate has no electrode 'D6_99'; not read",
        "row 55: has 383 of the 384 electrodes of the plate",
    )


@pytest.mark.parametrize("left", [{"B1"}, {"B1", "B2"}])
def test_electrodes_of_wells_that_have_no_column_are_not_read(read, left):
    wells, electrodes = tables()
    wells = {label: {well: cells[well] for well in sorted(left)} for label, cells in wells.items()}
    electrodes = {
        label: {name: cell for name, cell in cells.items() if name.partition("_")[0] != "B1"}
        for label, cells in electrodes.items()
    }
    summary = read(export(wells, electrodes))
    assert {row.id for row in summary.table if row.level == "well" and row.feature != "qc_well"} == left
    assert {row.id.partition("_")[0] for row in summary.table if row.level == "electrode"} == left - {"B1"}


@pytest.mark.parametrize(
    ("label", "text", "feature", "why"),
    [
        ("Number of Active Electrodes", "17", "active_electrode_count", "cannot be: 17 active electrodes of 16"),
        ("Number of Active Electrodes", "17", "active_electrode_fraction", "cannot be: 17 active electrodes of 16"),
        ("Number of Bursting Electrodes", "17", "bursting_electrode_count", "cannot be: 17 bursting electrodes of 16"),
        ("Number of Bursting Electrodes", "0", "burst_count", "cannot be: 0 bursting electrodes with 4 bursts"),
        ("Number of Bursting Electrodes", "5", "burst_count", "cannot be: 5 bursting electrodes with 4 bursts"),
        (
            "Number of Elecs Participating in Burst - Avg",
            "16.5",
            "electrodes_per_network_burst",
            "cannot be: 16.5 electrodes of 16 in a network burst",
        ),
        ("Number of Network Bursts", "102", "network_burst_count", "cannot be: 102 network bursts of 101 spikes"),
        (
            "Mean Firing Rate (Hz)",
            "0.9",
            "mean_firing_rate",
            "cannot be: 0.9 Hz with 101 spikes of 16 electrodes in 100 s",
        ),
    ],
)  # fmt: skip -- pairs read better in lines
def test_numbers_that_contradict_are_bad_input(read, label, text, feature, why):
    wells, electrodes = tables()
    wells[label]["A1"] = text
    summary = read(export(wells, electrodes))
    assert reason(get(summary, feature, "A1")) == (Status.BAD_INPUT, why)
    assert get(summary, "qc_well", "A1").status is Status.BAD_INPUT
    assert get(summary, "qc_well", "A2").text == "ok"
    assert get(summary, "burst_duration", "A1").value == 0.3


@pytest.mark.parametrize(
    ("label", "text", "feature", "why"),
    [
        ("Number of Spikes", "-101", "spike_count", "a value below 0"),
        ("Number of Network Bursts", "2.5", "network_burst_count", "a count that is no whole number"),
        ("Burst Percentage - Avg", "101", "burst_percentage", "more than 100 %"),
        ("Burst Duration - Avg (sec)", "-0.3", "burst_duration", "a value below 0"),
        (
            "Burst Duration - Avg (sec)",
            "0",
            "burst_duration",
            "the export gives 0, though there was something to measure",
        ),
        ("Mean Firing Rate (Hz)", "", "mean_firing_rate", "the export leaves it empty"),
        ("Number of Active Electrodes", " ", "active_electrode_count", "the export leaves it empty"),
        ("Number of Spikes", "105", "spike_count", "contradicts its electrodes, which have 101 together, not 105"),
    ],
)
def test_values_that_cannot_be_are_bad_input(read, label, text, feature, why):
    wells, electrodes = tables()
    wells[label]["A1"] = text
    summary = read(export(wells, electrodes))
    assert reason(get(summary, feature, "A1")) == (Status.BAD_INPUT, why)
    assert get(summary, "qc_well", "A2").text == "ok"


def test_a_value_beside_nothing_to_measure_is_bad_input(read):
    wells, electrodes = tables()
    wells["Network Burst Duration - Avg (sec)"]["A2"] = "0.4"
    electrodes["Burst Duration - Avg (sec)"]["A1_14"] = "0.4"
    electrodes["Mean Firing Rate (Hz)"]["A1_11"] = "9"
    electrodes["Number of Bursts"]["A1_13"] = "2"
    summary = read(export(wells, electrodes))
    bad = Status.BAD_INPUT
    assert reason(get(summary, "network_burst_duration", "A2")) == (bad, "a value beside no network burst")
    assert reason(get(summary, "burst_duration", "A1_14")) == (bad, "a value beside no burst")
    assert reason(get(summary, "mean_firing_rate", "A1_11")) == (bad, "cannot be: 9 Hz with 60 spikes in 100 s")
    assert reason(get(summary, "burst_count", "A1_13")) == (bad, "cannot be: 2 bursts of 1 spikes")


def test_a_rate_over_fewer_electrodes_is_a_remark(read):
    wells, electrodes = tables()
    wells["Mean Firing Rate (Hz)"]["A1"] = f"{101 / 100 / 12:.6f}"
    row = get(read(export(wells, electrodes)), "mean_firing_rate", "A1")
    assert (row.status, row.reason) == (Status.OK, "over 12 of the 16 electrodes of the well")


def test_a_metric_that_is_empty_everywhere_was_not_exported(read):
    wells, electrodes = tables(empty="0")
    for well in LAYOUT.wells:
        wells["Synchrony Index"][well] = " "
        wells["Mean Firing Rate (Hz)"][well] = " "
    summary = read(export(wells, electrodes))
    why = (Status.NOT_APPLICABLE, "the export leaves it empty in every well")
    assert reason(get(summary, "synchrony_index", "A1")) == why
    assert reason(get(summary, "mean_firing_rate", "A1")) == why
    wells["Synchrony Index"]["B1"] = "0.1"
    assert get(read(export(wells, electrodes)), "synchrony_index", "A1").reason == "the export leaves it empty"


def test_a_stray_quote_costs_only_itself(read):
    wells, electrodes = tables()
    wells["Burst Duration - Avg (sec)"]["B2"] = '"'
    wells["Burst Percentage - Avg"]["B3"] = '"'
    summary = read(export(wells, electrodes))
    assert get(summary, "inter_burst_interval", "A1").value == 20
    assert get(summary, "burst_duration", "A1").value == 0.3
    assert summary.problems == ("row 32 and 1 more: a quote is opened and never closed, the row was read without it",)


def test_a_second_row_and_a_second_block_are_not_read(read):
    wells, electrodes = tables()
    content = export(wells, electrodes)
    row = next(line for line in content.split(b"\n") if line.startswith(b"    Number of Spikes,101"))
    content = content.replace(row, row + b"\n" + row.replace(b"101", b"999"), 1)
    summary = read(content + b"\nWell Averages,A1\n    Number of Spikes,5\n")
    assert get(summary, "spike_count", "A1").value == 101
    assert summary.problems == (
        "row 26: a second 'Number of Spikes' was not read",
        "row 70: a second block 'Well Averages' was not read",
    )


def test_the_last_cell_of_a_file_that_was_cut_is_not_believed(read):
    wells, electrodes = tables(empty="0")
    wells["Kreuz SPIKE Distance"]["D6"] = "0.123"
    del electrodes["Resistance (kOhms)"]
    content = export(wells, tail="").rstrip()
    summary = read(content[:-1])
    row = get(summary, "spike_distance", "D6")
    assert reason(row) == (
        Status.BAD_INPUT,
        "row 53 (Kreuz SPIKE Distance) is the last of a file that ends within it",
    )  # fmt: skip -- a tuple of two
    assert summary.problems[0] == "the last line has no line end: the file may have been cut"
    assert get(summary, "spike_distance", "A1").value == 0.3
