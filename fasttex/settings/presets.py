"""Starting points for modalities: every value with its source."""

from __future__ import annotations

from typing import Any

_IBSI = "IBSI reference manual, arXiv:1612.07003"
PRESETS: dict[str, dict[str, tuple[Any, str]]] = {
    "ct": {
        "spacing_mm": (2.0, "IBSI 1 CT phantom, configuration C (Zwanenburg et al., Radiology 2020;295:328)"),
        "round_intensities": (True, f"{_IBSI}, section 2.4: CT intensities are whole numbers of HU"),
        "resegment_range": ((-1000.0, 400.0), "IBSI 1 CT phantom, configuration C"),
        "bin_width": (25.0, "IBSI 1 CT phantom, configuration C"),
        "bin_origin": (-1000.0, f"{_IBSI}, section 2.7: the lower end of the re-segmentation range"),
    },
    "mr": {
        "bin_number": (32, f"{_IBSI}, section 2.7: fixed bin number where intensity units are arbitrary"),
    },
    "pet": {
        "bin_width": (0.5, "0.5 SUV: Leijenaar et al., Scientific Reports 2015;5:11075"),
        "bin_origin": (0.0, f"{_IBSI}, section 2.7: SUV has a true zero"),
    },
}
