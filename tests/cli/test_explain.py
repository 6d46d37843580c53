"""`mnephys explain`: of an earlier run, of a recording, of one subject."""

import json

import pytest
from click.testing import CliRunner

from mnephys.cli import main
from mnephys.simulate import simulate_cells


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Three cells and what was scored of them."""
    root = tmp_path_factory.mktemp("explain")
    simulate_cells(["immature", "intermediate", "mature"], root / "cells", seed=3)
    samples = str(root / "cells" / "samples.csv")
    done = CliRunner().invoke(main, ["score", str(root / "cells"), "--samples", samples, "-o", str(root / "results")])
    assert done.exit_code == 0, done.output
    return root


def explain(*arguments):
    return CliRunner().invoke(main, ["explain", *map(str, arguments)])


def test_a_cell_of_an_earlier_run_is_explained_with_what_would_change_it(folder):
    found = explain(folder / "results", "cell02")
    assert found.exit_code == 0, found.output
    lines = found.output.splitlines()
    assert lines[0].startswith("cell02: intermediate, maturity index 0.")
    assert "What counted:" in lines
    turns = lines[lines.index("What would change the stage:") + 1 :]
    assert turns
    assert all(line.startswith("  With ") and line.endswith(("immature.", "mature.")) for line in turns)


def test_the_document_holds_the_values_of_the_sentences(folder):
    (score,) = json.loads(explain(folder / "results", "cell03", "--json").stdout)
    assert score["stage"] == "mature"
    widths = [change for change in score["changes"] if change["feature"] == "ap_half_width"]
    cuts = next(line for line in score["criteria"] if line["feature"] == "ap_half_width")
    assert [change["stage"] for change in widths][-1:] == ["intermediate"]
    assert cuts["value"] < widths[-1]["needed"] <= cuts["immature"]
    assert score["resolutions"] == []


def test_a_recording_is_scored_first(folder):
    found = explain(folder / "cells" / "cell01.abf")
    assert found.exit_code == 0, found.output
    assert found.stdout.splitlines()[0].startswith("cell01.abf: immature, maturity index 0.")


def test_all_subjects_are_explained_if_none_is_named(folder):
    found = explain(folder / "results")
    assert [line.split(":")[0] for line in found.output.splitlines() if line.startswith("cell")] == [
        "cell01",
        "cell02",
        "cell03",
    ]


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("results", "cell04"), 2, "no subject 'cell04' was scored; the nearest is 'cell0"),
        (("nowhere",), 2, "does not exist; give the folder of an earlier run, or a recording"),
    ],
)
def test_what_is_not_there_is_one_line(folder, arguments, code, said):
    found = explain(folder / arguments[0], *arguments[1:])
    assert found.exit_code == code
    assert said in found.stderr
    assert len(found.stderr.splitlines()) == 1
