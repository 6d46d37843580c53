"""The junction potential against published numbers, closed forms, and the integral that the equation solves."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from mnephys.errors import SampleSheetError
from mnephys.samples import junction_potential
from mnephys.samples.ions import IONS

RT_F = 8.314462618 / 96485.33212 * 1000

WALZ = {"Na": 152.2, "K": 3, "Ca": 2.4, "Mg": 1.5, "Cl": 133.8, "HCO3": 25, "H2PO4": 1.2, "SO4": 1.5}
AXOBITS = (
    {"K": 145, "Na": 13, "Cl": 10, "gluconate": 145, "Mg": 1, "HEPES": 5},
    {"K": 2.8, "Na": 145, "Cl": 148.8, "Mg": 2, "Ca": 1, "HEPES": 5},
)


@pytest.mark.parametrize(
    ("internal", "external", "temperature", "published", "within"),
    [
        # JPCalcWin's manual, page 7, and AxoBits 39, page 8: both computed by the same equation.
        ({"Na": 10, "Cl": 145 - 135, "Cs": 135, "F": 135}, {"Na": 145, "Cl": 145}, 20, 8.74, 0.02),
        (*AXOBITS, 20, 15.6, 0.05),
        # Ng & Barry 1995, table 2, last row: measured.
        ({"Ca": 50, "Mg": 50, "Cl": 200}, {"Li": 100, "Cl": 100}, 25, -8.2, 0.3),
        # Solved by the stationary Nernst-Planck equation (Marino et al. 2014) instead.
        ({"K": 125, "gluconate": 125, "HEPES": 10, "Mg": 1, "Na": 4.25, "Cl": 2}, WALZ, 25, 15.7, 0.8),
        ({"K": 125, "gluconate": 95, "HEPES": 10, "Mg": 1, "Na": 4.25, "Cl": 32}, WALZ, 25, 12.4, 0.8),
    ],
)
def test_published_junction_potentials_come_back(internal, external, temperature, published, within):
    assert junction_potential(internal, external, temperature) == pytest.approx(published, abs=within)


def test_two_salts_that_share_an_ion_follow_lewis_and_sargent():
    found = junction_potential({"K": 150, "Cl": 150}, {"Na": 150, "Cl": 150}, 20)
    assert found == pytest.approx(RT_F * 293.15 * math.log((1 + 1.039) / (0.682 + 1.039)))
    assert 4.2 < found < 4.4


def test_a_salt_against_its_dilution_follows_the_transport_numbers():
    found = junction_potential({"Na": 150, "Cl": 150}, {"Na": 15, "Cl": 15}, 25)
    assert found == pytest.approx(RT_F * 298.15 * (1.039 - 0.682) / (1.039 + 0.682) * -math.log(10))


concentration = st.floats(0.01, 300)
mixture = st.dictionaries(st.sampled_from(sorted(IONS)), concentration, min_size=1, max_size=6)


@given(mixture, mixture)
def test_the_equation_is_the_integral_over_a_junction_in_which_the_solutions_mix_evenly(internal, external):
    names = [*internal.keys() | external.keys()]
    z = np.array([IONS[name].valence for name in names], dtype=float)
    u = np.array([IONS[name].mobility for name in names])
    pipette, bath = (np.array([solution.get(name, 0.0) for name in names]) for solution in (internal, external))
    assume(0.05 < (z**2 * u) @ pipette / ((z**2 * u) @ bath) < 20)
    x = np.linspace(0, 1, 20001)[:, np.newaxis]
    field = -(z * u * (bath - pipette)).sum() / (z**2 * u * (pipette + x * (bath - pipette))).sum(axis=1)
    expected = RT_F * 298.15 * np.trapezoid(field, x[:, 0])
    assert junction_potential(internal, external, 25.0) == pytest.approx(expected, rel=1e-4, abs=1e-4)


@given(mixture, mixture, st.floats(0.01, 50))
def test_only_ratios_of_concentrations_count(internal, external, factor):
    more = [{name: factor * mm for name, mm in solution.items()} for solution in (internal, external)]
    assert junction_potential(*more) == pytest.approx(junction_potential(internal, external), rel=1e-6, abs=1e-6)


@given(mixture, mixture)
def test_seen_from_the_other_side_the_sign_is_the_other(internal, external):
    there, back = junction_potential(internal, external), junction_potential(external, internal)
    assert there == pytest.approx(-back, rel=1e-6, abs=1e-6)


@given(mixture, st.floats(0, 60))
def test_a_solution_has_none_against_itself(solution, temperature):
    assert junction_potential(solution, solution, temperature) == 0.0


def test_it_is_proportional_to_the_absolute_temperature():
    cold, warm = (junction_potential(*AXOBITS, celsius) for celsius in (0.0, 37.0))
    assert warm / cold == pytest.approx(310.15 / 273.15)


def test_solutions_that_conduct_alike_are_no_division_by_zero():
    near, at = ({"K": 100, "Cl": 100 + more} for more in (1e-9, 0.0))
    other = {"K": 100, "Br": 100 * 1.039 / 1.063}
    assert junction_potential(at, other) == pytest.approx(junction_potential(near, other), abs=1e-6)


@pytest.mark.parametrize(
    ("internal", "external", "temperature", "message"),
    [
        ({"Kalium": 140}, {"Na": 150}, 25, "'Kalium' is not known"),
        ({"gluconat": 140}, {"Na": 150}, 25, "the nearest is 'gluconate'"),
        ({"K": -1.0}, {"Na": 150}, 25, "-1 mM of K is no concentration"),
        ({"K": math.nan}, {"Na": 150}, 25, "no concentration"),
        ({"K": math.inf}, {"Na": 150}, 25, "no concentration"),
        ({}, {"Na": 150}, 25, "without ions"),
        ({"K": 140}, {"Na": 0.0}, 25, "without ions"),
        ({"K": 140}, {"Na": 150}, 310, "no temperature of a bath"),
        ({"K": 140}, {"Na": 150}, math.nan, "no temperature of a bath"),
    ],
)
def test_what_cannot_be_computed_is_said(internal, external, temperature, message):
    with pytest.raises(SampleSheetError, match=message):
        junction_potential(internal, external, temperature)


def test_every_ion_has_a_charge_a_mobility_and_a_source():
    for name, ion in IONS.items():
        assert ion.name == name
        assert ion.valence in {-4, -3, -2, -1, 1, 2}
        # Nothing but H and OH, which no solution holds in mM, is much faster than K.
        assert 0.1 <= ion.mobility <= 1.1
        assert ion.assumed or "doi:" in ion.source or "Lange" in ion.source


@pytest.mark.parametrize(
    ("ion", "conductivity"),
    [
        ("Na", 50.11),
        ("Cs", 77.3),
        ("Ca", 59.5),
        ("Mg", 53.06),
        ("Cl", 76.31),
        ("HCO3", 44.5),
        ("SO4", 80.0),
        ("F", 55.4),
    ],
)
def test_mobilities_are_limiting_equivalent_conductivities_over_the_valence(ion, conductivity):
    # S cm2 / mol at 25 degC, Lange's Handbook; that of K is 73.5.
    assert IONS[ion].mobility == pytest.approx(conductivity / 73.5 / abs(IONS[ion].valence), rel=0.01)
