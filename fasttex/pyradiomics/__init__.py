"""The feature classes of PyRadiomics by their names, with fasttex's kernels and features."""
