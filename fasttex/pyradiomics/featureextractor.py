"""The extractor: from an image, a mask and settings to features, in the order of PyRadiomics.

Load, normalize, check the mask, resample or crop, re-segment; then shape, and for every image type the
classes wanted. Texture classes of an image share its gray levels and what was counted.
"""

from __future__ import annotations

import functools
import logging
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import SimpleITK as sitk

from ..errors import KernelUnavailableError
from . import imageoperations
from .calculation import Calculation
from .generalinfo import GeneralInfo
from .masks import labels_for, to_32_bits
from .parameters import DEFAULTS, check_arguments
from .rois import Roi, box_key, crops, labels_of, read
from .shared import Shared

__all__ = ["RadiomicsFeatureExtractor"]

logger = logging.getLogger(__name__)


class RadiomicsFeatureExtractor(Calculation):
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
        with Shared() as shared:
            roi = Roi(settings, self._begin(settings, shared), shared)
            image, mask = self.loadImage(imageFilepath, maskFilepath, roi.info, **settings, shared=shared)
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
        labelmap = labelmap if labelmap.GetNumberOfComponentsPerPixel() > 1 else to_32_bits(labelmap)
        if labels is None:
            labels = labels_of(labelmap)
        with Shared(many=len(labels) > 1) as common:
            return self._labels_of(image, labelmap, labels, common)

    def _labels_of(
        self, image: sitk.Image, labelmap: sitk.Image, labels: Sequence[int], common: Shared
    ) -> dict[int, OrderedDict[str, Any]]:
        rois: dict[int, Roi] = {}
        shared = None
        for label in map(int, labels):
            settings = self._settings_for(label, None)
            rois[label] = roi = Roi(settings, self._begin(settings, common), common)
            try:
                loaded, mask = self.loadImage(image, labelmap, roi.info, **settings, shared=common)
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

    def _begin(self, settings: Mapping[str, Any], shared: Shared | None = None) -> GeneralInfo:
        info = GeneralInfo(shared)
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
            Of the same grid; the mask is 32-bit. With ``shared``, a `Shared`, it may hold other integers.
        """
        settings, shared = {**DEFAULTS, **kwargs}, kwargs.get("shared")
        image = read(ImageFilePath, "image")
        label = settings.get("label") or 1
        mask = labels_for(read(MaskFilePath, "mask"), label, settings.get("label_channel") or 0)
        if generalInfo is not None and settings.get("additionalInfo"):
            generalInfo.addImageElements(image)
            generalInfo.addMaskElements(image, mask, label)
        if settings.get("normalize"):
            made = functools.partial(imageoperations.normalizeImage, image, **settings)
            image = made() if shared is None else shared.once("normalized", image, made)
        check = functools.partial(imageoperations.checkMask, image, mask, **settings)
        box, corrected = check() if shared is None else shared.once(box_key(settings), mask, check)
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
        return image, mask if shared is not None else to_32_bits(mask)
