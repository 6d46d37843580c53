"""`mnephys reference fit` and `show`."""

from __future__ import annotations

import json

import pytest

CELLS = "stage,batch,ap_amplitude,ap_half_width,firing_pattern\n" + "".join(
    f"{stage},{batch},{amplitude + step},{width},{pattern}\n"
    for stage, amplitude, width, pattern in (("immature", 40, 6, "single"), ("mature", 80, 1.4, "sustained"))
    for batch in ("d1", "d2")
    for step, width in ((0, width), (4, width * 1.2), (9, width * 0.8))
)


def test_cells_become_a_reference_that_can_be_shown(mnephys, tmp_path):
    (tmp_path / "cells.csv").write_text(CELLS)
    done = mnephys("reference", "fit", "cells.csv", "-o", "own.toml")
    assert (done.returncode, done.stderr) == (0, "Reference: own.toml\n")
    lines = done.stdout.splitlines()
    assert lines[0] == "Cells: 6 immature, 6 mature."
    assert "  ap_amplitude, mature at 60 mV: yours 81 mV; reached by 0% of 6 immature, 100% of 6 mature" in lines
    shown = mnephys("reference", "show", "own.toml")
    assert shown.returncode == 0
    assert shown.stdout.splitlines() == [line for line in lines[1:] if not line.startswith(("Cuts", "  ap_"))]


def test_json_has_cuts_distributions_and_the_hash(mnephys, tmp_path):
    (tmp_path / "cells.csv").write_text(CELLS)
    fitted = json.loads(mnephys("reference", "fit", "cells.csv", "-o", "own.toml", "--json").stdout)
    shown = json.loads(mnephys("reference", "show", "own.toml", "--json").stdout)
    assert {**shown, "cuts": fitted["cuts"]} == fitted
    assert shown["features"]["ap_amplitude"]["unit"] == "mV"
    assert {(cut["feature"], cut["side"]) for cut in fitted["cuts"]} == {
        (name, side) for name in ("ap_amplitude", "ap_half_width") for side in ("immature", "mature")
    }


def test_without_a_file_the_published_sets_are_shown(mnephys):
    done = mnephys("reference", "show")
    assert done.returncode == 0
    assert "ap_half_width (ms)" in done.stdout.splitlines()
    assert "Not used" not in done.stdout


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (CELLS.replace("ap_amplitude", "ap_amplitudes"), "cells.csv: line 1, column ap_amplitudes: is no feature; the"),
        (CELLS.replace("40,", "nan,", 1), "cells.csv: line 2, column ap_amplitude: is 'nan'; leave it empty"),
        (CELLS[: CELLS.index("mature,d1,84")], "is mature in 1 cell only; a stage needs 3 or more"),
        (CELLS.replace("ap_half_width", "batch"), "column batch: is there twice; keep one"),
    ],
)
def test_cells_that_cannot_be_used_are_one_line_and_nothing_is_written(mnephys, tmp_path, content, message):
    (tmp_path / "cells.csv").write_text(content)
    done = mnephys("reference", "fit", "cells.csv", "-o", "own.toml")
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert message in line
    assert not (tmp_path / "own.toml").exists()


def test_a_file_that_is_no_reference_is_refused(mnephys, tmp_path):
    assert mnephys("reference", "show", "none.toml").returncode == 2
    (tmp_path / "wells.toml").write_text('kind = "wells"\nname = "x"\n')
    done = mnephys("reference", "show", "wells.toml")
    assert done.returncode == 2
    assert "is a reference of wells; give one of cells" in done.stderr or "unknown key" in done.stderr
