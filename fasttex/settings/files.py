"""Settings files: TOML, JSON and YAML."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ..errors import SettingsError


def read_mapping(path: Path) -> dict[str, Any]:
    """Read a settings file into a dict; the format goes by the file name's ending.

    Raises
    ------
    SettingsError
        The file is missing, larger than 1 MB, of no known format, or not a mapping.
    """
    try:
        if path.stat().st_size > 1_000_000:
            raise SettingsError(f"{path.name} is larger than 1 MB, which no settings file is")
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"the settings file {path} cannot be read: {error}") from None
    readers: dict[str, Callable[[str], Any]] = {
        ".toml": tomllib.loads,
        ".json": _from_json,
        ".yaml": _from_yaml,
        ".yml": _from_yaml,
    }
    if path.suffix.lower() not in readers:
        raise SettingsError(f"{path.name} ends in {path.suffix!r}, expected one of: {', '.join(readers)}")
    try:
        values = readers[path.suffix.lower()](text)
    except ValueError as error:
        raise SettingsError(f"{path.name} does not parse: {error}") from None
    if not isinstance(values, Mapping) or not all(isinstance(key, str) for key in values):
        raise SettingsError(
            f"{path.name} holds no mapping of names to values, expected lines like: bin_number = 32"
        )
    return dict(values)


def _from_json(text: str) -> Any:
    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        keys = [key for key, _ in pairs]
        if len(set(keys)) < len(keys):
            raise ValueError(f"a key stands twice among {keys}")
        return dict(pairs)

    return json.loads(text, object_pairs_hook=unique)


def _from_yaml(text: str) -> Any:
    try:
        import yaml
    except ImportError:
        raise SettingsError(
            "reading YAML needs PyYAML: python -m pip install 'fasttex[yaml]', or write the settings as TOML"
        ) from None

    class Loader(yaml.SafeLoader):  # type: ignore[misc, unused-ignore]
        """Without aliases (nested ones explode) and without keys that stand twice."""

        def compose_node(self, parent: Any, index: Any) -> Any:
            if self.check_event(yaml.events.AliasEvent):
                raise ValueError("YAML aliases (*name) are not allowed in settings; write the value out")
            return super().compose_node(parent, index)

        def construct_mapping(self, node: Any, deep: bool = False) -> Any:
            keys = [self.construct_object(key, deep=True) for key, _ in node.value]
            if len({str(key) for key in keys}) < len(keys):
                raise ValueError(f"a key stands twice among {keys}")
            return super().construct_mapping(node, deep)

    try:
        return yaml.load(text, Loader)
    except (yaml.YAMLError, RecursionError) as error:
        raise ValueError(" ".join(str(error).split())) from None
