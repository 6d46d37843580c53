"""Runs and their pages, made once for all tests of the report."""

from __future__ import annotations

import pytest
from report import synthetic_plates, synthetic_run
from report.html_page import Page

from mnephys import report


@pytest.fixture(scope="session")
def run():
    return synthetic_run.run()


@pytest.fixture(scope="session")
def html(run):
    return report.render(run)


@pytest.fixture(scope="session")
def page(html):
    return Page(html)


@pytest.fixture(scope="session")
def plate_run():
    return synthetic_plates.run()


@pytest.fixture(scope="session")
def plate_html(plate_run):
    return report.render(plate_run)


@pytest.fixture(scope="session")
def plate_page(plate_html):
    return Page(plate_html)
