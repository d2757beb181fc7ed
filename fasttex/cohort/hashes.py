"""What stands for the bytes of an image file: its hash, and that of the file its header may point to."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import file_digest
from pathlib import Path
from typing import Any

from ..io.headers import data_file

__all__ = ["hash_of_parts", "hash_of_record", "parts_of", "sha256_of"]


def parts_of(path: Path) -> tuple[Path, ...]:
    """A file, and the one with its voxels where a detached header points to one."""
    detached = data_file(path)
    return (path,) if detached is None else (path, detached)


def sha256_of(path: Path) -> str:
    """Of a file's bytes."""
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


def hash_of_parts(path: Path, hashes: Mapping[Path, str]) -> str:
    """What stands for an image file in content keys, from the hashes of its parts."""
    return "+".join(hashes[part] for part in parts_of(path))


def hash_of_record(record: Mapping[str, Any]) -> str:
    """The same from the record of reading the file."""
    return "+".join(record[key] for key in ("sha256", "sha256_data") if key in record)
