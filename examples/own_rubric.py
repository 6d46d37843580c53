"""Change a cut of the rubric and see what it does; the hash of the rubric goes into the score."""

import tempfile
from importlib.resources import files
from pathlib import Path

import mnephys

builtin = files("mnephys.maturity").joinpath("rubrics/spinal_motor_neuron.toml").read_text(encoding="utf-8")

with tempfile.TemporaryDirectory() as folder:
    path = mnephys.simulate.simulate_cells(["mature"], folder)[0]
    table = mnephys.extract(mnephys.read(path), bias=0.0)
    conditions = mnephys.Conditions(ljp_mv=0.0, ljp_subtracted=False, bias_pa=0.0, rseal_mohm=20000.0)

    # A laboratory that asks for faster action potentials than the built-in rubric does.
    section = builtin.index('feature = "ap_half_width"')
    strict = builtin[:section] + builtin[section:].replace("mature = 2.5", "mature = 0.8", 1)
    own = Path(folder) / "own_rubric.toml"
    own.write_text(strict, encoding="utf-8")

    for name, rubric in (("built-in", mnephys.load_rubric()), ("own", mnephys.load_rubric(own))):
        score = mnephys.score(table, conditions=conditions, rubric=rubric)
        domain = score.domains["ap"].score
        print(f"{name:9} {rubric.sha256[:12]}  index {score.maturity_index:.2f}, action potential domain {domain:.2f}")

    assert mnephys.load_rubric(own).sha256 != mnephys.load_rubric().sha256
