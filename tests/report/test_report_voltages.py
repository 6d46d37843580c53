"""Voltages on the page: raw and corrected for the junction potential, below the value that was measured."""

from __future__ import annotations

import copy
import re

from mnephys import report

NBSP, MINUS = "\N{NO-BREAK SPACE}", "\N{MINUS SIGN}"


def cell_of(html, feature):
    return re.findall(rf"<th [^>]*>{feature}</th>\s*<td [^>]*>(.*?)</td>", html, re.DOTALL)


def test_both_stand_below_the_value_and_only_where_they_are_known(run):
    changed = copy.deepcopy(run)
    rows = {row["feature"]: row for row in changed["scores"][0]["criteria"]}
    rows["ap_threshold"] |= {"raw": -38.2, "corrected": -53.8}
    rows["ap_peak"] |= {"raw": None, "corrected": 33.9}
    rows["resting_membrane_potential"] |= {"raw": None, "corrected": None}
    html = report.render(changed)
    both = [words for words in cell_of(html, "AP threshold") if "voltage" in words]
    assert [re.sub("<[^>]*>", "|", words) for words in both] == [
        f"|{MINUS}38.2{NBSP}mV|raw {MINUS}38.2{NBSP}mV||corrected {MINUS}53.8{NBSP}mV||"
    ]
    (peak,) = [words for words in cell_of(html, "AP peak") if "voltage" in words]
    assert "raw not known" in peak
    assert f"corrected 33.9{NBSP}mV" in peak
    assert not any("voltage" in words for words in cell_of(html, "resting membrane potential"))
    assert "voltage" not in "".join(cell_of(report.render(run), "AP threshold"))
