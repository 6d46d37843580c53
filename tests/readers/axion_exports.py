"""Build the vendor's CSV exports, a spike list and metrics, as small as they may be."""

from __future__ import annotations

from mnephys.measurement import Measurement, Status
from mnephys.recording import LAYOUTS
from mnephys.summary import PlateSummary

# --- spike lists ---

REAL = "mea/exports/axis_DIV3_spike_list.csv"
TITLES = ("Time (s)", "Electrode", "Amplitude(mV)")
PANEL = {
    "Investigator": "",
    "Experiment ID": "E1",
    "Description": "",
    " 1": "",
    "Maestro Settings": "",
    "   Sampling Frequency": "12.5 kHz",
    "   Plate Type": "CytoView MEA 24",
    "   AxIS Version": "3.6.2.2",
    " 2": "",
    "Actual File Section Run": "0s to 1m0s",
    "Recording Offset from File Start": "0s",
}
SPIKES = [("0.1", "A1_11", "0.05"), ("0.2", "A1_12", "0.06"), ("0.30008", "D6_44", "0.07"), ("1.5", "A1_11", "0.08")]
FOOTER = (
    "\r\nWell Information\r\nWell,A1,A2\r\nActive,True,True\r\nWell Coloring,#FFFFFF,#FFFFFF\r\n"
    "Control,False,True\r\nTreatment,CAP,\r\nConcentration,100 nM,\r\nAdditional Information,,45K cells\r\n"
)


def csv_of(spikes=SPIKES, panel=None, *, titles=TITLES, footer="", delimiter=",", end="\r\n", **changes) -> bytes:
    """Return a spike list: titles, then one row per spike or setting, whichever are more."""
    settings = [
        (key.rstrip("12 ") if key.startswith(" ") and key[1].isdigit() else key, value)
        for key, value in {**(PANEL if panel is None else panel), **changes}.items()
        if value is not None
    ]
    rows = [(*settings[0], *titles)] if settings else [titles]
    height = max(len(settings) - 1, len(spikes))
    empty = ("",) * len(titles)
    for i in range(height):
        left = () if not settings else settings[i + 1] if i + 1 < len(settings) else ("", "")
        rows.append((*left, *(spikes[i] if i < len(spikes) else empty)))
    return (end.join(delimiter.join(row) for row in rows) + end + footer).encode()


def many(n: int, last: float) -> list[tuple[str, str, str]]:
    return [(f"{last * i / (n - 1):.6f}", f"A{1 + i % 6}_11", "0.1") for i in range(n)]


# --- metrics ---

EXPORTS = {
    "agonist": "mea/exports/nmt_24well_agonist_neuralMetrics.csv",
    "2025": "mea/exports/nmt2025_24well_DIV41_neuralMetrics.csv",
    "statistics": "mea/exports/axis23_48well_DIV14_statistics.csv",
}
DAYS = ("05", "08", "11", "14", "15", "17", "21", "23", "26", "28", "31", "34")
MOTOR = {f"DIV{day}": f"mea/motor_neuron_neural_metrics/DIV{day}.csv" for day in DAYS}
LAYOUT = LAYOUTS["24-well"]
NAMES = [f"{well}_{label}" for well in LAYOUT.wells for label in LAYOUT.labels]
SETTINGS = """AxIS Spike File,C:\\plates\\day 14.spk
File Type,24-well

Analysis Start,0
Analysis End,100
Active Electrode Criterion (spks/min), 5
Remove Coincident Artifacts,False

Electrode Burst Settings,
    Algorithm,ISI Threshold
    Min # of Spikes,5
    Max ISI (ms),100

Network Burst Settings,
    Algorithm,ISI Threshold
    Min # of Spikes,50
    Max ISI (ms),100
    Min # of Electrodes (%),35

Synchrony Settings,
    Synchrony Window,20

"""
# A1 has three electrodes with spikes, two of them active; A2 is silent, A3 blank, and the others are as A2.
WELL_ROWS = {
    "Number of Spikes": ("101", "0"),
    "Mean Firing Rate (Hz)": ("0.063125", "0"),
    "ISI Coefficient of Variation - Avg": ("1.5", None),
    "Number of Active Electrodes": ("2", "0"),
    "Weighted Mean Firing Rate (Hz)": ("0.5", None),
    "Number of Bursts": ("4", "0"),
    "Number of Bursting Electrodes": ("2", "0"),
    "Burst Duration - Avg (sec)": ("0.3", None),
    "Burst Duration - Std (sec)": ("0.1", None),
    "Number of Spikes per Burst - Avg": ("6", None),
    "Mean ISI within Burst - Avg (sec)": ("0.05", None),
    "Inter-Burst Interval - Avg (sec)": ("20", None),
    "Burst Frequency - Avg (Hz)": ("0.02", None),
    "IBI Coefficient of Variation - Avg": ("0.8", None),
    "Burst Percentage - Avg": ("15", None),
    "Number of Network Bursts": ("4", "0"),
    "Network Burst Frequency": ("0.04", None),
    "Network Burst Duration - Avg (sec)": ("0.5", None),
    "Number of Spikes per Network Burst - Avg": ("10", None),
    "Mean ISI within Network Burst - Avg (sec)": ("0.055", None),
    "Number of Elecs Participating in Burst - Avg": ("2.5", None),
    "Network Burst Percentage": ("40", None),
    "Network IBI Coefficient of Variation": ("0.4", None),
    "Network Normalized Duration IQR": ("-0.03", None),
    "Area Under Normalized Cross-Correlation": ("-0.0018", None),
    "Area Under Cross-Correlation": ("0", None),
    "Full Width at Half Height of Cross-Correlation": ("12", None),
    "Synchrony Index": ("0.2", None),
    "Kreuz SPIKE Distance": ("0.3", None),
}
ELECTRODE_ROWS = {
    "Number of Spikes": ("60", "40", "1", "0"),
    "Mean Firing Rate (Hz)": ("0.6", "0.4", "0.01", "0"),
    "ISI Coefficient of Variation": ("2", "1", None, None),
    "Number of Bursts": ("3", "1", "0", "0"),
    "Burst Duration - Avg (sec)": ("0.4", "0.2", None, None),
    "Number of Spikes per Burst - Avg": ("6", "6", None, None),
    "Mean ISI within Burst - Avg (sec)": ("0.05", "0.05", None, None),
    "Inter-Burst Interval - Avg (sec)": ("20", None, None, None),
    "Burst Frequency (Hz)": ("0.03", "0.01", None, None),
    "IBI Coefficient of Variation": ("0.8", None, None, None),
    "Burst Percentage": ("30", "15", "0", None),
    "Resistance (kOhms)": ("20", "21", "22", "23"),
}


def tables(*, empty="", blank="") -> tuple[dict[str, dict[str, str]], dict[str, dict[str, str]]]:
    """Return the cells of both blocks by label and name."""
    wells = {
        label: {well: blank if well == "A3" else (active if well == "A1" else silent) or empty for well in LAYOUT.wells}
        for label, (active, silent) in {
            k: (a, s if s is not None else empty) for k, (a, s) in WELL_ROWS.items()
        }.items()
    }
    places = {"A1_11": 0, "A1_12": 1, "A1_13": 2}
    electrodes = {
        label: {name: blank if name.startswith("A3_") else (cells[places.get(name, 3)] or empty) for name in NAMES}
        for label, cells in ELECTRODE_ROWS.items()
    }
    return wells, electrodes


def export(wells, electrodes=None, *, settings=SETTINGS, names=None, tail=",") -> bytes:
    """Return an export of the metric tool."""
    lines = [settings + "Well Averages," + ",".join(names or next(iter(wells.values()))) + tail, "Activity Metrics"]
    lines += [f"    {label}," + ",".join(cells.values()) + tail for label, cells in wells.items()]
    if electrodes is not None:
        lines += ["", "Measurement," + ",".join(next(iter(electrodes.values()))) + tail]
        lines += [f"    {label}," + ",".join(cells.values()) + tail for label, cells in electrodes.items()]
    return ("\n".join(lines) + "\n").encode()


STATISTICS = (
    "Investigator: Ann\r\nExperiment ID: E1\r\n\r\n,\r\nMaestro Settings,\r\n   Plate Type,Maestro 24-Well\r\n"
    "   AxIS Version,2.3.2.3\r\n,\r\nBurst Detector Settings,\r\n"
    "   Burst Detection Algorithm,Inter-Spike Interval (ISI) Threshold\r\n   Maximum Inter-Spike Interval,100 ms\r\n"
    "   Minimum Number of Spikes,5\r\n   Maximum Inter-Spike Interval (network bursts),100 ms\r\n"
    "   Minimum Number of Spikes (network bursts),10\r\n   Minimum Participating Electrodes (%),25\r\n"
    "   Synchrony Window,20 ms\r\n,\r\nStatistics Compiler Settings,\r\n"
    "   Minimum Spike Rate for Active Electrode,5 spikes/minute\r\n,\r\n\r\nWell Information\r\nWell,A1,A2\r\n"
    "Active,True,False\r\nControl,False,True\r\nTreatment,CAP,\r\nConcentration,1 µM,\r\n"
    "Additional Information,,old\r\n,\r\nAnalysis Start (s): ,0\r\nAnalysis Duration (s): ,100\r\n\r\n"
    "Treatment Averages,CAP\r\nTotal Wells,24\r\nNumber of Spikes - Avg,999\r\n"
    "Inter-Burst Interval - Avg (s),0.01\r\n\r\n"
)


def get(summary: PlateSummary, feature: str, place: str = "") -> Measurement:
    level = "plate" if not place else "electrode" if "_" in place else "well"
    found = [row for row in summary.table if (row.feature, row.level, row.id) == (feature, level, place)]
    assert len(found) == 1, f"{len(found)} rows of {feature} in {place}"
    return found[0]


def reason(row: Measurement) -> tuple[Status, str]:
    assert row.value is None
    return row.status, row.reason
