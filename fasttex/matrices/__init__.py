"""Texture matrices: kernel counts in their types; symmetry and merging live here, once."""
