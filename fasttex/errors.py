"""The errors that fasttex raises on purpose.

Each message says what came, what is allowed and what to do.
"""

__all__ = [
    "BackendError",
    "BackendUnavailableError",
    "EmptyRoiError",
    "FasttexError",
    "GeometryMismatchError",
    "InputError",
    "KernelUnavailableError",
    "LabelNotFoundError",
    "LevelRangeError",
    "SettingsError",
    "UnknownBackendError",
]


class FasttexError(Exception):
    """Base of every error that fasttex raises on purpose."""


class InputError(FasttexError, ValueError):
    """An image, a ROI or an array cannot be used as it came."""


class GeometryMismatchError(InputError):
    """Image and ROI do not lie on the same grid."""


class EmptyRoiError(InputError):
    """A ROI holds no voxel, or lost its last one on the way."""


class LabelNotFoundError(InputError):
    """A label or name asked for is not among the ROIs given."""


class LevelRangeError(InputError):
    """Gray levels out of range, or more of them than memory allows."""


class SettingsError(FasttexError, ValueError):
    """An unknown setting, a value that is not allowed, or choices that contradict each other."""


class BackendError(FasttexError, RuntimeError):
    """Base of the errors about backends."""


class UnknownBackendError(BackendError):
    """No backend has that name."""


class BackendUnavailableError(BackendError):
    """The backend asked for cannot run here."""


class KernelUnavailableError(BackendError):
    """The backend has no such kernel (yet)."""
