"""The page can be read: by everybody, in the dark, and on any width."""

from __future__ import annotations

import re

import numpy as np
import pytest

from mnephys.plot import style


def test_tables_keep_their_meaning_when_they_become_cards(page):
    for role, tags in (("row", {"tr"}), ("cell", {"td"}), ("columnheader", {"th"}), ("rowheader", {"th"})):
        assert {tag for tag, attrs in page.elements if attrs.get("role") == role} == tags
    scopes = [attrs.get("scope") for attrs in page.named("th")]
    assert set(scopes) == {"row", "col"}
    assert len(page.named("caption")) == len([a for a in page.named("table") if "role" in a])
    levels = [int(tag[1]) for tag, _ in page.elements if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert max(np.diff(levels)) == 1


def test_every_colour_of_the_figures_has_one_for_the_dark(page):
    dark = page.raw["style"].split("prefers-color-scheme: dark")[1]
    used = {
        m for _, a in page.elements for m in (a.get("fill"), a.get("stroke")) if m and re.fullmatch("#[0-9a-f]{6}", m)
    }
    assert {style.INK, style.MUTED, style.BLUE, style.IMMATURE, style.MATURE} <= used
    for colour in used - {style.GREY}:
        assert f'="{colour}"]' in dark


@pytest.mark.parametrize("scheme", [0, 1])
def test_words_are_legible_in_light_and_dark(page, scheme):
    roots = re.findall(r":root \{(.*?)\}", page.raw["style"], re.DOTALL)
    colours = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", roots[scheme]))

    def luminance(colour):
        parts = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
        return np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4) @ (0.2126, 0.7152, 0.0722)

    for name in ("ink", "muted", "link", "mature", "intermediate", "immature", "open"):
        low, high = sorted((luminance(colours[name]), luminance(colours["paper"])))
        assert (high + 0.05) / (low + 0.05) >= 4.5, name
