"""HDF5 files of 3Brain, ``.brw`` and ``.bxr``."""
