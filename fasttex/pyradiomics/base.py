"""What all feature classes share: enabling features, computing those enabled, and their names."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from functools import cache, cached_property
from typing import Any, ClassVar, TypeVar

import numpy as np
from numpy.typing import NDArray

from ..errors import KernelUnavailableError
from ..types import FloatArray
from .counting import Discretized
from .region import Region

__all__ = ["RadiomicsFeaturesBase", "RadiomicsTextureBase"]

F = TypeVar("F", bound=Callable[..., Any])
C = TypeVar("C", bound="RadiomicsFeaturesBase")
_PREFIX, _SUFFIX = "get", "FeatureValue"


class RadiomicsFeaturesBase:
    """A class of features of one ROI.

    Parameters
    ----------
    inputImage, inputMask : SimpleITK.Image
        Intensities and labels on one grid.
    **kwargs
        Settings by PyRadiomics' names; each class takes those that it knows. ``label`` is the ROI's label,
        1 unless given.

    Attributes
    ----------
    enabledFeatures : dict of bool
        By feature, in the order in which `execute` computes them.
    featureValues : dict
        What `execute` found last.
    settings : dict
        As given.
    coefficients : dict
        What features have in common, such as ``Ng``, the number of gray levels.

    Raises
    ------
    KernelUnavailableError
        ``voxelBased`` is asked for: maps of features are not computed here.
    """

    #: Features in the order of their names; each has a method ``get<Feature>FeatureValue``.
    FEATURES: ClassVar[Mapping[str, str]] = {}
    #: Features that are computed only when asked for by name.
    DISCOURAGED: ClassVar[tuple[str, ...]] = ()
    #: Features that are not computed, and which takes their place.
    REPLACED: ClassVar[Mapping[str, str]] = {}
    #: Whether a value asked for alone comes as an array of one (textures, first order) or as a number.
    AS_ARRAY: ClassVar[bool] = True

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "FEATURES" in vars(cls):
            for name in cls.FEATURES:
                _add_method(cls, name, _getter(name, cls.FEATURES[name]), name in cls.DISCOURAGED)
            for name, instead in cls.REPLACED.items():
                _add_method(cls, name, _refusal(name, instead), True)

    def __init__(self, inputImage: Any, inputMask: Any, **kwargs: Any) -> None:
        self._set_up(Region.from_images(inputImage, inputMask, kwargs.get("label", 1)), kwargs)

    def _set_up(self, region: Region, settings: Mapping[str, Any]) -> None:
        if settings.get("voxelBased"):
            raise KernelUnavailableError(
                "voxelBased=True asks for maps of features, which are not computed here yet; leave it out "
                "for one value per ROI"
            )
        self.logger = logging.getLogger(type(self).__module__)
        self.settings = dict(settings)
        self.label = region.label
        self.voxelBased = False
        self.region = region
        self.coefficients: dict[str, Any] = {}
        self.enabledFeatures: dict[str, bool] = {}
        self.featureValues: dict[str, Any] = {}
        self.featureNames = self.getFeatureNames()

    @classmethod
    def from_region(cls: type[C], region: Region, **settings: Any) -> C:
        """Make the class for a ROI that others share; its label is the region's.

        Parameters
        ----------
        region : Region
        **settings
            As of the class.
        """
        made = cls.__new__(cls)
        made._set_up(region, settings)
        return made

    @property
    def inputImage(self) -> Any:
        """Intensities, a SimpleITK image."""
        return self.region.image

    @property
    def inputMask(self) -> Any:
        """Labels on the same grid, a SimpleITK image."""
        return self.region.mask

    @property
    def imageArray(self) -> NDArray[Any]:
        """Intensities, shape (z, y, x) or (y, x)."""
        volume = self.region.volume
        return volume if self.region.ndim == 3 else volume[0]

    @cached_property
    def maskArray(self) -> NDArray[np.bool_]:
        """The ROI in the whole image: shape (z, y, x) or (y, x)."""
        mask = np.zeros(self.region.size, dtype=np.bool_)
        mask[self.region.box] = self.region.inside
        return mask if self.region.ndim == 3 else mask[0]

    @classmethod
    def getFeatureNames(cls) -> dict[str, bool]:
        """All features of the class; True for those that `enableAllFeatures` leaves out."""
        return dict(_feature_names(cls))  # type: ignore[arg-type]

    def enableFeatureByName(self, feature: str, enable: bool = True) -> None:
        """Have a feature computed, or not.

        Raises
        ------
        LookupError
            The class has no such feature.
        """
        if feature not in self.featureNames:
            raise LookupError(
                f"Feature not found: {feature}; {type(self).__name__} has {', '.join(self.featureNames)}"
            )
        if enable and self.featureNames[feature]:
            self.logger.warning("Feature %s is deprecated, use with caution!", feature)
        self.enabledFeatures[feature] = bool(enable)

    def enableAllFeatures(self) -> None:
        """Have all features computed but the deprecated ones."""
        for feature, deprecated in self.featureNames.items():
            if not deprecated:
                self.enabledFeatures[feature] = True

    def disableAllFeatures(self) -> None:
        """Have no feature computed, and forget the values found."""
        self.enabledFeatures = {}
        self.featureValues = {}

    def execute(self) -> dict[str, Any]:
        """Compute the features enabled; all, where none is.

        Returns
        -------
        dict
            By feature: an array without axes. Features that are replaced by others are left out, with a
            message in the log.
        """
        if not self.enabledFeatures:
            self.enableAllFeatures()
        for feature, enabled in self.enabledFeatures.items():
            if not enabled:
                continue
            try:
                value = getattr(self, f"{_PREFIX}{feature}{_SUFFIX}")()
            except DeprecationWarning as reason:
                self.logger.warning("Feature %s is left out: %s", feature, reason)
                continue
            self.featureValues[feature] = np.squeeze(np.asarray(value))
        return self.featureValues

    @cached_property
    def _values(self) -> dict[str, float]:
        return self._calculate()

    def _calculate(self) -> dict[str, float]:
        """Values that are cheapest made together, by feature."""
        raise NotImplementedError

    def _value(self, name: str) -> float:
        return self._values[name]


class RadiomicsTextureBase(RadiomicsFeaturesBase):
    """A class of features of the gray levels of one ROI.

    Parameters
    ----------
    inputImage, inputMask : SimpleITK.Image
        Intensities and labels on one grid.
    **kwargs
        Settings by PyRadiomics' names: those of `fasttex.pyradiomics.binning.getBinEdges`, ``label``,
        ``force2D``, ``force2Ddimension``, and what the class knows.
    """

    def __init__(self, inputImage: Any, inputMask: Any, **kwargs: Any) -> None:
        super().__init__(inputImage, inputMask, **kwargs)
        self._discretize(Discretized(self.region, **kwargs))

    @classmethod
    def from_discretized(cls: type[C], discretized: Discretized, **settings: Any) -> C:
        """Make the class for gray levels that others share, and with them their counts.

        Parameters
        ----------
        discretized : Discretized
            Its levels stay as they are, whatever the settings say of bins.
        **settings
            As of the class.
        """
        made = cls.from_region(discretized.region, **settings)
        made._discretize(discretized)  # type: ignore[attr-defined]
        return made

    def _discretize(self, discretized: Discretized) -> None:
        self.discretized, self.counts = discretized, discretized.counts
        self.coefficients["grayLevels"] = self.counts.gray_levels
        self.coefficients["Ng"] = self.counts.n_levels

    @cached_property
    def discretizedImageArray(self) -> NDArray[np.int64]:
        """Gray levels in the whole image, 0 outside: shape (z, y, x) or (y, x)."""
        levels = np.zeros(self.region.size, dtype=np.int64)
        levels[self.region.box][self.region.inside] = self.discretized.levels
        return levels if self.region.ndim == 3 else levels[0]

    @property
    def imageArray(self) -> NDArray[Any]:
        """Gray levels in the whole image, 0 outside: shape (z, y, x) or (y, x)."""
        return self.discretizedImageArray


@cache
def _feature_names(cls: type) -> dict[str, bool]:
    methods = sorted(m for m in dir(cls) if m.startswith(_PREFIX) and m.endswith(_SUFFIX))
    names = [method[len(_PREFIX) : -len(_SUFFIX)] for method in methods]
    return {
        name: bool(getattr(getattr(cls, method), "deprecated", False))
        for name, method in zip(names, methods, strict=True)
    }


def mean_rows(rows: FloatArray) -> FloatArray:
    """Mean over the rows; NaN where there is none."""
    return rows.mean(axis=0) if len(rows) else np.full(rows.shape[1], np.nan)


def _add_method(cls: type, name: str, method: Callable[..., Any], deprecated: bool) -> None:
    method.__name__ = f"{_PREFIX}{name}{_SUFFIX}"
    method.__qualname__ = f"{cls.__name__}.{method.__name__}"
    method.__module__ = cls.__module__
    method.deprecated = deprecated  # type: ignore[attr-defined]
    setattr(cls, method.__name__, method)


def _getter(name: str, what: str) -> Callable[[RadiomicsFeaturesBase], Any]:
    def get(self: RadiomicsFeaturesBase) -> Any:
        value = self._value(name)
        return np.array([value]) if self.AS_ARRAY else float(value)

    get.__doc__ = f"Compute the feature {name} (here {what})."
    return get


def _refusal(name: str, instead: str) -> Callable[[RadiomicsFeaturesBase], Any]:
    def get(self: RadiomicsFeaturesBase) -> Any:
        raise DeprecationWarning(f"{name} is not computed: {instead}")

    get.__doc__ = f"Refuse to compute {name}: {instead}."
    return get
