"""The report of a run: what it tells, and that no name, path or other page gets into it as markup."""

import base64
import re
import shutil
import struct
import zlib
from html.parser import HTMLParser

import numpy as np
import pytest
from click.testing import CliRunner
from cohort_made import COLUMNS, RECIPE, case, result
from make_cohort import make_cohort

from fasttex.cli import main
from fasttex.cohort.cases import Failure
from fasttex.cohort.distributions import BINS, distributions
from fasttex.cohort.journal import Journal
from fasttex.cohort.page import table
from fasttex.cohort.report import write_report
from fasttex.cohort.run import run_cohort
from fasttex.cohort.thumbnails import COLORS, png, thumbnail
from fasttex.cohort.view import View
from fasttex.types import Grid, Image, Mask

SCRIPT = "<script>alert(1)</script>"
QUOTES = """" onerror='alert(2)' x="</title>"""
KNOWN = {
    "lang", "charset", "http-equiv", "content", "name", "class", "viewbox", "role", "aria-label", "x", "y", "width",
    "height", "text-anchor", "preserveaspectratio", "aria-hidden", "d", "open", "alt", "src",
}  # fmt: skip
PLACES = re.compile(r"https?:|//|url\(|@import|/data/|file:")


class Page(HTMLParser):
    """Tags, attributes and texts of a page, whose tags are all closed."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: set[str] = set()
        self.texts: list[str] = []
        self.alternatives: list[str] = []
        self._open: list[str] = []
        self.feed(html)
        assert not self._open

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes |= {name for name, _ in attrs}
        self.alternatives += [value for name, value in attrs if name == "alt"]
        if tag not in ("meta", "br", "img"):
            self._open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append(tag)

    def handle_endtag(self, tag):
        assert self._open.pop() == tag

    def handle_data(self, data):
        self.texts.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.texts).split())


def page_of(run_dir, **options) -> tuple[str, Page]:
    path = run_dir / "report.html"
    with Journal.open(run_dir, write=False) as journal:
        write_report(journal, path, **options)
    html = path.read_text(encoding="utf-8")
    return html, Page(html)


def names_a_place(html: str) -> bool:
    """Whether the page has a path or an address; the bytes of pictures may look like one."""
    return bool(re.search(PLACES, re.sub(r'base64,[^"]*', "", html)))


def test_of_a_run(tmp_path):
    manifest = make_cohort(tmp_path / "cohort", 4, 3, (12, 20, 24))
    (tmp_path / "cohort" / "0002_image.nii.gz").write_bytes(b"no image")
    (tmp_path / "cohort" / "0003_rois.nii.gz").unlink()
    settings = {"families": ["intensity_statistics", "glszm"], "bin_number": 8}
    run_cohort(manifest, tmp_path / "run", settings)
    (tmp_path / "cohort" / "0001_image.nii.gz").unlink()
    html, page = page_of(tmp_path / "run")
    for told in ("4 cases", "2 done", "2 failed", "6 rows", "features", "anisotropic_not_resampled"):
        assert told in page.text
    assert "case-0002" in page.text
    assert "<rois> is not there" in page.text
    assert "intensity_statistics: 18" in page.text
    assert "glszm: 16" in page.text
    assert page.tags.count("img") == 1
    assert "image or ROIs not found: <image> is not there" in page.text
    assert str(tmp_path) not in html
    assert "nii.gz" not in html
    assert not names_a_place(html)


def test_no_picture_of_files_that_have_changed(tmp_path):
    manifest = make_cohort(tmp_path / "cohort", 2, 2, (12, 20, 24))
    run_cohort(manifest, tmp_path / "run", {"families": ["glszm"]})
    shutil.copy(tmp_path / "cohort" / "0000_rois.nii.gz", tmp_path / "cohort" / "0001_rois.nii.gz")
    _, page = page_of(tmp_path / "run")
    assert page.tags.count("img") == 1
    assert page.text.count("image or ROIs have changed since") == 1


@pytest.mark.parametrize("name", [SCRIPT, QUOTES, "a & b", "&lt;b&gt;"])
def test_names_are_no_markup(tmp_path, name):
    """Of cases, ROIs, kept columns and in errors."""
    manifest = make_cohort(tmp_path / "cohort", 1, 1, (12, 20, 24))
    lines = manifest.read_text(encoding="utf-8").replace("case-0000", '"' + name.replace('"', '""') + '"')
    manifest.write_text(lines, encoding="utf-8")
    run_cohort(manifest, tmp_path / "good", {"families": ["glszm"]}, names={1: name})
    html, page = page_of(tmp_path / "good")
    assert page.alternatives == [f"Slice of {name} with outlines of 1 ROIs"]
    assert page.text.count(" ".join(name.split())) >= 2
    check_harmless(html, page)
    with Journal.open(tmp_path / "run", write=True) as journal:
        cases = [case("a"), case(name, site=name), case(f"{name}2")]
        journal.begin(cases, RECIPE)
        made = result()
        rows = tuple(vars(row) | {"roi": name, "error": name, "flags": (name,)} for row in made.rows)
        bad = tuple(type(made.rows[0])(**row) for row in rows)
        journal.commit("a", "1", type(made)(**vars(made) | {"rows": bad}))
        journal.fail(name, Failure(name, f"{name}: {name}"), "/data/secret")
    check_harmless(*page_of(tmp_path / "run"))


def check_harmless(html, page):
    assert not {"script", "b>", "iframe", "link", "object"} & set(page.tags)
    assert not [name for name in page.attributes if name.startswith("on")]
    assert page.attributes <= KNOWN
    assert page.tags.count("title") == 1
    assert "site" not in html
    assert not names_a_place(html)


def test_failures_are_grouped(tmp_path):
    with Journal.open(tmp_path, write=True) as journal:
        journal.begin([case(f"p{n}") for n in range(9)], RECIPE)
        for n in range(7):
            journal.fail(f"p{n}", Failure("InputError", f"slice {n} is not there"))
        journal.fail("p7", Failure("Crash", "died"))
    _, page = page_of(tmp_path)
    assert (
        "7 InputError slice 0 is not there p0, p1, … p0, p1, p2, p3, p4, p5, p6 1 Crash died p7" in page.text
    )
    assert "1 pending 0 done 8 failed" in page.text


def test_recipes_are_not_mixed(tmp_path):
    manifest = make_cohort(tmp_path / "cohort", 2, 3, (12, 20, 24))
    settings = [{"families": ["glszm"], "bin_number": n} for n in (8, 16)]
    run_cohort(manifest, tmp_path / "run", settings)
    _, page = page_of(tmp_path / "run", thumbnails=0)
    assert len(set(re.findall(r"glszm \(recipe (\w+)\): 16", page.text))) == 2
    assert page.text.count("n 6, NaN 0") == 32
    assert "12 rows" in page.text


def test_an_empty_run(tmp_path):
    with Journal.open(tmp_path, write=True) as journal:
        journal.begin([], RECIPE)
    _, page = page_of(tmp_path)
    assert "0 cases" in page.text
    assert "svg" not in page.tags


@pytest.mark.parametrize("n_values", [2**24, 30])
def test_distributions(tmp_path, n_values):
    """Of rows with a result, the same in one pass or in many."""
    with Journal.open(tmp_path, write=True) as journal:
        journal.begin([case("a"), case("b"), case("bad"), case("pending")], RECIPE)
        parts = [result(n, 5) for n in range(2)]
        values = np.concatenate([part.values.copy() for part in parts])
        values[:, 0] = np.nan
        values[3, 1], values[4, 1] = np.nan, np.inf
        values[:, 2] = 7.0
        values[0, 3] = 1e300
        for name, part, rows in zip("ab", parts, (values[:5], values[5:]), strict=True):
            journal.commit(name, name, type(part)(**vars(part) | {"values": rows}))
        journal.fail("bad", Failure("InputError", "no"))
        (recipe,) = {row.recipe_id for row in parts[0].rows}
        found = list(distributions(View(journal), {recipe: 10}, n_values))
    assert [one.column for one in found] == list(COLUMNS)
    assert [(one.n, one.missing) for one in found[:3]] == [(0, 10), (8, 2), (10, 0)]
    assert found[2].counts[BINS // 2] == 10
    assert sum(found[1].counts) == 8
    assert found[3].counts[-1] == 1
    assert found[3].high < 100
    assert found[3].quantiles[-1] == 1e300
    for one, column in zip(found[4:], values.T[4:], strict=True):
        assert one.quantiles == tuple(np.quantile(column, [0, 0.25, 0.5, 0.75, 1]))
        assert sum(one.counts) == 10


def pixels_of(data: bytes) -> np.ndarray:
    """The palette indices of a PNG of our own."""
    at, found = 8, {}
    while at < len(data):
        (n,), name = struct.unpack(">I", data[at : at + 4]), data[at + 4 : at + 8]
        body = data[at + 8 : at + 8 + n]
        assert struct.unpack(">I", data[at + 8 + n : at + 12 + n])[0] == zlib.crc32(name + body)
        found[name], at = body, at + 12 + n
    width, height = struct.unpack(">II", found[b"IHDR"][:8])
    lines = np.frombuffer(zlib.decompress(found[b"IDAT"]), np.uint8).reshape(height, width + 1)
    assert not lines[:, 0].any()
    return lines[:, 1:]


def test_png():
    pixels = np.arange(6, dtype=np.uint8).reshape(2, 3)
    assert (pixels_of(png(pixels, bytes(18))) == pixels).all()


def test_thumbnail():
    """The slice of most ROI voxels, at the shape that its spacing gives it, with closed outlines."""
    intensities = np.zeros((3, 32, 48), np.int16)
    intensities[1] = np.arange(48)
    grid = Grid(intensities.shape, (5.0, 2.0, 1.0))
    small = Mask("small", 1, np.ones((1, 2, 2), bool), (0, 0, 0))
    large = Mask("large", 2, np.ones((2, 16, 16), bool), (1, 8, 16))
    drawn = thumbnail(Image(intensities, grid), [small, large])
    assert drawn.shape == (192, 144)
    assert drawn.rois == (("large", 1),)
    pixels = pixels_of(drawn.png)
    assert set(np.unique(pixels[pixels >= 64])) == {65}
    rows, columns = np.nonzero(pixels == 65)
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (48, 143, 48, 95)
    assert (np.diff(pixels[0].astype(int)) >= 0).all()
    assert pixels[0, -1] == 63


@pytest.mark.parametrize("value", [np.nan, 3.0, np.inf])
def test_thumbnail_of_one_value_and_many_rois(value):
    intensities = np.full((1, 8, 8), value)
    masks = [Mask(f"{n}", n, np.ones((1, 1, 1), bool), (0, n % 8, n // 8)) for n in range(1, 20)]
    drawn = thumbnail(Image(intensities, Grid((1, 8, 8), (1.0, 1.0, 1.0))), masks)
    assert len(drawn.rois) == 19
    assert pixels_of(drawn.png).max() == 63 + len(COLORS)


def test_command(tmp_path):
    manifest = make_cohort(tmp_path / "cohort", 3, 2, (12, 20, 24))
    run_cohort(manifest, tmp_path / "run", {"families": ["glszm"]})
    page = tmp_path / "page.html"
    told = CliRunner().invoke(
        main, ["cohort", "report", str(tmp_path / "run"), "-o", str(page), "--thumbnails", "2"]
    )
    assert told.exit_code == 0, told.output
    html = page.read_text(encoding="utf-8")
    pictures = re.findall(r"base64,([^\"]+)", html)
    assert len(pictures) == 2
    assert "The first 2 with a result" in html
    assert all(base64.b64decode(p, validate=True).startswith(b"\x89PNG") for p in pictures)
    nowhere = CliRunner().invoke(main, ["cohort", "report", str(tmp_path), "-o", str(page)])
    assert nowhere.exit_code == 2
    assert "journal.sqlite" in nowhere.output


def test_cells_of_a_table():
    assert table(["a"], [("<",), (["<b>x</b>"],)]).count("<b>") == 1
