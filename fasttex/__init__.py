"""fasttex: texture features of medical images, exact and fast.

`extract` makes a feature table of an image and its ROIs. Below it lie `discretize` (gray levels of the
ROIs), `prepare` (a batch of them, or of levels from elsewhere), the matrix functions (`glcm`, `glrlm`,
`zones`, `glszm`, `gldzm`, `ngtdm`, `ngldm`) and `compute_features`. `run_cohort` does it for many images.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

# Name -> the module that has it. Loaded at first use, so that `import fasttex` stays light.
_HOMES = {
    "BackendError": "errors",
    "DiscretizedRoi": "types",
    "FasttexError": "errors",
    "FeatureTable": "table",
    "InputError": "errors",
    "NUMERICS": "conventions",
    "Settings": "settings",
    "SettingsError": "errors",
    "available": "backends",
    "compute_features": "features.compute",
    "discretize": "extraction",
    "extract": "extraction",
    "glcm": "matrices.glcm",
    "gldzm": "matrices.zones",
    "glrlm": "matrices.glrlm",
    "glszm": "matrices.zones",
    "ngldm": "matrices.ngldm",
    "ngtdm": "matrices.ngtdm",
    "parse_column": "features.columns",
    "prepare": "backends",
    "require_recipe": "table",
    "run_cohort": "cohort.run",
    "slices": "matrices.batches",
    "zones": "matrices.zones",
}

__all__ = [
    "NUMERICS",
    "BackendError",
    "DiscretizedRoi",
    "FasttexError",
    "FeatureTable",
    "InputError",
    "Settings",
    "SettingsError",
    "available",
    "compute_features",
    "discretize",
    "extract",
    "glcm",
    "gldzm",
    "glrlm",
    "glszm",
    "ngldm",
    "ngtdm",
    "parse_column",
    "prepare",
    "require_recipe",
    "run_cohort",
    "slices",
    "zones",
]

if TYPE_CHECKING:
    from .backends import available, prepare
    from .cohort.run import run_cohort
    from .conventions import NUMERICS
    from .errors import BackendError, FasttexError, InputError, SettingsError
    from .extraction import discretize, extract
    from .features.columns import parse_column
    from .features.compute import compute_features
    from .matrices.batches import slices
    from .matrices.glcm import glcm
    from .matrices.glrlm import glrlm
    from .matrices.ngldm import ngldm
    from .matrices.ngtdm import ngtdm
    from .matrices.zones import gldzm, glszm, zones
    from .settings import Settings
    from .table import FeatureTable, require_recipe
    from .types import DiscretizedRoi


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'fasttex' has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
