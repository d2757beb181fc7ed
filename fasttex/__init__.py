"""fasttex: texture features of medical images, exact and fast."""

__version__ = "0.1.0"
