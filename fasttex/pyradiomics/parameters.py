"""The settings of PyRadiomics: what a parameter file may hold, and how each value is checked.

The names, kinds and limits are those of PyRadiomics 3.1's parameter files, of which every key may be left
out or be null. A file with an unknown key is refused; among keyword arguments unknown ones are let pass with
a warning, as pipelines carry them along.
"""

from __future__ import annotations

import difflib
import importlib
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
import numpy as np

from ..errors import SettingsError
from ..settings.files import read_mapping
from .resampling import interpolator_of

__all__ = ["DEFAULTS", "Parameters", "check_arguments", "read_parameters"]

logger = logging.getLogger(__name__)

#: What `RadiomicsFeatureExtractor` begins with.
DEFAULTS: dict[str, Any] = {
    "minimumROIDimensions": 2,
    "minimumROISize": None,
    "normalize": False,
    "normalizeScale": 1,
    "removeOutliers": None,
    "resampledPixelSpacing": None,
    "interpolator": "sitkBSpline",
    "preCrop": False,
    "padDistance": 5,
    "distances": [1],
    "force2D": False,
    "force2Ddimension": 0,
    "resegmentRange": None,
    "label": 1,
    "additionalInfo": True,
}

_Positive = Annotated[float, msgspec.Meta(gt=0)] | None
_Count = Annotated[int, msgspec.Meta(ge=1)] | None
_CountFromZero = Annotated[int, msgspec.Meta(ge=0)] | None
_Axis = Annotated[int, msgspec.Meta(ge=0, le=2)] | None
_Switch = bool | None


class _Setting(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What ``setting``, and the settings of a single image type, may hold."""

    minimumROIDimensions: Annotated[int, msgspec.Meta(ge=1, le=3)] | None = None
    minimumROISize: _Count = None
    geometryTolerance: _Positive = None
    correctMask: _Switch = None
    additionalInfo: _Switch = None
    label: _Count = None
    label_channel: _CountFromZero = None
    binWidth: _Positive = None
    binCount: _Count = None
    normalize: _Switch = None
    normalizeScale: _Positive = None
    removeOutliers: _Positive = None
    resampledPixelSpacing: list[Annotated[float, msgspec.Meta(ge=0)]] | None = None
    interpolator: str | int | None = None
    padDistance: _CountFromZero = None
    distances: list[Annotated[int, msgspec.Meta(ge=1)]] | None = None
    force2D: _Switch = None
    force2Ddimension: _Axis = None
    resegmentRange: list[float] | None = None
    resegmentMode: Literal["absolute", "relative", "sigma"] | None = None
    resegmentShape: _Switch = None
    preCrop: _Switch = None
    sigma: list[Annotated[float, msgspec.Meta(gt=0)]] | None = None
    start_level: _CountFromZero = None
    level: _Count = None
    wavelet: str | None = None
    gradientUseSpacing: _Switch = None
    lbp2DRadius: _Positive = None
    lbp2DSamples: _Count = None
    lbp2DMethod: Literal["default", "ror", "uniform", "var"] | None = None
    lbp3DLevels: _Count = None
    lbp3DIcosphereRadius: _Positive = None
    lbp3DIcosphereSubdivision: _CountFromZero = None
    voxelArrayShift: int | None = None
    symmetricalGLCM: _Switch = None
    weightingNorm: Literal["infinity", "euclidean", "manhattan", "no_weighting"] | None = None
    gldm_a: _CountFromZero = None


class _VoxelSetting(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What ``voxelSetting`` may hold: for feature maps."""

    kernelRadius: _Count = None
    maskedKernel: _Switch = None
    initValue: float | Literal["nan"] | None = None
    voxelBatch: _Count = None


class Parameters(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A parameter file.

    Attributes
    ----------
    setting, voxelSetting : dict of str to value
    imageType : dict of str to dict
        Image types and the settings of each alone.
    featureClass : dict of str to list of str
        Feature classes and the features of each; all of them where there is no list.
    """

    setting: dict[str, Any] = {}
    voxelSetting: dict[str, Any] = {}
    imageType: dict[str, dict[str, Any]] = {}
    featureClass: dict[str, list[str] | None] = {}


def read_parameters(given: str | Path | Mapping[str, Any]) -> Parameters:
    """Read and check a parameter file (YAML or JSON), or a dict of the same form.

    Raises
    ------
    OSError
        There is no such file.
    SettingsError
        It does not parse, holds unknown keys, or values that are not allowed.
    """
    if isinstance(given, Mapping):
        where, values = "the parameters", dict(given)
    else:
        path = Path(given)
        if not path.is_file():
            raise OSError(f"Parameter file {given} does not exist.")
        where, values = path.name, read_mapping(path)
    if "inputImage" in values:
        raise SettingsError(f"{where}: inputImage is called imageType since PyRadiomics 2.0; rename it")
    parameters: Parameters = _converted(values, Parameters, where)
    _converted(parameters.setting, _Setting, f"{where}, setting")
    _converted(parameters.voxelSetting, _VoxelSetting, f"{where}, voxelSetting")
    for name, custom in parameters.imageType.items():
        _converted(custom, _Setting, f"{where}, imageType {name}")
    for settings in (parameters.setting, *parameters.imageType.values()):
        _check_words(settings, where)
    return parameters


def check_arguments(settings: Mapping[str, Any]) -> None:
    """Check the known ones among settings that came from anywhere; warn of the others.

    Raises
    ------
    SettingsError
        A value is not allowed.
    """
    fields = {*_Setting.__struct_fields__, *_VoxelSetting.__struct_fields__}
    unknown = sorted(set(settings) - fields - _TOLERATED)
    if unknown:
        logger.warning("unknown settings have no effect: %s", ", ".join(map(_with_guess, unknown)))
    for struct in (_Setting, _VoxelSetting):
        known = {name: _plain(settings[name]) for name in struct.__struct_fields__ if name in settings}
        _converted(known, struct, "the settings")
    _check_words(settings, "the settings")


#: Known to PyRadiomics itself or to older releases, without an effect here.
_TOLERATED = {"enableCExtensions", "verbose", "voxelBased"}


def _converted(values: Any, kind: Any, where: str) -> Any:
    try:
        return msgspec.convert(values, kind)
    except msgspec.ValidationError as error:
        text = str(error)
        if "unknown field" in text:
            names = [name for name in values if name not in kind.__struct_fields__]
            guesses = ", ".join(_with_guess(name, kind.__struct_fields__) for name in names)
            raise SettingsError(f"{where}: unknown {guesses}; remove it") from None
        raise SettingsError(f"{where}: {text}") from None


def _with_guess(name: str, known: tuple[str, ...] = _Setting.__struct_fields__) -> str:
    close = difflib.get_close_matches(name, known, 1)
    return f"{name!r} (did you mean {close[0]!r}?)" if close else repr(name)


def _check_words(settings: Mapping[str, Any], where: str) -> None:
    """Names that a library knows."""
    if settings.get("interpolator") is not None:
        try:
            interpolator_of(settings["interpolator"])
        except SettingsError as error:
            raise SettingsError(f"{where}: {error}") from None
    wavelet = settings.get("wavelet")
    if wavelet is None:
        return
    try:
        pywt = importlib.import_module("pywt")
    except ImportError:
        return  # who makes the wavelets says that it is missing
    if wavelet not in pywt.wavelist(kind="discrete"):
        raise SettingsError(f"{where}: wavelet is {wavelet!r}, expected a discrete one of pywt.wavelist()")


def _plain(value: Any) -> Any:
    """Arrays and NumPy's scalars as Python's own."""
    if isinstance(value, (np.ndarray, np.generic)):
        return value.tolist()
    if isinstance(value, (list, tuple)):
        return [_plain(v) for v in value]
    return value
