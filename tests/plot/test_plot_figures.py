"""Figures: what is drawn is what the record says."""

from __future__ import annotations

import io
import subprocess
import sys

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure

from mnephys import plot
from mnephys.plot import style
from mnephys.plot.criteria import position

EVIDENCE = {
    "response_unit": "mV",
    "command_unit": "pA",
    "command_source": "recorded",
    "time": [0.0, 0.1, 0.2, 0.3],
    "response": [[-70, -80, -80, -70], [-70, -50, 30, -70], [-70, None, None, None]],
    "command": [[0, -20, -20, 0], [0, 40, 40, 0], [0, 10, 10, 0]],
    "excluded_sweeps": {"2": "seal lost"},
    "steps": {
        "sweep": [0, 1, 2],
        "start": [0.1, 0.1, 0.1],
        "stop": [0.3, 0.3, 0.3],
        "current": [-20, 40, 10],
        "spike_count": [0, 3, 9],
        "sustained_rate": [None, 15.0, None],
    },
    "spikes": {"peak_time": [0.2], "peak_voltage": [30.0]},
    "waveforms": {
        "time": [-1, 0, 1],
        "voltage": [[-50, 30, -60], [-49, 28, None]],
        "slope": [[9, 200, -40], [8, 190, None]],
    },
}
FUNCTIONS = (plot.sweeps, plot.command, plot.firing_curve, plot.phase_plane)


def png(ax):
    buffer = io.BytesIO()
    ax.figure.savefig(buffer, format="png", dpi=40)
    return buffer.getvalue()


def words(ax):
    return [text.get_text() for text in ax.texts]


@pytest.mark.parametrize("draw", FUNCTIONS)
def test_the_axes_given_are_those_returned(draw):
    figure = Figure()
    FigureCanvasAgg(figure)
    ax = figure.add_subplot()
    assert draw(EVIDENCE, ax) is ax
    assert len(figure.axes) == 1


@pytest.mark.parametrize("draw", FUNCTIONS)
def test_a_figure_of_its_own_can_be_saved_and_is_the_same_twice(draw):
    assert png(draw(EVIDENCE)) == png(draw(EVIDENCE))


@pytest.mark.parametrize("draw", FUNCTIONS)
def test_both_axes_carry_their_unit(draw):
    ax = draw(EVIDENCE)
    for label in (ax.get_xlabel(), ax.get_ylabel()):
        assert label.endswith(("(s)", "(mV)", "(pA)", "(Hz)", "(mV/ms)"))


@pytest.mark.parametrize("draw", FUNCTIONS)
def test_an_empty_record_says_so_instead_of_failing(draw):
    ax = draw({"response": [], "time": [], "command": None, "steps": {}, "spikes": {}, "waveforms": {}})
    assert len(words(ax)) == 1
    png(ax)


def test_sweeps_are_drawn_with_their_peaks_and_excluded_ones_apart():
    ax = plot.sweeps(EVIDENCE)
    excluded, used, peaks = ax.collections
    assert [line.tolist() for line in used.get_segments()] == [
        [[0.0, -70.0], [0.1, -80.0], [0.2, -80.0], [0.3, -70.0]],
        [[0.0, -70.0], [0.1, -50.0], [0.2, 30.0], [0.3, -70.0]],
    ]
    assert len(excluded.get_paths()) == 1
    assert excluded.get_linestyle()[0][1] is not None
    assert np.asarray(peaks.get_offsets()).tolist() == [[0.2, 30.0]]
    assert tuple(peaks.get_facecolor()[0]) == to_rgba(style.VERMILLION)


def test_colours_follow_the_current_and_not_the_order():
    reverse = {**EVIDENCE, "excluded_sweeps": {}, "response": EVIDENCE["response"][:2]}
    reverse["steps"] = {"sweep": [0, 1], "current": [40, -20]}
    low_first = plot.sweeps({**reverse, "steps": {"sweep": [0, 1], "current": [-20, 40]}}).collections[1].get_colors()
    high_first = plot.sweeps(reverse).collections[1].get_colors()
    assert np.array_equal(low_first, high_first[::-1])
    assert not np.array_equal(low_first[0], low_first[1])


def test_what_is_flat_in_every_trace_is_drawn_from_its_ends():
    flat = {"time": [0, 1, 2, 3, 4], "command": [[0, 0, 0, 5, 5], [0, 0, 0, None, None]]}
    segments = plot.command(flat).collections[1].get_segments()
    assert segments[0].tolist() == [[0, 0], [2, 0], [3, 5], [4, 5]]


def test_a_command_that_was_not_recorded_is_drawn_from_its_steps():
    ax = plot.command({**EVIDENCE, "command": None})
    corners = ax.collections[0].get_segments()[1]
    assert corners.tolist() == [[0.1, 0.0], [0.1, 40.0], [0.3, 40.0], [0.3, 0.0]]
    assert ax.get_xlim() == (0.0, 0.3)


def test_the_firing_curve_leaves_out_excluded_sweeps():
    line, dots, sustained = plot.firing_curve(EVIDENCE).lines
    assert line.get_xdata().tolist() == [-20, 40]
    assert np.allclose(line.get_ydata(), [0, 15])
    assert np.allclose(dots.get_ydata(), [0, 15])
    assert np.allclose(sustained.get_ydata()[1:], [15])


def test_repeats_of_a_current_are_averaged_by_the_line():
    steps = {"sweep": [0, 1], "start": [0, 0], "stop": [1, 1], "current": [50, 50], "spike_count": [2, 6]}
    line, dots = plot.firing_curve({"steps": steps}).lines[:2]
    assert line.get_ydata().tolist() == [4.0]
    assert dots.get_ydata().tolist() == [2.0, 6.0]


def test_a_silent_cell_has_a_firing_curve_at_zero():
    steps = {"sweep": [0, 1], "start": [0, 0], "stop": [1, 1], "current": [0, 50], "spike_count": [0, 0]}
    ax = plot.firing_curve({"steps": steps})
    assert ax.lines[0].get_ydata().tolist() == [0.0, 0.0]
    assert words(ax) == ["no action potential on any step"]


def test_steps_without_a_current_make_no_curve():
    steps = {"sweep": [0], "start": [0], "stop": [1], "current": [None], "spike_count": [3]}
    assert words(plot.firing_curve({"steps": steps})) == ["no step with a known current"]


def test_the_phase_plane_shows_the_first_ap_on_top_of_the_others():
    ax = plot.phase_plane(EVIDENCE)
    threshold, first = ax.lines[:2]
    assert list(threshold.get_ydata()) == [10, 10]
    assert first.get_xdata().tolist() == [-50, 30, -60]
    assert first.get_ydata().tolist() == [9, 200, -40]
    assert len(ax.collections[0].get_paths()) == 1


@pytest.mark.parametrize(
    ("row", "low", "high"),
    [
        ({"value": -44.0, "immature": -45, "mature": -55, "points": 0.0}, 0, 1 / 3),
        ({"value": -45.0, "immature": -45, "mature": -55, "points": 0.0}, 1 / 3, 1 / 3),
        ({"value": -52.5, "immature": -45, "mature": -55, "points": 0.75}, 0.58, 0.585),
        ({"value": -70.0, "immature": -45, "mature": -55, "points": 1.0}, 1, 9),
        ({"value": 2000.0, "immature": 1000, "mature": 500, "points": 0.0}, -9, 0),
        ({"value": -1500.0, "immature": 500, "mature": 1000, "points": 1.0}, 1, 1),
        ({"value": -100.0, "immature": 500, "mature": 1000, "points": 0.0}, -1, 1 / 3),
        ({"value": None, "text": "sustained", "points": 1.0}, 2 / 3, 1),
        ({"value": None, "immature": 4.0, "mature": 2.5, "points": 0.0}, 0, 1 / 3),
        ({"value": 2.0, "immature": 2.0, "mature": 2.0, "points": 1.0}, 2 / 3, 1),
    ],
)
def test_a_value_lies_in_the_zone_of_its_points(row, low, high):
    assert low - 1e-9 <= position(row) <= high + 1e-9


def test_rows_without_cuts_have_no_place_on_the_scale():
    assert position({"value": 3.0, "immature": None, "mature": None, "points": None}) is None


def test_criteria_show_value_cuts_and_reasons():
    cuts = {"immature": 50, "mature": 60}
    missing = {"value": None, "status": "bad_input", "reason": "the bridge is off"}
    score = {
        "criteria": [
            {"feature": "ap_amplitude", "value": 55.0, "unit": "mV", "status": "ok", **cuts, "points": 0.5},
            {"feature": "input_resistance", "unit": "MOhm", **missing},
            {"feature": "ap_half_width", "value": None, "unit": "ms", "status": "not_applicable", "points": 0.0},
            {"feature": "sag_ratio", "value": 0.9, "unit": "1", "status": "ok"},
        ]
    }
    ax = plot.criteria(score)
    assert [text.get_text() for text in ax.texts if text.get_position()[0] < 0] == [
        "AP amplitude", "input resistance", "AP half-width", "sag ratio",
    ]  # fmt: skip
    assert words(ax)[-3:] == ["immature", "between", "mature"]
    assert words(ax)[:-7] == [
        "55.0\N{NO-BREAK SPACE}mV", "50", "60", "the bridge is off", "counts as 0", "0.900", "shown, not scored",
    ]  # fmt: skip
    measured, hollow = ax.lines
    assert measured.get_xdata() == [0.5]
    assert hollow.get_markerfacecolor() == "none"


@pytest.mark.parametrize("value", [46.0, 48.5, 49.2, 49.9, 50.0, 50.2, 51.0, 52.0, 57.0, 58.5, 59.8, 60.5, 61.2, 62.0])
def test_no_number_is_hidden_by_the_mark(value):
    points = min(1.0, max(0.0, (value - 50) / 10))
    row = {
        "feature": "x",
        "value": value,
        "unit": "mV",
        "status": "ok",
        "immature": 50.0,
        "mature": 60.0,
        "points": points,
    }
    ax = plot.criteria({"criteria": [row, row]})
    png(ax)
    mark = ax.lines[0].get_window_extent()
    for text in ax.texts:
        box = text.get_window_extent()
        assert box.y0 > mark.y1 or box.y1 < mark.y0 or box.x1 < mark.x0 or box.x0 > mark.x1, text.get_text()


def test_labels_that_look_like_formulas_are_drawn_as_they_are():
    hostile = "$\\frac{$_{<b>\x00"
    row = {"feature": hostile, "text": hostile, "value": None, "unit": hostile, "status": "ok", "points": 1.0}
    missing = {**row, "status": hostile, "reason": hostile * 40, "points": None}
    ax = plot.criteria({"criteria": [row, missing]})
    assert "\x00" not in "".join(words(ax))
    png(ax)
    png(plot.sweeps({**EVIDENCE, "response_unit": hostile, "command_unit": hostile}))
    png(plot.firing_curve({**EVIDENCE, "command_unit": hostile}))


def test_drawing_leaves_no_global_state():
    script = (
        "import sys, matplotlib\n"
        "before = repr(list(dict.items(matplotlib.rcParams)))\n"
        "from mnephys import plot\n"
        "ax = plot.sweeps({'time': [0, 1], 'response': [[-70, -60]]}); ax.figure.canvas.draw()\n"
        "assert 'matplotlib.pyplot' not in sys.modules\n"
        "assert repr(list(dict.items(matplotlib.rcParams))) == before\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


def test_ordered_colours_rise_in_lightness():
    colours = style.ordered_colours(np.arange(9))[:, :3]
    lightness = colours @ (0.2126, 0.7152, 0.0722)
    assert (np.diff(lightness) > 0).all()
    assert lightness[-1] - lightness[0] > 0.4


CLAMPED = {
    "currents": {
        "command": [20, -40, -20],
        "inward_peak": [-300, -100, -900],
        "inward_peak_raw": [-310, -120, -910],
        "sustained": [50, None, 20],
    },
    "synaptic": {"amplitude": [-12.0, 9.0, None, -30.0]},
}


def test_currents_are_drawn_in_the_order_of_their_potential():
    ax = plot.current_voltage(CLAMPED)
    corrected, raw, sustained = ax.lines[:3]
    assert corrected.get_xdata().tolist() == [-40, -20, 20]
    assert corrected.get_ydata().tolist() == [-100, -900, -300]
    assert raw.get_ydata().tolist() == [-120, -910, -310]
    assert np.isnan(sustained.get_ydata()[0])
    assert words(plot.current_voltage({})) == ["no step that opens Na or K currents"]


def test_every_event_with_a_size_is_in_the_histogram():
    assert sum(bar.get_height() for bar in plot.event_amplitudes(CLAMPED).patches) == 3
    assert words(plot.event_amplitudes({})) == ["no postsynaptic current was found"]
