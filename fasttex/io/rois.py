"""Regions of interest: label maps, masks, and several of them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from ..errors import EmptyRoiError, InputError, LabelNotFoundError
from ..types import Image, Mask
from .geometry import check_same_grid, check_same_shape
from .labels import LabelMap, find_labels, union
from .names import as_label, default_name, read_names, wanted_targets
from .volumes import MEMORY_LIMIT, Volume, load

_LISTED = 20


class RoiFailure(NamedTuple):
    """A ROI that could not be had, and why. ``label`` is None where a name was asked for in vain."""

    name: str
    label: int | None
    error: InputError


class Rois(NamedTuple):
    """What `read_rois` returns: the masks, those that could not be had, and the record of reading."""

    masks: list[Mask]
    failures: list[RoiFailure]
    record: dict[str, Any]


@dataclass(frozen=True, eq=False)
class _Entry:
    """A ROI that can be asked for: its label, how to get it, and how to describe it."""

    label: int
    get: Callable[[], Mask]
    describe: Callable[[], str]


def read_rois(
    rois: Any,
    image: Image,
    *,
    threshold: float | None = None,
    select: Any = None,
    names: Any = None,
    axes: str = "zyx",
    memory_limit: int = MEMORY_LIMIT,
    hash_input: bool = False,
) -> Rois:
    """Read the ROIs of an image from a label map, a mask, or several masks.

    Parameters
    ----------
    rois : path, ndarray, SimpleITK.Image, nibabel image, or a dict, list or tuple of them
        One of them alone is a label map: each whole number > 0 is a ROI (one nonzero value, such as 1,
        255 or 0.0039, makes one). In a dict ``{name: mask}`` or a list each is one ROI, and they may
        overlap. Arrays have shape (z, y, x), or (y, x) for a single slice.
    image : Image
        On whose grid they must lie: no corner more than 1 % of the smallest voxel edge away. Of arrays
        only the shape is compared.
    threshold : float, optional
        Voxels >= it are inside: for probability maps. Makes one ROI of each input.
    select : label, name, several of them, or dict, optional
        Which ROIs, in this order; all by default. A dict ``{new name: label, name or list of them}``
        renames them; those in a list become one ROI.
    names : dict or path, optional
        Of a label map's labels: ``{label: name}``, ``{name: label}``, or a JSON file of either. A label
        without a name is called by its digits.
    axes : {"zyx", "xyz"}, default "zyx"
        Order of the axes of arrays.
    memory_limit : int
        Bytes, for each file.
    hash_input : bool, default False
        As in `read_image`.

    Returns
    -------
    Rois
        ``masks`` (cut to their boxes), ``failures`` (name, label, error of each ROI that is empty, not
        there, or, in a dict or list, not usable) and ``record``.

    Raises
    ------
    InputError
        `rois`, `select` or `names` make no sense as a whole, so that there is no ROI to blame.
    GeometryMismatchError
        The label map does not lie on the image's grid.

    Examples
    --------
    >>> import numpy as np
    >>> from fasttex.io import read_image
    >>> image = read_image(np.zeros((1, 2, 3), dtype=np.int16))
    >>> found = read_rois(np.array([[[0, 1, 1], [0, 2, 2]]]), image, names={1: "liver"})
    >>> [(mask.name, mask.label, mask.start) for mask in found.masks]
    [('liver', 1, (0, 0, 1)), ('2', 2, (0, 1, 1))]
    """
    if threshold is not None and not np.isfinite(threshold):
        raise InputError(f"threshold is {threshold!r}, expected a finite number; voxels >= it are inside")
    source = _Source(image, threshold, {"axes": axes, "memory_limit": memory_limit, "hash_input": hash_input})
    if isinstance(rois, (Mapping, list, tuple)):
        if names is not None:
            raise InputError(
                "names came with several masks, expected a label map; name masks with a dict {name: mask}"
            )
        catalog, fallback = _catalog_of_masks(rois, source), "1"
    else:
        fallback = default_name(os.fsdecode(rois)) if isinstance(rois, (str, os.PathLike)) else "1"
        catalog = _catalog_of_labels(rois, source, {} if names is None else read_names(names))
    wanted = wanted_targets(select)
    if wanted is None:
        wanted = [(None, [name]) for name in catalog] or [(fallback, [])]
    masks, failures = _collect(wanted, catalog, by_label=not isinstance(rois, (Mapping, list, tuple)))
    groups = {new: members for new, members in wanted if new is not None and len(members) > 1}
    record = {"sources": source.records, "max_corner_distance_mm": max(source.distances_mm, default=None)}
    return Rois(masks, failures, record | {"threshold": threshold, "groups": groups})


@dataclass(frozen=True, eq=False)
class _Source:
    """Reads masks that belong to an image, and keeps the records of what it read."""

    image: Image
    threshold: float | None
    options: dict[str, Any]
    records: list[dict[str, Any]] = field(default_factory=list)
    distances_mm: list[float] = field(default_factory=list)

    def read(self, roi: Any, what: str) -> LabelMap:
        """Find the labels of one input, which must lie on the image's grid."""
        volume = load(roi, **self.options)
        self.records.append(volume.record)
        self._check_geometry(volume, what)
        return find_labels(volume.voxels, self.threshold, what)

    def _check_geometry(self, volume: Volume, what: str) -> None:
        read = self.image.record
        if not volume.has_geometry or read.get("kind") == "array":
            check_same_shape(volume.grid.shape, self.image.grid, what)
            return
        distance = check_same_grid(volume.grid, self.image.grid, read.get("spacing_header_mm"), what)
        volume.record["corner_distance_mm"] = distance
        self.distances_mm.append(distance)


def _catalog_of_labels(roi: Any, source: _Source, names: dict[int, str]) -> dict[str, _Entry]:
    """List the ROIs of a label map by name."""
    labels = source.read(roi, _describe(roi, "the label map" if source.threshold is None else "the mask"))
    catalog: dict[str, _Entry] = {}
    for label in labels.labels:
        name = names.get(label, str(label))
        if name in catalog:
            raise InputError(
                f"labels {catalog[name].label} and {label} are both called {name!r}; correct names"
            )
        catalog[name] = _label_entry(labels, label, name)
    return catalog


def _label_entry(labels: LabelMap, label: int, name: str) -> _Entry:
    def describe() -> str:
        called = "" if name == str(label) else f" {name!r}"
        return f"{label}{called} ({np.count_nonzero(labels.cut(label, name).inside)} voxels)"

    return _Entry(label, lambda: labels.cut(label, name), describe)


def _catalog_of_masks(rois: Any, source: _Source) -> dict[str, _Entry]:
    """List the masks of a dict or list by name. Each is read when it is asked for."""
    if not rois:
        raise InputError("rois is empty, expected at least one mask")
    catalog: dict[str, _Entry] = {}
    for name, roi in rois.items() if isinstance(rois, Mapping) else _with_default_names(rois):
        if not isinstance(name, str) or not name.strip():
            raise InputError(f"rois holds the name {name!r}, expected a text that is not blank")
        if name in catalog:
            raise InputError(f"two of the masks are called {name!r}; name them with a dict {{name: mask}}")
        catalog[name] = _mask_entry(roi, name, source)
    return catalog


def _with_default_names(rois: Any) -> Iterator[tuple[str, Any]]:
    for n, roi in enumerate(rois, 1):
        yield (default_name(os.fsdecode(roi)) if isinstance(roi, (str, os.PathLike)) else str(n)), roi


def _mask_entry(roi: Any, name: str, source: _Source) -> _Entry:
    what = _describe(roi, f"the mask {name!r}")

    def get() -> Mask:
        labels = source.read(roi, what)
        if not labels.labels:
            raise EmptyRoiError(
                f"{what} holds no voxel{_above(source)}; leave it out, or check which mask was saved"
            )
        if len(labels.labels) > 1:
            found = ", ".join(str(label) for label in list(labels.labels)[:_LISTED])
            raise InputError(
                f"{what} holds several labels ({found}), expected one nonzero value for each mask of a list "
                "or dict; give the label map alone, not in a list, and pick with select="
            )
        only = labels.cut(next(iter(labels.labels)), name)
        return Mask(name, 1, only.inside, only.start)

    return _Entry(1, get, lambda: repr(name))


def _collect(
    wanted: list[tuple[str | None, list[int | str]]], catalog: dict[str, _Entry], by_label: bool
) -> tuple[list[Mask], list[RoiFailure]]:
    """Get the ROIs asked for, and those that could not be had; one does not take the others along."""
    results = [new or _own_name(members[0], catalog, by_label) for new, members in wanted]
    twins = sorted({name for name in results if results.count(name) > 1})
    if twins:
        raise InputError(
            f"the ROI {twins[0]!r} is asked for twice; name them apart with select={{name: label}}"
        )
    masks, failures = [], []
    for name, (_, members) in zip(results, wanted, strict=True):
        try:
            if not catalog:
                raise EmptyRoiError(
                    f"the ROI {name!r} is empty: no voxel is inside; check which mask was saved"
                )
            keys = [_find(member, catalog, by_label) for member in members]
            masks.append(union([catalog[key].get() for key in dict.fromkeys(keys)], name))
        except InputError as error:
            known = [catalog[str(m)].label for m in members if str(m) in catalog]
            labels = [label for label in map(as_label, members) if label is not None] or known
            failures.append(RoiFailure(name, labels[0] if labels else None, error))
    return masks, failures


def _key(member: int | str, catalog: dict[str, _Entry], by_label: bool) -> str | None:
    """Name under which a label or name is in the catalog. Masks of a list may be called 1, 2, ..."""
    if isinstance(member, int) and by_label:
        return next((name for name, entry in catalog.items() if entry.label == member), None)
    return str(member) if str(member) in catalog else None


def _own_name(member: int | str, catalog: dict[str, _Entry], by_label: bool) -> str:
    return _key(member, catalog, by_label) or str(member)


def _find(member: int | str, catalog: dict[str, _Entry], by_label: bool) -> str:
    key = _key(member, catalog, by_label)
    if key is None:
        listed = [entry.describe() for entry in list(catalog.values())[:_LISTED]]
        more = f" and {len(catalog) - _LISTED} more" if len(catalog) > _LISTED else ""
        kind = "label" if isinstance(member, int) else "name"
        raise LabelNotFoundError(
            f"no ROI has the {kind} {member!r}; there are {', '.join(listed)}{more}; select one of these"
        )
    return key


def _describe(roi: Any, otherwise: str) -> str:
    return f"the ROI file {os.fsdecode(roi)}" if isinstance(roi, (str, os.PathLike)) else otherwise


def _above(source: _Source) -> str:
    return "" if source.threshold is None else f" >= {source.threshold}"
