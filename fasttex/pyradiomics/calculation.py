"""From one loaded image and its ROIs to features: shape, then every image type with every class."""

from __future__ import annotations

import functools
import logging
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import SimpleITK as sitk
from numpy.typing import ArrayLike

from ..errors import InputError, LevelRangeError
from . import getFeatureClasses, imageoperations
from .counting import Discretized
from .filters.gaussian import log_name, log_obstacle
from .generalinfo import GeneralInfo
from .geometry import part_of
from .region import Region
from .rois import Roi, box_key
from .selection import Selection

__all__ = ["Calculation"]

logger = logging.getLogger(__name__)

_SHAPES = ("shape", "shape2D")
#: Image types that depend on the mask: codes of local patterns in 3D.
LOOK_AT_THE_MASK = ("LBP3D",)


class Calculation(Selection):
    """Computes what is wanted. Texture classes of an image share its gray levels and what was counted."""

    def _begin_roi(self, roi: Roi, image: sitk.Image, mask: sitk.Image) -> None:
        """Re-segment, and compute what no image type changes."""
        settings = roi.settings
        made, what = functools.partial(imageoperations.checkMask, image, mask, **settings), box_key(settings)
        roi.box = box = roi.shared.once(what, mask, made)[0]
        roi.shared.forget(what)
        roi.mask = of_shape = mask
        if settings.get("resegmentRange") is not None:
            roi.mask = imageoperations.resegmentMask(image, mask, **settings)
            if settings.get("additionalInfo"):
                roi.info.addMaskElements(image, roi.mask, settings["label"], "resegmented")
            roi.box = imageoperations.checkMask(image, roi.mask, **settings)[0]
            if settings.get("resegmentShape"):
                of_shape, box = roi.mask, roi.box
        roi.features.update(self.computeShape(image, of_shape, box, **settings))
        if roi.shared.many and not any(name in LOOK_AT_THE_MASK for name in self.enabledImagetypes):
            roi.mask = part_of(roi.mask, roi.box, np.uint32)  # not to keep many masks

    def _filter_and_compute(self, image: sitk.Image, rois: list[Roi]) -> None:
        """Make every image of every type once, and compute the features of all ROIs on it."""
        for image_type, custom in self.enabledImagetypes.items():
            logger.info('Adding image type "%s" with custom settings: %s', image_type, custom)
            groups = [[roi] for roi in rois] if image_type in LOOK_AT_THE_MASK else [rois]
            for group in filter(None, groups):
                settings = {**group[0].settings, **custom}
                if image_type == "LoG":
                    _note_left_out(image, settings, group)
                try:
                    make = getattr(imageoperations, f"get{image_type}Image")
                    for filtered, name, kwargs in make(image, group[0].mask, **settings):
                        logger.info("Calculating features for %s image", name)
                        self._compute(group, filtered, name, kwargs)
                except Exception as error:
                    if _concerns_all(error):
                        raise
                    for roi in group:
                        _note(roi.info, image_type, error)

    def _compute(self, rois: list[Roi], filtered: sitk.Image, name: str, settings: dict[str, Any]) -> None:
        for roi in rois:
            if roi.failure is not None:
                continue
            try:
                own = {**settings, "label": roi.settings["label"], "boundingBox": roi.box}
                roi.features.update(
                    self.computeFeatures(filtered, roi.mask, name, generalInfo=roi.info, **own)
                )
            except LevelRangeError as error:
                _note(roi.info, name, error)
            except InputError as error:
                roi.failure = error

    def computeShape(
        self, image: sitk.Image, mask: sitk.Image, boundingBox: ArrayLike, **kwargs: Any
    ) -> OrderedDict[str, Any]:
        """Compute the enabled shape features, of the ROI within a box x, x, y, y, z, z."""
        features: OrderedDict[str, Any] = OrderedDict()
        wanted = {name: self.enabledFeatures[name] for name in self.enabledFeatures if name in _SHAPES}
        if not wanted:
            return features
        region = Region.from_images(image, mask, kwargs.get("label") or 1, np.asarray(boundingBox))
        for name, chosen in wanted.items():
            if name == "shape" and image.GetDimension() != 3:
                logger.warning("shape needs an image of 3 axes, got %d; see shape2D", image.GetDimension())
            elif name == "shape2D" and not kwargs.get("force2D"):
                logger.warning("shape2D is left out: it needs the setting force2D=True")
            else:
                logger.info("Computing %s", name)
                calculator = getFeatureClasses()[name].from_region(region, **kwargs)
                features.update(_values(calculator, chosen, f"original_{name}_"))
        return features

    def computeFeatures(
        self,
        image: sitk.Image,
        mask: sitk.Image,
        imageTypeName: str,
        generalInfo: GeneralInfo | None = None,
        *,
        boundingBox: ArrayLike | None = None,
        **kwargs: Any,
    ) -> OrderedDict[str, Any]:
        """Compute the enabled features other than shape, within a box; without one, in all of the image."""
        features: OrderedDict[str, Any] = OrderedDict()
        window = None if boundingBox is None else np.asarray(boundingBox)
        region = Region.from_images(image, mask, kwargs.get("label") or 1, window)
        shared = Discretized(region, **kwargs)
        for name, chosen in self.enabledFeatures.items():
            if name in _SHAPES:
                continue
            logger.info("Computing %s", name)
            try:
                calculator = getFeatureClasses()[name].from_discretized(shared, **kwargs)
                features.update(_values(calculator, chosen, f"{imageTypeName}_{name}_"))
            except Exception as error:
                if _concerns_all(error):
                    raise
                _note(generalInfo, f"{imageTypeName}_{name}", error)
        return features


def _values(calculator: Any, chosen: Sequence[str] | None, prefix: str) -> dict[str, Any]:
    """The chosen features of one class, by their whole key."""
    if chosen:
        for feature in chosen:
            calculator.enableFeatureByName(feature)
    else:
        calculator.enableAllFeatures()
    return {prefix + feature: value for feature, value in calculator.execute().items()}


def _concerns_all(error: Exception) -> bool:
    """Whether the fault is in the ROI or in a name, and not in one image type or class."""
    return isinstance(error, (LookupError, InputError)) and not isinstance(error, LevelRangeError)


def _note(info: GeneralInfo | None, what: str, error: Exception) -> None:
    if info is None:
        raise error
    logger.error("%s failed: %s", what, error)
    info.addFailure(what, error)


def _note_left_out(image: sitk.Image, settings: Mapping[str, Any], rois: list[Roi]) -> None:
    """Say of which scales there is no Laplacian of Gaussian, and why."""
    sigmas = settings.get("sigma")
    reasons = {log_name(sigma): log_obstacle(image, sigma) for sigma in sigmas or ()}
    if not sigmas:
        reasons["LoG"] = "it needs sigma, a list of lengths in mm"
    for name, reason in reasons.items():
        for roi in rois if reason else ():
            roi.info.addFailure(name, InputError(reason))
