"""HDF5 files of MaxWell Biosystems, MaxOne and MaxTwo."""
