"""PyRadiomics' interface over fasttex: the same names, settings and numbers."""
