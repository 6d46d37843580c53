"""``mnephys protocols``, and the sentences of a score from the sample sheet to every output."""

from __future__ import annotations

import csv
import html
import json
import re

import pytest
from click.testing import CliRunner

from mnephys.cli.protocols import command
from mnephys.maturity.parse_derivation import load_derivations
from mnephys.simulate import simulate_cells

LIST = load_derivations()


def test_the_list_fits_a_terminal_and_names_every_protocol_once(mnephys):
    done = mnephys("protocols")
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert max(map(len, lines)) <= 100
    assert [line.split()[0] for line in lines[1 : 1 + len(LIST.protocols)]] == list(LIST.protocols)
    rows = {line.split()[0]: line for line in lines[1 : 1 + len(LIST.protocols)]}
    assert rows["du2015"].split() == ["du2015", "human", "ESC,", "iPSC", "day", "28", "day", "28", ">", "90", "%", "-"]
    assert rows["hu2009"].split() == ["hu2009", "human", "ESC,", "iPSC?", "day", "35?", "-", "50", "%?", "E2?", "E7?"]
    assert rows["miles2004"].endswith("  E1-4 E6-8")
    assert rows["bakooshli2019"].endswith("  E8")
    assert rows["takazawa2012"].endswith(" day 13 of culture   selected?  E2-3 E6")
    assert "not checked against the table of the review" in done.stdout.replace("\n", " ")


@pytest.mark.parametrize("key", LIST.protocols)
def test_one_is_shown_with_how_each_value_is_known(key):
    done = CliRunner().invoke(command, [key])
    assert done.exit_code == 0
    assert max(map(len, done.output.splitlines())) <= 100
    text, protocol = " ".join(done.output.split()), LIST.protocols[key]
    for name in ("reference", "doi", "species", "cells", "route", "purity", "markers"):
        value = getattr(protocol, name)
        label = {"reference": "published in", "doi": "DOI"}.get(name, name)
        about = f" ({value.what})" if value.what else ""
        place = f": {value.place}" if value.place else ""
        said = f"{value.value}{about} [{value.known}{place}]" if value.value else "not found"
        assert f" {label} {said} " in text
    for item in protocol.evidence:
        assert f"evidence {item.rung} {LIST.ladder[item.rung]}" in text
    assert (protocol.note in text, LIST.statement in text) == (True, True)


def test_days_say_what_they_are_counted_from(mnephys):
    assert "by day 11, counted from gene delivery [seen: abstract]" in mnephys("protocols", "hester2011").stdout
    assert "a few weeks, counted from patterning [seen: abstract]" in mnephys("protocols", "wada2009").stdout
    assert "several weeks, day zero not said [seen: abstract]" in mnephys("protocols", "toma2015").stdout


def test_json_is_one_document(mnephys):
    assert json.loads(mnephys("protocols", "--json").stdout) == LIST.to_json()
    assert json.loads(mnephys("protocols", "Du 2015", "--json").stdout) == LIST.protocols["du2015"].to_json()


def test_an_unknown_key_is_wrong_usage(mnephys):
    done = mnephys("protocols", "du20155")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "Error: 'du20155' is no derivation protocol; the nearest is 'du2015'\n"


SHEET = "recording,derivation_protocol,day_of_differentiation\n*,du2015,28\n"
UNSTATED = ("temperature of the bath", "not stated")
SAID = (
    "Day 28 of Du et al. 2015: functional motor neurons are reported there by day 28 (seen in its abstract); this cell "
    "fires single APs only and is immature by its own measurements (claim excitable)."
)


@pytest.fixture(scope="module")
def cell(tmp_path_factory):
    return simulate_cells(["immature"], tmp_path_factory.mktemp("cell"), duration=0.6)[0]


def test_from_the_sheet_into_every_output(mnephys, cell, tmp_path):
    (tmp_path / "s.csv").write_text(SHEET)
    (plain,) = json.loads(mnephys("score", cell, "--json").stdout)
    (score,) = json.loads(mnephys("score", cell, "--json", "--samples", "s.csv").stdout)
    assert score["sample"] == {"derivation_protocol": "du2015", "day_of_differentiation": 28.0}
    assert score["reasons"][:-2] == plain["reasons"]
    assert score["reasons"][-2] == SAID
    assert {k: v for k, v in score.items() if k not in {"reasons", "sample"}} == {
        k: v for k, v in plain.items() if k not in {"reasons", "sample"}
    }
    done = mnephys("score", cell, "--samples", "s.csv", "-o", "out")
    assert SAID in done.stdout
    page = html.unescape((tmp_path / "out" / "report.html").read_text(encoding="utf-8"))
    assert SAID in page
    stated = re.findall('<th scope="row">([^<]*)</th><td>([^<]*)</td>', page)
    assert stated[:3] == [("day of differentiation", "28"), ("derivation protocol", "du2015"), UNSTATED]
    (row,) = csv.DictReader((tmp_path / "out" / "scores.csv").read_text(encoding="utf-8").splitlines())
    assert row["stage"] == plain["stage"] == "immature"


def test_a_wrong_key_ends_the_run_before_anything_is_measured(mnephys, cell, tmp_path):
    (tmp_path / "s.csv").write_text(SHEET.replace("du2015", "du2105"))
    done = mnephys("score", cell, "--samples", "s.csv", "-o", "out")
    assert done.returncode == 2
    assert done.stderr == (
        "Error: s.csv: row 2, column derivation_protocol: 'du2105' is no derivation protocol; the nearest is 'du2015'\n"
    )
    assert not (tmp_path / "out").exists()
