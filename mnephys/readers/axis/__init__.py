"""Axion AxIS files, ``.raw`` and ``.spk``."""
