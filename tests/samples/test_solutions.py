"""Texts of solutions as people write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnephys.errors import SampleSheetError
from mnephys.samples import junction_potential, parse_solution
from mnephys.samples.ions import IONS
from mnephys.samples.salts import is_weak, substance, substance_names


def ions(text):
    return {name: pytest.approx(mm, abs=1e-3) for name, mm in parse_solution(text).ions.items()}


def charge(solution):
    return sum(IONS[name].valence * mm for name, mm in solution.ions.items())


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("KCl", {"K": 1, "Cl": 1}),
        ("K-gluconate", {"K": 1, "gluconate": 1}),
        ("potassium D-gluconate", {"K": 1, "gluconate": 1}),
        ("MgCl2", {"Mg": 1, "Cl": 2}),
        ("MgCl₂·6H2O", {"Mg": 1, "Cl": 2}),
        ("CaCl2 x 2 H2O", {"Ca": 1, "Cl": 2}),
        ("Na2HPO4", {"Na": 2, "HPO4": 1}),
        ("NaH2PO4", {"Na": 1, "H2PO4": 1}),
        ("NaHCO3", {"Na": 1, "HCO3": 1}),
        ("K2SO4", {"K": 2, "SO4": 1}),
        ("MgSO4", {"Mg": 1, "SO4": 1}),
        ("Ca(gluconate)2", {"Ca": 1, "gluconate": 2}),
        ("Cs-MeSO3", {"Cs": 1, "methanesulfonate": 1}),
        ("CsCH3SO3", {"Cs": 1, "methanesulfonate": 1}),
        ("KMeSO4", {"K": 1, "methylsulfate": 1}),
        ("K methanesulphonate", {"K": 1, "methanesulfonate": 1}),
        ("Mg-ATP", {"Mg": 1, "ATP(2-)": 1}),
        ("ATP-Mg", {"Mg": 1, "ATP(2-)": 1}),
        ("Na2ATP", {"Na": 2, "ATP(2-)": 1}),
        ("ATP-Na2", {"Na": 2, "ATP(2-)": 1}),
        ("Na3-GTP", {"Na": 3, "GTP(3-)": 1}),
        ("Na-GTP", {"Na": 1, "GTP(2-)": 1}),
        ("phosphocreatine disodium", {"Na": 2, "phosphocreatine": 1}),
        ("phosphocreatine di(tris)", {"Tris": 2, "phosphocreatine": 1}),
        ("K4-BAPTA", {"K": 4, "BAPTA(4-)": 1}),
        ("K2-EGTA", {"K": 2, "EGTA(2-)": 1}),
        ("Na-HEPES", {"Na": 1, "HEPES": 1}),
        ("TEA-Cl", {"TEA": 1, "Cl": 1}),
        ("choline chloride", {"choline": 1, "Cl": 1}),
        ("Tris-HCl", {"Tris": 1, "Cl": 1}),
        ("QX-314-Br", {"QX-314": 1, "Br": 1}),
        ("4-AP", {"4-AP": 1}),
        ("NMDG", {"NMDG": 1}),
        ("KOH", {"K": 1}),
        ("HCl", {"Cl": 1}),
        ("gluconic acid", {"gluconate": 1}),
        ("Ca2+", {"Ca": 1}),
        ("HCO3-", {"HCO3": 1}),
        ("glucose", {}),
        ("myo-inositol", {}),
    ],
)
def test_a_substance_gives_its_ions(name, expected):
    found = substance(name)
    assert found is not None
    assert dict(found.ions) == expected


@pytest.mark.parametrize("name", ["", "K", "Cl", "K2Cl", "K-glucnate", "X", "ClCl", "KNa", "glucoseate", "Na5ATP"])
def test_what_is_no_substance_is_none_or_one_ion(name):
    found = substance(name)
    assert found is None or list(found.ions) == [name]


@pytest.mark.parametrize("name", substance_names())
def test_what_is_recommended_is_known(name):
    assert substance(name) is not None


@pytest.mark.parametrize(
    "text",
    [
        "K-gluconate 130, KCl 4, NaCl 6, glucose 10 mM",
        "130 K-gluconate, 4 KCl, 6 NaCl and 10 glucose",
        "(in mM): 130 K-gluconate; 4 KCl; 6 NaCl; 10 glucose (290 mOsm)",
        "internal solution, in mM: K-gluconate: 130, KCl: 4, NaCl = 6",
        "130 mM K-gluconate, 4mM KCl, 6000 uM NaCl",
        "K-gluconate 0.13 M\nKCl 4\nNaCl 6",
        "K-gluconate (130), KCl (4), NaCl (6 mM)",
        "K-gluconate 130,0; KCl 4,0; NaCl 6",
        "130 K-gluconate (anhydrous), 4 KCl, 6 NaCl, pH 7.3, 300 mOsm/kg",
        "130 mmol/l K-gluconate, 4 mmol/L KCl, 6000 µmol/l NaCl; bubbled with 95% O2 / 5% CO2",
    ],
)
def test_the_same_solution_however_it_is_written(text):
    assert ions(text) == {"K": 134, "gluconate": 130, "Cl": 10, "Na": 6}


def test_buffers_are_charged_as_the_ph_says_and_the_base_is_added():
    # Half of HEPES is charged at its pK of 7.55, and both protons that leave EGTA are gone.
    solution = parse_solution("KCl 130, HEPES 10, EGTA 5 (pH 7.55 with CsOH)")
    assert dict(solution.ions) == pytest.approx({"K": 130, "Cl": 130, "HEPES": 5, "EGTA(2-)": 5, "Cs": 15})
    assert solution.notes == ("15 mM of Cs were added, as the base that adjusted the pH.",)


def test_without_a_base_it_is_the_main_cation():
    assert ions("CsCl 130, KCl 5, EGTA 5")["Cs"] == 140


def test_base_that_is_listed_is_not_added_again_and_charges_the_buffer():
    solution = parse_solution("KCl 130, HEPES 10, KOH 9, pH 7.2")
    assert dict(solution.ions) == pytest.approx({"K": 139, "Cl": 130, "HEPES": 9})
    assert solution.notes == ()


def test_a_base_takes_its_acid():
    assert ions("NMDG 140, pH 7.3 with HCl") == {"NMDG": 140, "Cl": 140}
    assert ions("D-gluconic acid 130, pH 7.2 with KOH") == {"gluconate": 130, "K": 130}


@given(
    st.lists(
        st.sampled_from(["KCl", "NaCl", "MgCl2", "K2SO4", "Mg-ATP", "HEPES", "EGTA", "CsF"]), min_size=1, max_size=6
    ),
    st.floats(6.5, 8.0),
)
def test_salts_and_buffers_together_are_neutral(names, ph):
    text = ", ".join([*(f"{name} {3 + i}" for i, name in enumerate(names)), "NaCl 100", f"pH {ph:.2f} with NaOH"])
    assert charge(parse_solution(text)) == pytest.approx(0, abs=1e-9)


def test_charge_that_nothing_explains_is_said_and_much_of_it_refused():
    little = parse_solution("NaCl 140, K+ 5")
    assert little.notes == ("The ions that are listed leave 5 mM of positive charge over.",)
    with pytest.raises(SampleSheetError, match="leave 15 mM of positive charge over; list all of its salts"):
        parse_solution("K+ 145, Cl- 130")
    with pytest.raises(SampleSheetError, match="15 mM of negative charge"):
        parse_solution("K+ 130, Cl- 145")


def test_a_trace_of_something_unknown_is_left_out_and_more_is_not():
    solution = parse_solution("NaCl 140, TTX 1 uM, biocytin 0.2%, leupeptin 0.1, Alexa 488 50 uM")
    assert dict(solution.ions) == {"Na": 140, "Cl": 140}
    assert len(solution.notes) == 4
    assert "'TTX' was left out" in solution.notes[0]
    with pytest.raises(SampleSheetError, match="'K-glucnate' of a solution is not known; the nearest is 'K-gluconate'"):
        parse_solution("K-glucnate 130, KCl 4")


def test_an_assumed_mobility_is_named():
    notes = parse_solution("KCl 130, Na2-phosphocreatine 10, Na-GTP 0.3").notes
    assert [note for note in notes if "assumed" in note] == [
        "The mobility of phosphocreatine is assumed: as EGTA(2-), of similar size and valence."
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("aCSF", "'aCSF' of a solution is no substance with a concentration"),
        ("", "lists no salt"),
        ("glucose 10", "lists no salt"),
        ("KCl", "no substance with a concentration"),
        ("KCl 140,10 HEPES", "no substance with a concentration"),
        ("KCl 5%", "is given in %; give mM"),
        ("KCl 140 M", "more than dissolves"),
        ("KCl " + "9" * 400, "more than dissolves"),
        ("KCl 140, pH 72", "pH 72 does not exist"),
        ("KCl 140, " * 1000, "characters"),
    ],
)
def test_what_cannot_be_read_is_one_typed_error(text, message):
    with pytest.raises(SampleSheetError, match=message):
        parse_solution(text)


PIECES = [
    "KCl",
    "130",
    " ",
    ",",
    "(",
    ")",
    "pH",
    "7.3",
    "with",
    "KOH",
    "mM",
    "%",
    "in",
    ":",
    "=",
    "2",
    "-",
    "Na",
    "ATP",
]


@given(st.one_of(st.text(max_size=80), st.lists(st.sampled_from(PIECES), max_size=25).map(" ".join)))
def test_any_text_is_a_solution_or_one_typed_error(text):
    try:
        solution = parse_solution(text)
    except SampleSheetError:
        return
    assert solution.ions.keys() <= IONS.keys()
    assert all(mm >= 0 for mm in solution.ions.values())
    assert abs(charge(solution)) <= 0.1 * sum(max(IONS[n].valence, 0) * mm for n, mm in solution.ions.items()) + 1e-9


NEURONS = """
130 mM K-gluconate, 10 mM NaCl, 4 mM Mg-ATP, 0.5 mM GTP, 10 mM HEPES, and 0.05 mM EGTA
(adjusted to pH = 7.3; filtered at 0.2 µm)
in mM: 100 NaCl, 3.5 KCl, 1 MgCl2, 2 CaCl2, 30 NaHCO3, 1.25 NaH2PO4, 10 glucose
"""
RETINA = """
110 mM K-methylsulfonate, 10 mM NaCl, 5 mM Na-HEPES, 1 mM K-EGTA, 1 mM Na-ATP,
0.1 mM Na-GTP
120 mM NaCl, 23 mM NaHCO3, 3.1 mM KCl, 1.15 mM CaCl2, 1.24 mM MgCl2, pH 7.4
"""
CALYX = """
130 Cs-gluconate, 20 tetraethylammonium (TEA)-Cl, 10 HEPES, 5 Na2-phosphocreatine, 4 Mg-ATP,
0.3 Na-GTP, 6 QX-314, and 5 EGTA (pH 7.2, 315 mOsm)
125 NaCl, 2.5 KCl, 1 MgCl2, 1.2 CaCl2, 10 glucose, 25 NaHCO3, 1.25 NaH2PO4, 0.4 L-ascorbic acid, 3 myo-inositol
"""


@pytest.mark.parametrize(
    ("texts", "temperature", "stated", "within"), [(NEURONS, 23, 15, 0.5), (RETINA, 25, 10, 1.0), (CALYX, 37, 13, 2.0)]
)
def test_texts_of_published_methods_give_the_junction_potential_that_they_state(texts, temperature, stated, within):
    *internal, external = texts.strip().splitlines()
    assert junction_potential("\n".join(internal), external, temperature) == pytest.approx(stated, abs=within)


def test_what_a_titration_charges():
    assert [name for name in ("K", "Cl", "HEPES", "gluconate", "NMDG", "HCO3") if is_weak(name)] == [
        "HEPES",
        "gluconate",
        "NMDG",
    ]
