"""Images from files, good and bad. Bad ones must be told, never half read, and leave stderr clean."""

import gzip
import hashlib
import os
import threading
import zlib

import nibabel
import numpy as np
import pytest
import SimpleITK as sitk
from numpy.testing import assert_array_equal

from fasttex.errors import InputError
from fasttex.io import headers, read_image

VOXELS = np.random.default_rng(0).integers(-1000, 3000, (7, 8, 9)).astype(np.int16)
FORMATS = [
    "a.nii",
    "a.nii.gz",
    "a.nrrd",
    "a.nhdr",
    "a.mha",
    "a.mhd",
    "a.hdr",
    "a.gipl",
    "a.gipl.gz",
    "a.vtk",
    "a.mrc",
]


def write(path, voxels=VOXELS, *, compress=False):
    image = sitk.GetImageFromArray(voxels)
    image.SetSpacing((0.5, 0.75, 3))
    sitk.WriteImage(image, str(path), compress)
    return path


def nrrd(path, *, directions="(1,0,0) (0,1,0) (0,0,1)", sizes="4 3 2", extra="", data=bytes(24)):
    header = (
        f"NRRD0004\ntype: uchar\ndimension: {len(sizes.split())}\nsizes: {sizes}\n"
        f"space: left-posterior-superior\nspace directions: {directions}\nencoding: raw\n{extra}\n"
    )
    path.write_bytes(header.encode() + data)
    return path


def meta(path, *, spacing="1 1 1", size="4 3 2", data="LOCAL", voxels=bytes(24)):
    header = (
        f"ObjectType = Image\nNDims = {len(size.split())}\nBinaryData = True\nElementSpacing = {spacing}\n"
        f"DimSize = {size}\nElementType = MET_UCHAR\nElementDataFile = {data}\n"
    )
    path.write_bytes(header.encode() + voxels)
    return path


@pytest.fixture(autouse=True, params=["zlib", "isal"])
def gzip_reader(request, monkeypatch):
    """Who inflates."""
    module = pytest.importorskip("isal.isal_zlib") if request.param == "isal" else zlib
    monkeypatch.setattr(headers, "gzip_reader", module)


@pytest.fixture(autouse=True)
def clean_stderr(capfd):
    yield
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize(
    "kind", [str, lambda p: p, lambda p: os.fsencode(p).decode()], ids=["str", "path", "text"]
)
def test_formats(tmp_path, name, kind):
    path = write(tmp_path / name)
    image = read_image(kind(path))
    assert_array_equal(image.intensities, VOXELS)
    assert image.intensities.dtype == np.int16
    assert image.grid.shape == (7, 8, 9)
    assert image.grid.spacing_mm == (3, 0.75, 0.5)
    assert image.record["kind"] == "file"
    assert image.record["path"] == str(path)
    assert image.record["spacing"] == "header"
    assert image.record["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize("dtype", ["u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f4", "f8"])
def test_compressed_nifti_equals_itk(tmp_path, dtype):
    path = write(tmp_path / "a.nii.gz", (VOXELS % 100).astype(dtype))
    ours, itk = read_image(path).intensities, sitk.GetArrayFromImage(sitk.ReadImage(str(path)))
    assert ours.dtype == itk.dtype
    assert_array_equal(ours, itk)


def test_several_gzip_members(tmp_path):
    data = write(tmp_path / "a.nii").read_bytes()
    (tmp_path / "a.nii.gz").write_bytes(gzip.compress(data[:1000]) + gzip.compress(data[1000:]) + bytes(512))
    assert_array_equal(read_image(tmp_path / "a.nii.gz").intensities, VOXELS)


def test_nifti_2_goes_through_nibabel(tmp_path):
    nibabel.save(nibabel.Nifti2Image(VOXELS, np.eye(4)), tmp_path / "a.nii.gz")
    with pytest.raises(InputError, match="open NIfTI-2 with nibabel"):
        read_image(tmp_path / "a.nii.gz")
    assert_array_equal(read_image(nibabel.load(tmp_path / "a.nii.gz")).intensities, VOXELS.T)


def test_highly_compressible_nifti(tmp_path):
    path = write(tmp_path / "a.nii.gz", np.zeros((40, 512, 512), np.uint8))
    assert not read_image(path).intensities.any()


def test_given_spacing_keeps_the_header_in_the_record(tmp_path):
    image = read_image(write(tmp_path / "a.nrrd"), spacing_mm=(1, 2, 3), axes="xyz")
    assert image.grid.spacing_mm == (3, 2, 1)
    assert image.record["spacing_header_mm"] == (3, 0.75, 0.5)


def test_detached_data_are_hashed(tmp_path):
    record = read_image(write(tmp_path / "a.mhd")).record
    assert record["sha256_data"] == hashlib.sha256((tmp_path / "a.raw").read_bytes()).hexdigest()


def test_png_has_no_spacing(tmp_path):
    sitk.WriteImage(sitk.GetImageFromArray(np.zeros((4, 5), np.uint8)), str(tmp_path / "a.png"))
    image = read_image(tmp_path / "a.png")
    assert image.grid.shape == (1, 4, 5)
    assert image.record["spacing"] == "assumed"


def test_missing_folder_empty(tmp_path):
    with pytest.raises(InputError, match=r"nope\.nii is not there; check the path"):
        read_image(tmp_path / "nope.nii")
    with pytest.raises(InputError, match=r"is a folder.*DICOM series.*convert"):
        read_image(tmp_path)
    (tmp_path / "empty.nii").touch()
    with pytest.raises(InputError, match="is empty"):
        read_image(tmp_path / "empty.nii")


def test_pipe(tmp_path):
    os.mkfifo(tmp_path / "pipe.nii")
    with pytest.raises(InputError, match="device or pipe"):
        read_image(tmp_path / "pipe.nii")


@pytest.mark.parametrize("name", ["a.nii", "a.nii.gz", "a.nrrd", "a.txt", "a.mha", "a.tif", "a"])
def test_text_is_no_image(tmp_path, name):
    (tmp_path / name).write_text("hello\n" * 1000)
    with pytest.raises(InputError, match=r"is no (image|MetaImage)"):
        read_image(tmp_path / name)


@pytest.mark.parametrize("name", [n for n in FORMATS if n not in ("a.nhdr", "a.mhd", "a.hdr")])
@pytest.mark.parametrize("keep", [0.6, 0.99])
@pytest.mark.parametrize("compress", [False, True])
def test_truncated(tmp_path, name, keep, compress):
    path = write(tmp_path / name, compress=compress)
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * keep)])
    with pytest.raises(InputError, match=r"truncated|expected|fread got only|gzFile") as caught:
        read_image(path)
    assert "cxx" not in str(caught.value)
    assert "0x" not in str(caught.value)
    assert "\n" not in str(caught.value)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


@pytest.mark.parametrize(("name", "data"), [("a.nhdr", "a.raw"), ("a.mhd", "a.raw"), ("a.hdr", "a.img")])
def test_truncated_detached(tmp_path, name, data):
    path = write(tmp_path / name)
    (tmp_path / data).write_bytes((tmp_path / data).read_bytes()[:-9])
    with pytest.raises(InputError, match=r"truncated|fread got only"):
        read_image(path)


def test_damaged_gzip(tmp_path):
    path = write(tmp_path / "a.nii.gz")
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0xFF
    path.write_bytes(data)
    with pytest.raises(InputError, match=r"damaged|truncated"):
        read_image(path)


@pytest.mark.parametrize("place", range(-8, 0))  # checksum and length
@pytest.mark.parametrize("shape", [(7, 8, 9), (60, 60, 60)])  # ITK looks at all of a small file
def test_gzip_with_a_wrong_end(tmp_path, shape, place):
    path = write(tmp_path / "a.nii.gz", np.random.default_rng(0).integers(-99, 99, shape, np.int16))
    data = bytearray(path.read_bytes())
    data[place] ^= 1
    path.write_bytes(data)
    with pytest.raises(InputError, match="damaged"):
        read_image(path)


def test_header_that_promises_ten_terabytes(tmp_path):
    with pytest.raises(
        InputError, match=r"13000 x 20000 x 20000 voxels of 1 bytes, 5.2 TB .* memory_limit is 2.147 GB"
    ):
        read_image(nrrd(tmp_path / "a.nrrd", sizes="20000 20000 13000"))
    with pytest.raises(InputError, match="10 TB"):
        read_image(meta(tmp_path / "a.mha", size="20000 20000 25000"))
    with pytest.raises(InputError, match="memory_limit is 100 bytes"):
        read_image(write(tmp_path / "a.nii.gz"), memory_limit=100)


def test_several_volumes(tmp_path):
    four = np.zeros((4, 3, 2, 5), np.int16)
    nibabel.save(nibabel.Nifti1Image(four, np.eye(4)), tmp_path / "a.nii")
    with pytest.raises(InputError, match=r"4 axes \(5 x 2 x 3 x 4, x last\).*pick one volume"):
        read_image(tmp_path / "a.nii")
    nibabel.save(nibabel.Nifti1Image(four[..., :1], np.eye(4)), tmp_path / "b.nii")
    assert read_image(tmp_path / "b.nii").grid.shape == (2, 3, 4)
    image = read_image(meta(tmp_path / "c.mha", size="4 3 2 1", spacing="1 2 3 4"))
    assert image.grid.spacing_mm == (3, 2, 1)
    assert "squeezed" in image.record


@pytest.mark.parametrize("name", ["a.nii", "a.nii.gz", "a.mha", "a.nrrd", "a.png"])
def test_colors(tmp_path, name):
    shape = (4, 5, 3) if name == "a.png" else (2, 4, 5, 3)
    sitk.WriteImage(sitk.GetImageFromArray(np.zeros(shape, np.uint8), isVector=True), str(tmp_path / name))
    with pytest.raises(InputError, match="3 components per voxel"):
        read_image(tmp_path / name)


OUTSIDE = [
    "../other.raw",
    "sub/../../other.raw",
    "/etc/passwd",
    "C:\\other.raw",
    "\\\\host\\share\\x.raw",
    "..\\other.raw",
]


@pytest.mark.parametrize("data", OUTSIDE)
@pytest.mark.parametrize("name", ["a.nhdr", "a.nrrd", "a.mhd", "a.mha", "A.MHD"])
def test_header_that_points_outside_its_folder(tmp_path, name, data):
    (tmp_path / "sub").mkdir()
    (tmp_path / "other.raw").write_bytes(bytes(24))
    path = tmp_path / "sub" / name
    if "n" in name:
        nrrd(path, extra=f"Data File: {data}\n", data=b"")
    else:
        meta(path, data=data, voxels=b"")
    with pytest.raises(InputError, match="outside its own folder"):
        read_image(path)


def test_header_that_points_beside_it(tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "my voxels.raw").write_bytes(bytes(range(24)))
    one = read_image(nrrd(tmp_path / "a.nhdr", extra="data file: data/my voxels.raw\n", data=b""))
    assert one.intensities.max() == 23
    two = read_image(meta(tmp_path / "a.mhd", data="data/my voxels.raw", voxels=b""))
    assert_array_equal(one.intensities, two.intensities)
    with pytest.raises(InputError, match="is not there; copy both"):
        read_image(meta(tmp_path / "b.mhd", data="nope.raw", voxels=b""))


@pytest.mark.parametrize("data", ["LIST\n../x.raw", "slice%03d.raw 1 2 1"])
def test_header_that_points_to_several_files(tmp_path, data):
    with pytest.raises(InputError, match="several data files"):
        read_image(meta(tmp_path / "a.mhd", data=data, voxels=b""))
    with pytest.raises(InputError, match="several data files"):
        read_image(nrrd(tmp_path / "a.nhdr", extra=f"data file: {data}\n", data=b""))


def test_header_without_end(tmp_path):
    (tmp_path / "a.nrrd").write_bytes(b"NRRD0004\n" + b"# filler\n" * 200_000)
    with pytest.raises(InputError, match="does not end"):
        read_image(tmp_path / "a.nrrd")


@pytest.mark.parametrize("spacing", ["1 0 1", "1 -2 1"])
def test_spacing_that_cannot_be(tmp_path, spacing):
    with pytest.raises(InputError, match=r"the spacing in the header is \(1, .* together with spacing_mm="):
        read_image(meta(tmp_path / "a.mha", spacing=spacing))


def test_sheared_or_strange_directions(tmp_path):
    with pytest.raises(InputError, match="right angles"):
        read_image(nrrd(tmp_path / "a.nrrd", directions="(1,0,0) (0.5,1,0) (0,0,1)"))
    with pytest.raises(InputError, match=r"cannot be read: .*space vector"):
        read_image(nrrd(tmp_path / "b.nrrd", directions="(nan,0,0) (0,1,0) (0,0,1)"))


def test_warnings_go_to_the_record_and_leave_the_logger(tmp_path, capfd):
    source = nibabel.Nifti1Image(np.zeros((4, 3, 2), np.int16), np.eye(4))
    nibabel.save(source, tmp_path / "a.nii")
    data = bytearray((tmp_path / "a.nii").read_bytes())
    data[88:92] = np.float32(2).tobytes()
    (tmp_path / "a.nii").write_bytes(data)
    record = read_image(tmp_path / "a.nii").record
    assert capfd.readouterr().err == ""
    assert len(record["warnings"]) == 1
    assert "sform" in record["warnings"][0]
    assert "itk" not in record["warnings"][0]
    sitk.ReadImage(str(tmp_path / "a.nii"))
    assert "sform" in capfd.readouterr().err


def test_threads(tmp_path):
    paths = [write(tmp_path / f"{n}.nrrd", VOXELS + n) for n in range(8)]
    images = {}
    threads = [
        threading.Thread(target=lambda p=p: images.update({p: read_image(p)}))
        for p in paths
        for _ in range(4)
    ]
    for step in (threading.Thread.start, threading.Thread.join):
        for thread in threads:
            step(thread)
    for n, path in enumerate(paths):
        assert_array_equal(images[path].intensities, VOXELS + n)
