"""The extractor: from an image, a mask and settings to features, in the order of PyRadiomics.

Load, normalize, check the mask, resample or crop, re-segment; then shape, and for every image type the
classes wanted. Texture classes of an image share its gray levels and what was counted.
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import SimpleITK as sitk
from numpy.typing import ArrayLike

from ..errors import InputError, KernelUnavailableError
from . import getFeatureClasses, imageoperations
from .counting import Discretized
from .filters.gaussian import log_name, log_obstacle
from .generalinfo import GeneralInfo
from .parameters import DEFAULTS, check_arguments
from .region import Region
from .rois import Roi, crops, labels_of, read
from .selection import Selection

__all__ = ["RadiomicsFeatureExtractor"]

logger = logging.getLogger(__name__)

_SHAPES = ("shape", "shape2D")


class RadiomicsFeatureExtractor(Selection):
    """Extracts features as PyRadiomics does, with its settings, keys and values.

    Parameters
    ----------
    params : str, Path or dict, optional
        A parameter file (YAML or JSON), or a dict of the same form. Without it, all classes but `shape2D` are
        enabled, on the original image.
    **settings
        Single settings, which win over the file's. Unknown ones have no effect but a warning.

    Attributes
    ----------
    settings : dict
        May be changed at any time.
    enabledImagetypes : dict of str to dict
        Image types, each with the settings that are its own.
    enabledFeatures : dict of str to list of str
        Feature classes, each with the features wanted; all where the list is empty.

    Raises
    ------
    OSError
        There is no such parameter file.
    SettingsError
        A parameter or setting that is not allowed (a ValueError).

    Examples
    --------
    >>> extractor = RadiomicsFeatureExtractor(binWidth=10)
    >>> extractor.disableAllFeatures()
    >>> extractor.enableFeaturesByName(firstorder=["Mean"])
    >>> image = sitk.GetImageFromArray([[[1, 2], [3, 4]]] * 2)
    >>> float(extractor.execute(image, image > 1)["original_firstorder_Mean"])
    3.0
    """

    def execute(
        self,
        imageFilepath: str | Path | sitk.Image,
        maskFilepath: str | Path | sitk.Image,
        label: int | None = None,
        label_channel: int | None = None,
        voxelBased: bool = False,
    ) -> OrderedDict[str, Any]:
        """Extract the features of one ROI.

        Parameters
        ----------
        imageFilepath, maskFilepath : str, Path or SimpleITK.Image
            Intensities, and the mask of the same grid.
        label : int, optional
            The ROI's value in the mask; the setting ``label``, 1, by default.
        label_channel : int, optional
            Which component of a mask with several.
        voxelBased : bool, default False
            Maps instead of values, which are not available.

        Returns
        -------
        OrderedDict
            ``diagnostics_*``, then ``<image type>_<class>_<Feature>``. An image type or class that fails
            leaves the others in place, and a key ``diagnostics_Failed_<image type>[_<class>]`` says why.

        Raises
        ------
        ValueError
            A mask that cannot be used with this image or these settings.
        LookupError
            A feature is enabled that the class does not have.
        KernelUnavailableError
            `voxelBased` is True.
        """
        if voxelBased:
            raise KernelUnavailableError("feature maps (voxelBased=True) are not available; leave it out")
        settings = self._settings_for(label, label_channel)
        roi = Roi(settings, self._begin(settings))
        image, mask = self.loadImage(imageFilepath, maskFilepath, roi.info, **settings)
        self._begin_roi(roi, image, mask)
        self._filter_and_compute(image, [roi])
        if roi.failure is not None:
            raise roi.failure
        return roi.result()

    def execute_labels(
        self,
        image: str | Path | sitk.Image,
        labelmap: str | Path | sitk.Image,
        labels: Sequence[int] | None = None,
    ) -> dict[int, OrderedDict[str, Any]]:
        """Extract the features of many ROIs of one label map.

        The files are read once. Every label has the values that `execute` gives it.

        Parameters
        ----------
        image, labelmap : str, Path or SimpleITK.Image
            Intensities, and integers of the same grid.
        labels : sequence of int, optional
            Which; all but 0 by default.

        Returns
        -------
        dict of int to OrderedDict
            By label. A label that fails has the key ``diagnostics_Failed`` alone.
        """
        image, labelmap = read(image, "image"), read(labelmap, "mask")
        if labels is None:
            labels = labels_of(labelmap)
        rois: dict[int, Roi] = {}
        shared = None
        for label in map(int, labels):
            settings = self._settings_for(label, None)
            rois[label] = roi = Roi(settings, self._begin(settings))
            try:
                loaded, mask = self.loadImage(image, labelmap, roi.info, **settings)
                self._begin_roi(roi, loaded, mask)
                if crops(settings):  # filters see the label's own crop
                    self._filter_and_compute(loaded, [roi])
                else:
                    shared = loaded
            except LookupError:
                raise
            except Exception as error:
                roi.failure = error
        if shared is not None:
            self._filter_and_compute(shared, [roi for roi in rois.values() if not roi.failure])
        return {label: roi.result() for label, roi in rois.items()}

    def _settings_for(self, label: int | None, label_channel: int | None) -> dict[str, Any]:
        settings = dict(self.settings)
        if label is not None:
            settings["label"] = int(label)
        if label_channel is not None:
            settings["label_channel"] = int(label_channel)
        check_arguments(settings)
        settings["label"] = settings.get("label") or 1
        logger.info("Calculating features with label: %d", settings["label"])
        return settings

    def _begin(self, settings: Mapping[str, Any]) -> GeneralInfo:
        info = GeneralInfo()
        info.addStaticElements()
        info.addGeneralSettings(settings)
        info.addEnabledImageTypes(self.enabledImagetypes)
        return info

    @staticmethod
    def loadImage(
        ImageFilePath: str | Path | sitk.Image,
        MaskFilePath: str | Path | sitk.Image,
        generalInfo: GeneralInfo | None = None,
        **kwargs: Any,
    ) -> tuple[sitk.Image, sitk.Image]:
        """Read, normalize, check the mask, and resample or crop.

        Returns
        -------
        image, mask : SimpleITK.Image
            Of the same grid; the mask is 32-bit.
        """
        settings = {**DEFAULTS, **kwargs}
        image = read(ImageFilePath, "image")
        mask = imageoperations.getMask(read(MaskFilePath, "mask"), **settings)
        label = settings.get("label") or 1
        if generalInfo is not None and settings.get("additionalInfo"):
            generalInfo.addImageElements(image)
            generalInfo.addMaskElements(image, mask, label)
        if settings.get("normalize"):
            image = imageoperations.normalizeImage(image, **settings)
        box, corrected = imageoperations.checkMask(image, mask, **settings)
        if corrected is not None:
            mask = corrected
            if generalInfo is not None and settings.get("additionalInfo"):
                generalInfo.addMaskElements(image, mask, label, "corrected")
        if settings.get("interpolator") is not None and settings.get("resampledPixelSpacing") is not None:
            image, mask = imageoperations.resampleImage(image, mask, **settings)
            if generalInfo is not None and settings.get("additionalInfo"):
                generalInfo.addImageElements(image, "interpolated")
                generalInfo.addMaskElements(image, mask, label, "interpolated")
        elif settings.get("preCrop"):
            if box is None:
                box, _ = imageoperations.checkMask(image, mask, **settings)
            image, mask = imageoperations.cropToTumorMask(image, mask, box, **settings)
        return image, mask

    def _begin_roi(self, roi: Roi, image: sitk.Image, mask: sitk.Image) -> None:
        """Re-segment, and compute what no image type changes."""
        settings = roi.settings
        whole, box = mask, imageoperations.checkMask(image, mask, **settings)[0]
        roi.mask, roi.box = mask, box
        if settings.get("resegmentRange") is not None:
            roi.mask = imageoperations.resegmentMask(image, mask, **settings)
            if settings.get("additionalInfo"):
                roi.info.addMaskElements(image, roi.mask, settings["label"], "resegmented")
            roi.box = imageoperations.checkMask(image, roi.mask, **settings)[0]
            if settings.get("resegmentShape"):
                whole, box = roi.mask, roi.box
        roi.features.update(self.computeShape(image, whole, box, **settings))

    def _filter_and_compute(self, image: sitk.Image, rois: list[Roi]) -> None:
        """Make every image of every type once, and compute the features of all ROIs on it."""
        for image_type, custom in self.enabledImagetypes.items():
            logger.info('Adding image type "%s" with custom settings: %s', image_type, custom)
            # Codes of local patterns in 3D depend on the mask.
            groups = [[roi] for roi in rois] if image_type == "LBP3D" else [rois]
            for group in filter(None, groups):
                settings = {**group[0].settings, **custom}
                if image_type == "LoG":
                    _note_left_out(image, settings, group)
                try:
                    make = getattr(imageoperations, f"get{image_type}Image")
                    for filtered, name, kwargs in make(image, group[0].mask, **settings):
                        logger.info("Calculating features for %s image", name)
                        self._compute(group, filtered, name, kwargs)
                except (LookupError, InputError):
                    raise
                except Exception as error:
                    for roi in group:
                        _note(roi.info, image_type, error)

    def _compute(self, rois: list[Roi], filtered: sitk.Image, name: str, settings: dict[str, Any]) -> None:
        for roi in rois:
            if roi.failure is not None:
                continue
            try:
                cropped = imageoperations.cropToTumorMask(filtered, roi.mask, roi.box)
                own = {**settings, "label": roi.settings["label"]}
                roi.features.update(self.computeFeatures(*cropped, name, generalInfo=roi.info, **own))
            except InputError as error:
                roi.failure = error

    def computeShape(
        self, image: sitk.Image, mask: sitk.Image, boundingBox: ArrayLike, **kwargs: Any
    ) -> OrderedDict[str, Any]:
        """Compute the enabled shape features, of the ROI cropped to its box."""
        features: OrderedDict[str, Any] = OrderedDict()
        wanted = {name: self.enabledFeatures[name] for name in self.enabledFeatures if name in _SHAPES}
        if not wanted:
            return features
        cropped = imageoperations.cropToTumorMask(image, mask, boundingBox)
        region = Region.from_images(*cropped, kwargs.get("label") or 1)
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
        **kwargs: Any,
    ) -> OrderedDict[str, Any]:
        """Compute the enabled features other than shape, of an image cropped to the ROI's box."""
        features: OrderedDict[str, Any] = OrderedDict()
        shared = Discretized.from_images(image, mask, **{**kwargs, "label": kwargs.get("label") or 1})
        for name, chosen in self.enabledFeatures.items():
            if name in _SHAPES:
                continue
            logger.info("Computing %s", name)
            try:
                calculator = getFeatureClasses()[name].from_discretized(shared, **kwargs)
                features.update(_values(calculator, chosen, f"{imageTypeName}_{name}_"))
            except (LookupError, InputError):
                raise
            except Exception as error:
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
