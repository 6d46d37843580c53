"""Recordings and results into other formats: from here out, never back."""
