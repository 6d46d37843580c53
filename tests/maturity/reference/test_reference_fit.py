"""A laboratory's own cells: what is refused, what is learnt, how the cuts of the rubric stand among them."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mnephys.errors import ReferenceSetError
from mnephys.maturity import load_rubric
from mnephys.maturity.reference import load_reference, opinions, second_opinion
from mnephys.maturity.reference.cells import parse_cells, read_cells
from mnephys.maturity.reference.correlation import SMALLEST_EIGENVALUE, shrunk_correlation
from mnephys.maturity.reference.cuts import cuts_among
from mnephys.maturity.reference.fit import fit_reference, reference_toml

STAGES = ("immature", "intermediate", "mature")
MIDDLE = {"ap_amplitude": (40, 58, 80), "ap_half_width": (6.0, 3.0, 1.3), "na_current_peak": (-300, -900, -2500)}
SIGNS = np.array([1, 1, -1])
R = np.array([[1, -0.6, 0.4], [-0.6, 1, -0.2], [0.4, -0.2, 1]])


def simulated(n: int, seed: int, batches: int = 2, missing: float = 0.0) -> str:
    """Return a table of cells with known middles and correlation."""
    rng = np.random.default_rng(seed)
    lines = ["cell,stage,batch,ap_amplitude [mV],ap_half_width,na_current_peak (pA),firing_pattern"]
    for place, stage in enumerate(STAGES):
        z = rng.multivariate_normal(np.zeros(3), R, size=n)
        for i, (a, b, c) in enumerate(z):
            values = [
                MIDDLE["ap_amplitude"][place] + 8 * a,
                MIDDLE["ap_half_width"][place] * np.exp(0.3 * b),
                MIDDLE["na_current_peak"][place] * np.exp(0.4 * c),
            ]
            cells = ["" if rng.random() < missing else f"{v:.6g}" for v in values]
            pattern = rng.choice(
                ["none", "phasic", "sustained"], p=[(0.7, 0.2, 0.1), (0.3, 0.4, 0.3), (0.05, 0.15, 0.8)][place]
            )
            lines.append(",".join([f"c{i}", stage, f"b{i % batches}", *cells, pattern]))
    return "\n".join(lines) + "\n"


def test_what_was_put_in_is_learnt():
    reference = fit_reference(parse_cells(simulated(400, 1).encode()), "ours")
    assert list(reference.features) == list(MIDDLE)
    for column, (name, feature) in enumerate(reference.features.items()):
        for row in range(3):
            expected = float(feature.scaled(np.array(float(MIDDLE[name][row]))))
            assert reference.location[row, column] == pytest.approx(expected, abs=3 * reference.scale[row, column] / 14)
    # 0.33 of the SD between batches is expected beside what varies within, which is 8, 0.3 and 0.4.
    assert reference.scale[1] == pytest.approx(np.array([8, 0.3, 0.4]) * 1.1, rel=0.08)
    assert reference.correlation == pytest.approx(R, abs=0.08)
    shares = reference.shares["firing_pattern"]
    assert shares[2, 4] > 0.6
    assert shares[0, 4] < 0.3
    assert (
        second_opinion({"ap_amplitude": 85.0, "ap_half_width": 1.2, "na_current_peak": -2600.0}, {}, reference).stage
        == "mature"
    )


def test_on_new_cells_of_the_same_laboratory_the_probabilities_come_true():
    reference = fit_reference(parse_cells(simulated(60, 2).encode()), "ours")
    cells = parse_cells(simulated(1500, 3).encode())

    probability = opinions(reference.columns(cells.numbers), {}, reference).probability
    stage = np.array([STAGES.index(s) for s in cells.stage])
    sure, right = probability.max(axis=1), probability.argmax(axis=1) == stage
    bins = np.minimum((sure * 10).astype(int), 9)
    error = sum(abs(sure[bins == b].mean() - right[bins == b].mean()) * np.mean(bins == b) for b in np.unique(bins))
    assert error < 0.05
    assert right.mean() > 0.9


def test_the_file_says_the_same_when_it_is_read_and_written_by_any_order_of_cells():
    text = simulated(20, 4, missing=0.3)
    header, *rows = text.splitlines()
    first = fit_reference(parse_cells(text.encode()), "ours")
    second = fit_reference(parse_cells("\n".join([header, *rows[::-1]]).encode()), "ours")
    assert second.location == pytest.approx(first.location)
    assert second.scale == pytest.approx(first.scale)
    assert second.correlation == pytest.approx(first.correlation)


@pytest.mark.parametrize(("cells", "freedom"), [(3, 3), (12, 11), (40, 30)])
def test_a_set_has_the_mean_and_spread_of_its_cells_and_tails_as_heavy_as_they_are_few(cells, freedom):
    own = parse_cells(simulated(cells, 11, batches=1).encode())
    reference = fit_reference(own, "ours")
    assert reference.caution.degrees_of_freedom == freedom
    for one in reference.sets:
        values = own.numbers["ap_amplitude"][own.stage == one.stage]
        summary = one.summaries["ap_amplitude"]
        assert (summary.centre, summary.spread, summary.n) == pytest.approx(
            (values.mean(), np.sqrt(((values - values.mean()) ** 2).sum() / (cells - 1)), cells)
        )


def test_cells_of_two_stages_make_a_reference_of_two_stages():
    kept = [line for line in simulated(10, 5).splitlines() if ",intermediate," not in line]
    reference = fit_reference(parse_cells("\n".join(kept).encode()), "ours")
    assert reference.stages == ("immature", "mature")
    assert reference.prior.tolist() == [0.5, 0.5]


def test_a_feature_without_variation_or_of_one_stage_is_not_used():
    rows = [("immature", 30, 5), ("immature", 40, 5), ("immature", 50, 5), ("mature", 80, 5), ("mature", 85, 5)]
    lines = [f"{s},{a},{b},," for s, a, b in rows] + ["mature,90,5,20,"]
    text = "stage,ap_amplitude,ap_half_width,rheobase,firing_pattern\n" + "\n".join(lines)
    reference = fit_reference(parse_cells(text.encode()), "ours")
    assert list(reference.features) == ["ap_amplitude"]
    assert reference.not_used == {
        "ap_half_width": "no set says how its cells vary",
        "rheobase": "no set says how its cells vary",
        "firing_pattern": "no set of immature and mature cells has it",
    }


def test_what_a_label_says_cannot_break_the_file():
    text = simulated(5, 6).replace(",b1,", ',"b""1\\ ]] \U0001f9e0 \x1b[31m\x7f",')
    reference = fit_reference(parse_cells(text.encode()), 'our "cells"\n[x]')
    assert reference.name == 'our "cells" [x]'
    assert any('b"1\\ ]] \U0001f9e0' in source.citation for source in reference.sources.values())


def test_excel_semicolons_and_decimal_commas_are_read(tmp_path):
    from openpyxl import Workbook

    text = simulated(4, 7)
    expected = parse_cells(text.encode())
    comma = parse_cells(text.replace(",", ";").replace(".", ",").encode())
    assert comma.numbers["ap_half_width"] == pytest.approx(expected.numbers["ap_half_width"])
    book = Workbook()
    for line in text.splitlines():
        book.active.append([float(w) if w.replace(".", "").lstrip("-").isdigit() else w for w in line.split(",")])
    book.save(tmp_path / "cells.xlsx")
    assert read_cells(tmp_path / "cells.xlsx").numbers["ap_amplitude"] == pytest.approx(
        expected.numbers["ap_amplitude"]
    )


GOOD = "stage,ap_amplitude\n" + "".join(f"{s},{v}\n" for s in ("immature", "mature") for v in (40, 50, 60))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "ap_amplitude",
            "ap_amplitud",
            "cells.csv: line 1, column ap_amplitud: is no feature; the nearest is 'ap_ampl",
        ),
        ("ap_amplitude", "ap_amplitude [V]", r"line 1, column ap_amplitude \[V\]: is in 'V'; convert it to mV"),
        ("ap_amplitude", "ap_amplitude (lb)", r"line 1, column ap_amplitude \(lb\): is in 'lb'; convert it to mV"),
        ("ap_amplitude", "medium_ahp", "line 1, column medium_ahp: is no feature"),
        ("ap_amplitude", "ap_amplitude,ap_amplitude", "line 1, column ap_amplitude: is there twice; keep one"),
        ("stage", "batch", "line 1: the column stage is missing"),
        ("immature,50", "imature,50", "line 3, column stage: is 'imature'; the nearest is 'immature'"),
        ("immature,50", "immature,nan", "line 3, column ap_amplitude: is 'nan'; leave it empty where it was not"),
        ("immature,50", "immature,inf", "line 3, column ap_amplitude: is 'inf'; leave it empty"),
        ("immature,50", "immature,fifty", "line 3, column ap_amplitude: is 'fifty'; write a number"),
        ("immature,50", "immature,5_0", "line 3, column ap_amplitude: is '5_0'; write a number"),
        ("immature,50", "immature,50,9", "line 3: has more places than the header has names"),
        ("immature,50\nimmature,60\n", "", "line 2, column stage: is immature in 1 cell only; a stage needs 3 or more"),
        ("immature,60\n", "", "is immature in 2 cells only"),
        ("immature,40\nimmature,50\nimmature,60\n", "", "column stage: all cells are mature; give it cells of two"),
        (GOOD, "stage,ap_amplitude\n", "column stage: there is no cell"),
        (GOOD, "", "cells.csv: is empty"),
        (",ap_amplitude", ",", "line 1: has no column with a feature"),
        ("immature,50", '"immature,50', "cannot be read as CSV"),
        ("ap_amplitude", "firing_pattern", "line 2, column firing_pattern: is '40'; known are"),
    ],
)
def test_what_is_wrong_is_named_with_line_and_column(old, new, message):
    assert old in GOOD
    with pytest.raises(ReferenceSetError, match=message) as error:
        parse_cells(GOOD.replace(old, new, 1).encode(), "cells.csv")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("feature", "values", "unit"),
    [
        ("ap_half_width", (0.001, 0.002, 0.003), "ms"),
        ("input_resistance", (0.3, 0.4, 0.9), "MOhm"),
        ("input_resistance", (3e8, 4e8, 9e8), "MOhm"),
        ("resting_membrane_potential", (-0.06, -0.05, -0.07), "mV"),
    ],
)
def test_values_in_another_unit_are_told_by_their_size(feature, values, unit):
    rows = "".join(f"{stage},{value}\n" for stage in ("immature", "mature") for value in values)
    with pytest.raises(
        ReferenceSetError, match=f"line 1, column {feature}: has a median size of .* to .* {unit}; conv"
    ):
        parse_cells(f"stage,{feature}\n{rows}".encode())


def test_adult_sizes_are_no_other_unit():
    text = b"stage,input_resistance,membrane_capacitance\n" + b"immature,2000,20\n" * 3 + b"mature,2,3500\n" * 3
    assert parse_cells(text.replace(b"2000", b"2.5")).numbers["input_resistance"].max() == 2.5


def test_bytes_that_are_no_text_are_refused():
    with pytest.raises(ReferenceSetError, match="is not UTF-8 text"):
        parse_cells(b"stage,ap_amplitude\nmature,\xff\n")


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=200) | st.text(alphabet='stagemur,i\n12.;-"[]', max_size=200).map(str.encode))
def test_any_bytes_are_read_or_refused(content):
    for start in (b"", b"stage,ap_amplitude\n"):
        try:
            cells = parse_cells(start + content)
        except ReferenceSetError:
            continue
        assert len(cells.stage) >= 6


# --- correlation ---


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.integers(2, 30), st.integers(1, 8), st.floats(0, 0.9))
def test_a_shrunk_correlation_is_one_whatever_is_missing(seed, n, p, missing):
    rng = np.random.default_rng(seed)
    values = np.where(rng.random((n, p)) < missing, np.nan, rng.normal(size=(n, p)) @ rng.normal(size=(p, p)))
    matrix, shrinkage = shrunk_correlation(values, rng.integers(0, 3, size=n))
    assert 0 <= shrinkage <= 1
    assert np.diag(matrix) == pytest.approx(np.ones(p))
    assert matrix == pytest.approx(matrix.T)
    assert np.linalg.eigvalsh(matrix)[0] >= SMALLEST_EIGENVALUE * (1 - 1e-9)


def test_pairs_of_different_cells_that_contradict_each_other_are_made_to_agree():
    x = np.random.default_rng(2).normal(size=200)
    none = np.full(200, np.nan)
    values = np.vstack([np.column_stack(rows) for rows in ((x, x, none), (none, x, x), (x, none, -x))])
    matrix, shrinkage = shrunk_correlation(values, np.zeros(600, int))
    assert np.linalg.eigvalsh(matrix)[0] == pytest.approx(SMALLEST_EIGENVALUE)
    assert [matrix[0, 1], matrix[1, 2], -matrix[0, 2]] == pytest.approx([1 - shrinkage] * 3, abs=1e-3)
    assert shrinkage == pytest.approx(0.525, abs=0.001)


def test_few_cells_show_little_correlation_and_many_show_theirs():
    rng = np.random.default_rng(3)
    for n, lowest, highest in ((6, 0.3, 1.0), (30, 0.05, 0.4), (3000, 0.0, 0.01)):
        draws = [rng.multivariate_normal(np.zeros(3), R, size=n) for _ in range(60)]
        found = [shrunk_correlation(d, np.zeros(n, int)) for d in draws]
        assert lowest <= np.mean([s for _, s in found]) <= highest
    assert found[0][0] == pytest.approx(R, abs=0.06)


def test_of_few_cells_with_weak_correlations_the_shrunk_ones_err_less_than_plain_ones():
    rng = np.random.default_rng(9)
    weak = 0.3 * R + 0.7 * np.eye(3)
    draws = [rng.multivariate_normal(np.zeros(3), weak, size=8) for _ in range(200)]
    errors = [
        np.mean([((estimate(d) - weak) ** 2).sum() for d in draws])
        for estimate in (lambda d: shrunk_correlation(d, np.zeros(8, int))[0], lambda d: np.corrcoef(d.T))
    ]
    assert errors[0] < 0.7 * errors[1]


def test_means_of_groups_do_not_make_a_correlation():
    rng = np.random.default_rng(4)
    groups = np.repeat([0, 1], 500)
    values = rng.normal(size=(1000, 2)) + 10 * groups[:, None]
    assert abs(shrunk_correlation(values, groups)[0][0, 1]) < 0.1
    assert shrunk_correlation(values, np.zeros(1000, int))[0][0, 1] > 0.9


def test_the_shrinkage_is_that_of_its_formula():
    """Schafer & Strimmer 2005, pair by pair."""
    rng = np.random.default_rng(5)
    values = rng.multivariate_normal(np.zeros(3), R, size=25)
    z = (values - values.mean(axis=0)) / values.std(axis=0)
    above = below = 0.0
    for i, j in itertools.permutations(range(3), 2):
        w = z[:, i] * z[:, j]
        above += 25 / 24**3 * ((w - w.mean()) ** 2).sum()
        below += np.corrcoef(values[:, i], values[:, j])[0, 1] ** 2
    matrix, shrinkage = shrunk_correlation(values, np.zeros(25, int))
    assert shrinkage == pytest.approx(above / below)
    assert matrix[0, 1] == pytest.approx((1 - above / below) * np.corrcoef(values.T)[0, 1])


# --- cuts ---


def test_cuts_stand_among_the_cells_as_counted():
    cells = parse_cells(simulated(200, 8).encode())
    found = {(cut.feature, cut.side): cut for cut in cuts_among(cells, load_rubric())}
    assert set(found) == {(name, side) for name in MIDDLE for side in ("immature", "mature")}
    for (name, side), cut in found.items():
        values = np.abs(cells.numbers[name])
        falls = name == "ap_half_width"
        of_side = values[cells.stage == side]
        # Three quarters of the immature cells fall short of their own cut, of the mature ones reach theirs.
        reach = np.mean(of_side <= cut.own if falls else of_side >= cut.own)
        assert reach == pytest.approx(0.25 if side == "immature" else 0.75, abs=0.02)
        for stage in STAGES:
            of = values[cells.stage == stage]
            assert cut.reached[stage] == np.mean(of <= cut.cut if falls else of >= cut.cut)
            assert cut.n[stage] == 200
        assert not cut.overlap


def test_stages_that_overlap_are_said_to():
    rng = np.random.default_rng(0)
    lines = ["stage,ap_amplitude"] + [f"{s},{rng.normal(60, 9):.3f}" for s in STAGES for _ in range(30)]
    assert all(cut.overlap for cut in cuts_among(parse_cells("\n".join(lines).encode()), load_rubric()))


def test_a_stage_with_few_values_has_no_own_cut():
    rows = "immature,40\nimmature,50\nimmature,60\nmature,80\nmature,\nmature,\n" + "intermediate,\n" * 3
    immature, mature = cuts_among(parse_cells(f"stage,ap_amplitude\n{rows}".encode()), load_rubric())
    assert (immature.own, mature.own) == (55.0, None)
    assert mature.reached == {"immature": pytest.approx(1 / 3), "mature": 1.0}
    assert mature.n == {"immature": 3, "mature": 1}


def test_the_published_sets_do_not_change_with_a_fit():
    before = load_reference().sha256
    reference_toml(parse_cells(simulated(5, 9).encode()), "x")
    assert load_reference().sha256 == before
