"""Figures of plates: every well stands at its place, and what is drawn is what the record says."""

from __future__ import annotations

import base64
import io
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from mnephys import plot
from mnephys.plot import style, wells
from mnephys.plot.days import NOT_STATED, by_line
from mnephys.plot.spikes import raster_counts, span
from mnephys.plot.wells import State


def well(name, index, stage="emerging", *, recording="a.csv", **sample):
    return {
        "level": "well", "subject": f"P {name}", "id": name, "recording": recording, "status": "ok",
        "network_stage": stage, "maturity_index": index, "reasons": ["Active."], "sample": sample,
    }  # fmt: skip


def packed(counts):
    return base64.b64encode(zlib.compress(np.asarray(counts, dtype=np.uint8).tobytes())).decode()


def record(counts, **more):
    labels = [str(i) for i in range(len(counts))]
    raster = {"n_bins": len(counts[0]), "wells": {"A1": packed(counts)}}
    return {"start": 100.0, "stop": 104.0, "layout": {"labels": labels}, "raster": raster} | more


def png(ax):
    buffer = io.BytesIO()
    ax.figure.savefig(buffer, format="png", dpi=40)
    return buffer.getvalue()


def words(ax):
    return [text.get_text() for text in ax.texts]


WELLS = [
    well("A1", 0.0, "absent"),
    well("B2", 0.31),
    well("D6", 0.98, "organised"),
    {**well("A2", None), "network_stage": "indeterminate"},
    {**well("A3", None), "status": "excluded", "reasons": ["No data: blank."]},
    {**well("A4", None), "status": "excluded", "reasons": ["Not plated."], "sample": {"plated": False}},
    {**well("A5", None), "status": "excluded", "reasons": ["3 of 120 rows could not be read."]},
]


def test_each_kind_of_well_has_its_state():
    expected = [State.SCORED] * 3 + [State.OPEN, State.BLANK, State.UNPLATED, State.EXCLUDED]
    assert [wells.state_of(score) for score in WELLS] == expected


def test_wells_have_the_colour_and_digits_of_their_index_at_their_place():
    ax = plot.plate_map(WELLS)
    at = {(round(p.get_x() + 0.45), round(p.get_y() + 0.45)): p for p in ax.patches}
    assert len(at) == 24
    for place, index in {(0, 0): 0.0, (1, 1): 0.31, (5, 3): 0.98}.items():
        assert to_hex(at[place].get_facecolor()) == style.INDEX_COLOURS[min(int(10 * index), 9)]
    assert words(ax) == ["0.00", "0.31", "0.98"]
    assert [tuple(np.round(t.get_position(), 6)) for t in ax.texts] == [(0, 0.2), (1, 1.2), (5, 3.2)]


def test_wells_without_an_index_are_drawn_apart_and_explained():
    ax = plot.plate_map(WELLS)
    at = {(round(p.get_x() + 0.45), round(p.get_y() + 0.45)): p for p in ax.patches}
    assert at[2, 0].get_hatch()
    assert at[3, 0].get_linestyle() not in {"-", "solid"}
    assert to_hex(at[4, 0].get_facecolor(), keep_alpha=True).endswith("00")
    legend = [text.get_text() for text in ax.get_legend().get_texts()]
    for word in ("organised", "emerging", "absent", "no data", "not plated", "excluded (crossed)", "no index"):
        assert word in legend
    png(ax)


def test_the_stage_is_a_mark_and_not_a_colour_alone():
    ax = plot.plate_map(WELLS)
    marks = {tuple(np.round([line.get_xdata()[0], line.get_ydata()[0]], 6)): line for line in ax.lines}
    styles = [marks[place].get_fillstyle() for place in ((0, -0.2), (1, 0.8), (5, 2.8))]
    assert styles == ["none", "left", "full"]


def test_a_map_holds_one_recording():
    with pytest.raises(ValueError, match="2 recordings"):
        plot.plate_map([well("A1", 0.1), well("A1", 0.2, recording="b.csv")])


def test_the_layout_decides_how_large_a_plate_is():
    assert len(plot.plate_map(WELLS, {"rows": 8, "columns": 12}).patches) == 96
    assert wells.grid(["H12"], {"rows": 2, "columns": 3}) == (8, 12)
    assert wells.grid(["A1"], {"rows": "8", "columns": 10**9}) == (2, 3)


@pytest.mark.parametrize("draw", [plot.plate_map, plot.trajectories])
def test_the_axes_given_are_those_returned(draw):
    figure = Figure()
    FigureCanvasAgg(figure)
    ax = figure.add_subplot()
    assert draw(WELLS, ax=ax) is ax
    assert len(figure.axes) == 1
    assert draw([]).figure is not figure


def test_a_raster_shows_each_count_and_each_burst():
    counts = [[0, 1, 0, 9], [2, 0, 0, 9]]
    ax = plot.raster(record(counts, network_bursts={"A1": [[103.0, 104.0]]}), "A1")
    (image,) = ax.images
    assert tuple(image.get_extent()) == (100.0, 104.0, 1.5, -0.5)
    drawn = np.asarray(image.get_array())[..., 3]
    assert ((drawn > 0) == (np.array(counts) > 0)).all()
    assert drawn[0, 3] == drawn.max() > drawn[1, 0] > drawn[0, 1] > 0.4
    edges = ax.collections[0].get_paths()[0].vertices[:, 0]
    assert (edges.min(), edges.max()) == (103.0, 104.0)
    assert png(ax) == png(ax)


def test_a_raster_that_is_not_there_says_why():
    assert words(plot.raster(record([[1]]), "B7")) == ["no spike in B7"]
    (said,) = words(plot.raster({"source": "metrics", "raster": {}}, "A1"))
    assert said == "only metrics are in the file, no spike times"


@pytest.mark.parametrize(
    "damage",
    [
        {"wells": {"A1": "%%%"}},
        {"wells": {"A1": base64.b64encode(b"no zlib").decode()}},
        {"wells": {"A1": packed([[1, 2, 3]])}},
        {"wells": {"A1": packed(np.zeros((4000, 4000)))}},
        {"wells": {"A1": 7}},
        {"n_bins": 0},
        {"n_bins": 10**9},
        {"n_bins": None},
    ],
)
def test_damaged_counts_are_refused_in_one_line(damage):
    broken = record([[1, 2], [3, 4]])
    broken["raster"] |= damage
    with pytest.raises(ValueError, match=r"^the raster of A1 .*; score the recording again$"):
        raster_counts(broken, "A1")


@given(st.integers(1, 9), st.integers(1, 40), st.integers(0, 2**32 - 1))
@settings(deadline=None)
def test_counts_come_back_as_they_were_packed(n_rows, n_bins, seed):
    counts = np.random.default_rng(seed).integers(0, 256, (n_rows, n_bins))
    assert (raster_counts(record(counts.tolist()), "A1") == counts).all()


def test_a_span_that_is_none_is_not_drawn_to():
    for start, stop in ((None, None), (3.0, 3.0), (float("nan"), 4.0), ("0", "1")):
        assert span({"start": start, "stop": stop}) == (0.0, 1.0)


def test_lines_hold_their_wells_in_order_of_day():
    scores = [
        well("A1", 0.5, line="L2", div=10.0), well("A1", 0.1, line="L2", div=2.0), well("A2", 0.3, line="L2", div=10.0),
        well("B1", 0.7, div=10.0), well("B2", None, line="L2", div=10.0), well("B3", 0.9, line="L1"),
        well("C1", 0.2, line="L10", div=2.0),
    ]  # fmt: skip
    found = by_line(scores)
    assert [line.line for line in found] == ["L2", "L10", NOT_STATED]
    assert [course.tolist() for course in found[0].courses] == [[[2, 0.1], [10, 0.5]], [[10, 0.3]]]
    assert found[0].median.tolist() == [[2, 0.1], [10, 0.4]]
    ax = plot.trajectories(scores)
    assert ax.lines[0].get_xydata().tolist() == [[2, 0.1], [10, 0.4]]
    assert ax.lines[0].get_color() != ax.lines[1].get_color()
    assert ax.lines[0].get_linestyle() != ax.lines[1].get_linestyle()
    assert ax.get_legend().get_texts()[0].get_text() == "L2 (2 wells)"


def test_days_of_two_kinds_are_not_set_side_by_side():
    mixed = [well("A1", 0.1, div=5.0), well("A1", 0.2, div=9.0), well("A2", 0.3, day_of_differentiation=30.0)]
    (line,) = by_line(mixed)
    assert line.median[:, 0].tolist() == [5, 9]
    later = [well("A1", 0.1, day_of_differentiation=30.0), well("A1", 0.2, day_of_differentiation=34.0)]
    assert plot.trajectories(later).get_xlabel() == "Day of differentiation"


def test_one_day_makes_no_trajectory():
    assert words(plot.trajectories([well("A1", 0.1, div=5.0)])) == ["no well was scored on two days that are known"]


def test_names_that_look_like_formulas_are_drawn_as_they_are():
    hostile = "$\\frac{$_{<b>\x00"
    png(plot.trajectories([well("A1", 0.1, line=hostile, div=d) for d in (1.0, 2.0)]))
    png(plot.raster(record([[1, 2]], layout={"labels": [hostile]}), "A1"))
    png(plot.plate_map([well(hostile, 0.4), well("A1", 0.4)]))


def test_the_colours_of_the_index_darken_evenly():
    lightness = np.array([[int(c[i : i + 2], 16) for i in (1, 3, 5)] for c in style.INDEX_COLOURS])
    steps = np.diff((lightness / 255) ** 2.2 @ (0.2126, 0.7152, 0.0722))
    assert (steps < 0).all()
    assert [style.index_step(v) for v in (0, 0.099, 0.1, 0.3, 0.7, 0.999, 1, -1, 2)] == [0, 1, 1, 3, 7, 9, 9, 0, 9]
