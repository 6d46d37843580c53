"""Neurodata Without Borders: units and electrical series."""
