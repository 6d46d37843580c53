"""What a tag says, as people write it at the rig."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnephys.patch.agonists.tags import Role, read_tags


@pytest.mark.parametrize(
    ("text", "role", "agents"),
    [
        ("glutamate", Role.AGONIST, ("glutamate",)),
        ("100 uM L-Glu puff", Role.AGONIST, ("glutamate",)),
        ("Kainic acid 50µM", Role.AGONIST, ("kainate",)),
        ("GABA 100 μM ON", Role.AGONIST, ("gaba",)),
        ("gly", Role.AGONIST, ("glycine",)),
        ("GABA in TTX", Role.AGONIST, ("gaba",)),
        ("wash in kainate", Role.AGONIST, ("kainate",)),
        ("aCSF + glycine", Role.AGONIST, ("glycine",)),
        ("TTX", Role.TETRODOTOXIN, ()),
        ("wash-in 1 uM tetrodotoxin", Role.TETRODOTOXIN, ()),
        ("glutamate+GABA", Role.MIXTURE, ("glutamate", "gaba")),
        ("glutamate + CNQX", Role.MIXTURE, ("glutamate",)),
        ("TTX + 4AP + picrotoxin", Role.MIXTURE, ()),
        ("GABA antagonist", Role.MIXTURE, ("gaba",)),
        ("glutamate off", Role.END, ("glutamate",)),
        ("wash", Role.END, ()),
        ("back to aCSF", Role.END, ()),
        ("before glutamate", Role.OTHER, ("glutamate",)),
        ("gabazine", Role.OTHER, ()),
        ("glucose", Role.OTHER, ()),
        ("KCl", Role.OTHER, ()),
        ("", Role.OTHER, ()),
    ],
)
def test_roles(text, role, agents):
    (tag,) = read_tags([(1.0, text)])
    assert (tag.role, tag.agents) == (role, agents)


def test_they_come_in_order_and_those_without_a_time_are_no_tags():
    found = read_tags([(5.0, "wash"), (math.nan, "TTX"), (math.inf, "TTX"), (-1.0, "GABA")])
    assert [(tag.time, tag.text) for tag in found] == [(-1.0, "GABA"), (5.0, "wash")]


@given(st.lists(st.tuples(st.floats(), st.text(max_size=200)), max_size=5))
def test_any_text_is_a_tag_of_one_short_line(tags):
    for tag in read_tags(tags):
        assert len(tag.text) <= 60
        assert "\n" not in tag.text
