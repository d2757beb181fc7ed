"""Manifests: what is read, what is refused and how, and that what is written reads the same."""

import csv
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from fasttex.cohort.cases import MaskFile
from fasttex.cohort.cells import join_paths, split_paths
from fasttex.cohort.manifest import manifest_text, read_manifest, write_manifest
from fasttex.errors import InputError


@pytest.fixture
def write(tmp_path):
    """A function that writes a manifest, with names for files that need not exist."""

    def write(content, name="m.csv"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def faults(path, **options):
    """The message, without the folder of the test."""
    with pytest.raises(InputError) as caught:
        read_manifest(path, **options)
    return str(caught.value).replace(str(path), "M")


PLAIN = (
    "case,image,rois,label,variant\na,ct.nii,seg/1.nii,2,\na,ct.nii,seg/2.nii,,moved\nb,/x/ct.nii,~/s.nii,,\n"
)


def test_cases_gather_their_rows(write, tmp_path):
    cases, record = read_manifest(write(PLAIN))
    assert [case.name for case in cases] == ["a", "b"]
    assert cases[0].image == tmp_path / "ct.nii"
    assert cases[0].masks == (
        MaskFile(tmp_path / "seg/1.nii", 2),
        MaskFile(tmp_path / "seg/2.nii", None, "moved", "mask-2"),
    )
    assert (cases[1].image, cases[1].masks[0].path) == (Path("/x/ct.nii"), tmp_path / "~/s.nii")
    assert (record.n_rows, record.n_cases, record.n_masks, record.named) == (3, 2, 3, True)
    assert record.form == "CSV, ',', UTF-8"
    assert record.ignored == record.kept == ()


def test_names_of_rois(write):
    """A file's name is taken where it names an organ, that is, where other cases have it as well."""
    rows = [
        "a,a.nii,a/liver.nii.gz,,",
        "a,a.nii,a/Smith.nii.gz,,",
        "a,a.nii,a/x.nii,,lesion",
        "b,b.nii,b/liver.nii.gz,,",
        "b,b.nii,b/labels.nii,3,",
        "c,c.nii,c/liver.nii.gz,,",
    ]
    cases, _ = read_manifest(write("\n".join(["case,image,rois,label,roi", *rows])))
    assert [[mask.roi for mask in case.masks] for case in cases] == [
        ["liver", "mask-2", "lesion"],
        ["liver", ""],
        [""],
    ]
    assert "each a row of its own" in faults(write("case,image,rois,roi\na,a.nii,b.nii;c.nii,liver\n"))


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_every_export_of_a_spreadsheet_reads_the_same(write, delimiter, encoding, newline):
    text = " \n,\ncase,image,rois\n\nMüller,ct.nii,s 1.nii\n,,\n  b , b.nii ,s.nii,,\n"
    text = text.replace(",", delimiter).replace("\n", newline)
    cases, _ = read_manifest(write(text.encode(encoding)))
    assert [(c.name, c.image.name, c.masks[0].path.name) for c in cases] == [
        ("Müller", "ct.nii", "s 1.nii"),
        ("b", "b.nii", "s.nii"),
    ]


def test_a_relative_manifest_and_header_in_any_case(write, tmp_path, monkeypatch):
    (tmp_path / "sub").mkdir()
    write(' IMAGE , "Mask",CASE\nct.nii,s.nii,a\n', "sub/m.csv")
    monkeypatch.chdir(tmp_path)
    cases, _ = read_manifest("sub/m.csv")
    assert cases[0].files == (tmp_path / "sub/ct.nii", tmp_path / "sub/s.nii")


def test_several_paths_in_a_cell(write):
    text = 'image,rois,label\nct.nii," 1.nii ; 2.nii;;""a;b """"c"""" .nii"";"",d""",3\n'
    masks = read_manifest(write(text))[0][0].masks
    assert [mask.path.name for mask in masks] == ["1.nii", "2.nii", 'a;b "c" .nii', ",d"]
    assert {mask.label for mask in masks} == {3}


def test_without_a_column_case_files_stay_unnamed(write):
    text = "image,mask\nz.nii,1.nii\na.nii,2.nii\nz.nii,3.nii\n"
    cases, record = read_manifest(write(text))
    assert [(c.name, c.image.name, len(c.masks)) for c in cases] == [
        ("case-0001", "z.nii", 2),
        ("case-0002", "a.nii", 1),
    ]
    assert not record.named
    many = "image,mask\n" + "".join(f"{n}.nii,s.nii\n" for n in range(10_000))
    assert read_manifest(write(many))[0][0].name == "case-00001"


def test_batch_files_of_pyradiomics(write):
    text = "ID,Image,Mask,Label,Label_channel,Age\n7,a.nrrd,b.nrrd,1,0,61\n7,a.nrrd,b.nrrd,2.0,,61\n"
    cases, record = read_manifest(write(text), keep=["age"])
    assert [mask.label for mask in cases[0].masks] == [1, 2]
    assert cases[0].kept == {"Age": "61"}
    assert (record.kept, record.ignored) == (("Age",), ("ID",))
    assert "line 2: Label_channel is not 0" in faults(write(text.replace("1,0", "1,1")))


def test_parquet(write, tmp_path):
    pa = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    columns = {"image": ["a.nii", "a.nii", None], "rois": [["1.nii", "2;3.nii"], ["4.nii"], None]}
    table = pa.table({**columns, "label": [1.0, float("nan"), None], "site": [3, 3, None]})
    parquet.write_table(table, tmp_path / "m=1.parquet")
    cases, record = read_manifest(tmp_path / "m=1.parquet", keep=["site"])
    assert [(m.path.name, m.label) for m in cases[0].masks] == [("1.nii", 1), ("2;3.nii", 1), ("4.nii", None)]
    assert cases[0].kept == {"site": "3"}
    assert (record.form, record.n_rows) == ("Parquet", 2)
    parquet.write_table(pa.table({"image": ["a", ""], "rois": ["b", "c"]}), tmp_path / "bad.parquet")
    assert "row 2: image is empty" in faults(tmp_path / "bad.parquet")
    assert "no whole Parquet file" in faults(write(b"PAR1 and no more", "half.parquet"))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "nothing in it"),
        (b"\n \n\t\n", "nothing in it"),
        (b"image,rois\n\n", "a header but no rows"),
        (b"img,seg\na,b\n", "the columns are 'img', 'seg'; needed are image and rois (or mask), and image and "
         "rois are missing; did you mean image by 'img'?"),
        (b"image|rois\na|b\n", "the columns are 'image|rois'"),
        (b"image,masks\na,b\n", "rois is missing; did you mean rois by 'masks'?"),
        (b"image,rois,Mask\na,b,c\n", "columns 'rois' and 'Mask' mean the same; delete one"),
        (b"image,rois\na,\xe9\n", "is no UTF-8 text from line 2 on; save it anew as CSV in UTF-8"),
        (b"PK\x03\x04\x14\0\x06\0", "is no text but a binary file; save it anew"),
        (b"image,rois\nc\0,b\n", "is no text but a binary file; save it anew"),
        (b'image,rois\na,b\nc,"d\n', "is no CSV from line 3 on: unexpected end of data"),
        (b'image,rois\na,b\n"c"d,e\n', "is no CSV from line 3 on"),
    ],
)  # fmt: skip
def test_no_manifest_at_all(write, content, said):
    assert said in faults(write(content))


def test_a_manifest_that_cannot_be_opened(tmp_path):
    assert "cannot be read: No such file" in faults(tmp_path / "none.csv")
    assert "cannot be read: Is a directory" in faults(tmp_path)


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (["a,,s"], ["line 2: image is empty; fill it in"]),
        (["a,i,"], ["line 2: rois is empty; fill it in"]),
        (["a,i,;"], ["line 2: rois is empty; fill it in"]),
        ([",i,s"], ["line 2: case is empty; fill it in"]),
        (["a,i,s,1,v,k,more"], ["line 2: 7 cells, the header has 6; a delimiter in a cell needs quotes"]),
        (["a,i,s", "", "a,j,t"], ["line 4: case 'a' has another image than in line 2"]),
        (["a,i,s", "b,i,s", "a,i,s"], ["line 4: case 'a': rois that line 2 names already; delete one"]),
        (["a,i,s,1", "a,i,s,2", "a,i,s"], ["line 4: case 'a': rois that line 2 names already"]),
        (["a,i,s", "a,i,s,2"], ["line 3: case 'a': rois that line 2 names already"]),
        (["a,i,s;s"], ["line 2: case 'a': rois that line 2 names already"]),
        (["a,i,s,two"], ["line 2: label is 'two', expected a whole number > 0"]),
        (["a,i,s,1.5"], ["line 2: label is '1.5'"]),
        (["a,i,s,0"], ["line 2: label is '0'"]),
        (["a,i,s,-1"], ["line 2: label is '-1'"]),
        (["a,i,s," + "9" * 5000], ["line 2: label is '9999"]),
        (["a,i,s,٣"], ["line 2: label is '٣'"]),
        (['"a', 'b",i,s', "c,,s"], ["line 2: case holds a control character", "line 4: image is empty"]),
        (["a\x1b[2J,i,s"], ["line 2: case holds a control character"]),
        (['a,i,"s', 'a,i,t"'], ["line 2: rois holds a control character or a line break"]),
        (["a,i;j,s"], ["line 2: image holds several paths"]),
        (['a,i,"""s""t"'], ["line 2: rois has quotes that do not enclose a path"]),
        (["a,i,s,,,1", "a,i,t,,,2"], ["line 3: case 'a' differs from line 2 in kept"]),
    ],
)  # fmt: skip
def test_rows_that_are_refused(write, rows, said):
    message = faults(write("\n".join(["case,image,rois,label,variant,kept", *rows])), keep=["kept"])
    assert message.startswith(f"the manifest M has {len(said)} fault")
    for line in said:
        assert line in message


def test_all_faults_in_one_error_in_order_up_to_twenty(write):
    rows = ["image,rois,label", "a,s,x", ",,", "b,s,1,2", *[f"c{n},,{n}.5" for n in range(20)]]
    message = faults(write("\n".join(rows))).splitlines()
    assert message[0] == "the manifest M has 42 faults; correct and try again:"
    assert [int(line.split()[1][:-1]) for line in message[1:-1]] == [
        2,
        4,
        *(n for n in range(5, 14) for _ in "12"),
    ]
    assert message[-1] == "  ... and 22 more"


def test_errors_tell_no_paths_of_files(write):
    rows = ["a,SECRET,s", "a,SECRET2,t", "b,i,SECRET", "b,i,SECRET", "c,SECRET;SECRET,s,SECRET?"]
    assert "SECRET" not in faults(write("\n".join(["case,image,rois", *rows])))


def test_the_manifest_of_the_documentation(write):
    text = (Path(__file__).parents[2] / "docs/cohorts.md").read_text(encoding="utf-8")
    cases, record = read_manifest(write(text.split("```csv\n")[1].split("```")[0]), keep=["site"])
    assert [(case.name, case.kept["site"]) for case in cases] == [("patient1", "Basel"), ("patient2", "Bern")]
    assert record.n_masks == 5


@pytest.mark.parametrize(
    ("keep", "said"),
    [
        ("agee", "--keep 'agee': no column has that name; to keep are 'age', 'sex', 'Sex'"),
        ("sex", "--keep 'sex': 2 columns have that name"),
        ("image", "--keep 'image' is a column that tables have already, or a path"),
        ("Voxels", "--keep 'Voxels' is a column that tables have already, or a path"),
    ],
)
def test_columns_that_cannot_be_kept(write, keep, said):
    assert said in faults(write("image,rois,age,sex,Sex\na,b,1,2,3\n"), keep=[keep])


def test_nothing_is_kept_unasked(write):
    assert read_manifest(write("image,rois,age\na,b,1\n"))[0][0].kept == {}


texts = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), min_size=1, max_size=8)
specials = st.text(st.sampled_from("'\"=+-@,; \té\\~*{$#/."), min_size=1, max_size=6)
names = (texts | specials).map(lambda t: t.replace("\t", "").strip()).filter(bool)
files = (
    (texts | specials)
    .map(lambda t: t.replace("\t", "").replace("/", "") + "x")
    .map(lambda t: t.replace("..x", "x"))
)
paths = st.lists(files, min_size=1, max_size=3).map("/".join)


@given(
    st.dictionaries(names, st.tuples(paths, st.lists(paths, min_size=1, max_size=3, unique=True), names), min_size=1),
    st.booleans(), st.booleans(),
)  # fmt: skip
@example({"=cmd()": ("-i", ["@s", ' "t; '], "'+1")}, True, True)
def test_written_manifests_read_as_the_same_cases(tmp_path_factory, drawn, below, joined):
    folder = tmp_path_factory.getbasetemp()
    base = folder if below else Path("/elsewhere")
    rows = [
        {"case": name, "image": str(base / image), "rois": [base / p for p in part], "kept": kept}
        for name, (image, masks, kept) in drawn.items()
        for part in ([masks] if joined else [[mask] for mask in masks])
    ]
    write_manifest(rows, folder / "trip.csv")
    cases, _ = read_manifest(folder / "trip.csv", keep=["kept"])
    assert [(c.name, c.image, [m.path for m in c.masks], c.kept["kept"]) for c in cases] == [
        (name, base / image, [base / mask for mask in masks], kept)
        for name, (image, masks, kept) in drawn.items()
    ]
    with open(folder / "trip.csv", encoding="utf-8", newline="") as file:
        assert not [cell for line in csv.reader(file) for cell in line if cell[:1] in set("=+-@")]


@given(st.lists(files | files.map(lambda t: f" {t} "), min_size=1))
def test_cells_of_paths_come_apart_again(several):
    assert split_paths(join_paths(several)) == several


def test_cells_that_a_spreadsheet_would_run(tmp_path):
    row = {
        "case": "=1+1",
        "image": tmp_path / "-x/i.nii",
        "rois": tmp_path / "@s.nii",
        "label": -1,
        "n": None,
    }
    assert manifest_text([row], tmp_path) == "case,image,rois,label,n\n'=1+1,./-x/i.nii,./@s.nii,-1,\n"


def test_manifests_that_cannot_be_written(tmp_path):
    row = {"case": "a", "image": "i", "rois": "s"}
    for bad in ({"case": "a\nb"}, {"image": "\udcff"}):
        with pytest.raises(InputError, match="row 1 holds a control character or no whole UTF-8"):
            manifest_text([row | bad], None)
    with pytest.raises(InputError, match=r"name it \.csv"):
        write_manifest([row], tmp_path / "m.parquet")
    with pytest.raises(InputError, match="is its folder there"):
        write_manifest([row], tmp_path / "none" / "m.csv")
