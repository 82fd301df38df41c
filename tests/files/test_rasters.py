"""GeoTIFFs of heights that people send: cut, projected, or refused with a word on what to do."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import numpy as np
import pyproj
import pytest
import rasterio
from rasterio.transform import Affine, from_origin

from gis.domain.relief import Relief
from gis.errors import InvalidDataError
from gis.files import rasters
from gis.files.rasters import Raster, read_heights
from gis.files.sandbox import Opener

CRS = "EPSG:4549"
BOX = (433_000.0, 3_508_000.0, 439_000.0, 3_515_000.0)
DEGREE = from_origin(119.25, 31.80, 1 / 3600, 1 / 3600)
METRE = from_origin(432_000, 3_516_000, 30.0, 30.0)


def write(path: Path, height: np.ndarray | None = None, **options: Any) -> Path:
    """Write heights of 30 m cells around the box, unless told otherwise."""
    found = np.full((300, 270), 50.0, dtype=np.float32) if height is None else height
    bands = found if found.ndim == 3 else found[None]
    words = options.pop("words", None)
    unit = options.pop("unit", None)
    ordinary = {"crs": CRS, "transform": METRE, "dtype": bands.dtype.name}
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        count=len(bands),
        height=bands.shape[1],
        width=bands.shape[2],
        **{**ordinary, **options},
    ) as file:
        file.write(bands)
        if words is not None:
            file.update_tags(TIFFTAG_IMAGEDESCRIPTION=words)
        if unit is not None:
            file.set_band_unit(1, unit)
    return path


def read(path: Path, **options: Any) -> Raster:
    """Read the heights within the box."""
    return read_heights(path, box_m=BOX, crs=CRS, **options)


def refusal(path: Path) -> str:
    """Return the words with which a file is refused."""
    with pytest.raises(InvalidDataError) as caught:
        read(path)
    return str(caught.value)


def at(found: Raster, x_m: np.ndarray, y_m: np.ndarray) -> np.ndarray:
    """Return heights between the cells of what was read."""
    relief = Relief(found.west_m, found.north_m, found.cell_m, found.height_m, "", synthetic=False)
    return relief.at(x_m, y_m)


def places(n: int = 200) -> tuple[np.ndarray, np.ndarray]:
    """Return random places in the box."""
    rng = np.random.default_rng(3)
    return rng.uniform(BOX[0], BOX[2], n), rng.uniform(BOX[1], BOX[3], n)


def test_a_grid_in_the_metric_system_keeps_its_cells_and_is_cut(tmp_path: Path) -> None:
    rows, columns = np.indices((300, 270))
    height = (columns + 1000.0 * (rows % 7)).astype(np.float32)
    found = read(write(tmp_path / "a.tif", height))
    left, top = 33 - 1, 33 - 1  # (433,000 - 432,000) / 30 is 33.3; one cell more on each side
    assert (found.west_m, found.north_m) == (432_000 + 30 * left, 3_516_000 - 30 * top)
    assert found.cell_m == found.native_m == 30.0
    cut = height[top : top + found.height_m.shape[0], left : left + found.height_m.shape[1]]
    assert found.height_m == pytest.approx(cut)
    assert found.west_m + 30 * found.height_m.shape[1] >= BOX[2]
    assert found.north_m - 30 * found.height_m.shape[0] <= BOX[1]


def test_degrees_become_metres_at_their_own_resolution(tmp_path: Path) -> None:
    rows, columns = np.indices((500, 600))
    lon, lat = DEGREE * (columns + 0.5, rows + 0.5)
    height = (1000 * (lon - 119.2) + 2000 * (lat - 31.6)).astype(np.float32)
    found = read(write(tmp_path / "a.tif", height, crs="EPSG:4326", transform=DEGREE))
    # A second of arc is 30.8 m northward and 26.3 m eastward at 31.7 degrees.
    assert 26.3 < found.cell_m < 30.9
    x_m, y_m = places()
    there = pyproj.Transformer.from_crs(CRS, "EPSG:4490", always_xy=True).transform(x_m, y_m)
    plane = 1000 * (there[0] - 119.2) + 2000 * (there[1] - 31.6)
    # GDAL places cells to an eighth of one; the plane rises 0.02 m a metre.
    assert at(found, x_m, y_m) == pytest.approx(plane, abs=0.125 * 30 * 0.03)


def test_what_is_unknown_stays_unknown(tmp_path: Path) -> None:
    height = np.full((300, 270), 50.0, dtype=np.float32)
    height[100:120, 100:120] = -9999.0
    height[130, 130] = np.nan
    height[140, 140] = np.inf
    found = read(write(tmp_path / "a.tif", height, nodata=-9999.0))
    assert np.isnan(found.height_m).sum() == 20 * 20 + 2
    assert np.nanmin(found.height_m) == 50.0


def test_a_mask_within_the_file_counts(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    mask = np.full((300, 270), 255, dtype=np.uint8)
    mask[100:110, 100:110] = 0
    with (
        rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True),
        rasterio.open(
            path, "w", driver="GTiff", count=1, height=300, width=270,
            crs=CRS, transform=METRE, dtype="int16",
        ) as file,
    ):  # fmt: skip
        file.write(np.full((1, 300, 270), 40, dtype=np.int16))
        file.write_mask(mask)
    assert np.isnan(read(path).height_m).sum() == 100


def test_a_scale_in_the_file_counts(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tif", np.full((300, 270), 523, dtype=np.int16))
    with rasterio.open(path, "r+") as file:
        file.scales, file.offsets = (0.1,), (-2.0,)
    assert np.unique(read(path).height_m) == pytest.approx([50.3])


def test_a_grid_too_fine_becomes_coarser(tmp_path: Path) -> None:
    rows, columns = np.indices((300, 270))
    height = (0.5 * columns + 0.2 * rows).astype(np.float32)
    found = read(write(tmp_path / "a.tif", height), most_cells=10_000)
    assert 9_000 < found.height_m.size <= 10_000
    assert found.native_m == pytest.approx(30.0)
    x_m, y_m = places()
    plane = 0.5 * ((x_m - 432_000) / 30 - 0.5) + 0.2 * ((3_516_000 - y_m) / 30 - 0.5)
    assert at(found, x_m, y_m) == pytest.approx(plane, abs=0.5)


def test_a_grid_too_fine_to_be_held_is_read_in_means(tmp_path: Path) -> None:
    rows = np.arange(4700)[:, None]
    height = np.where(rows % 2, 30, 50) + np.zeros((1, 4000), dtype=np.int16)  # 18.8 million
    fine = from_origin(432_500, 3_515_500, 1.6, 1.6)
    path = write(tmp_path / "a.tif", height.astype(np.int16), transform=fine, compress="deflate")
    found = read(path)
    assert found.native_m == pytest.approx(1.6, rel=1e-3)
    assert found.cell_m >= 3.2
    assert np.nanmin(found.height_m) == np.nanmax(found.height_m) == 40.0


def test_a_file_that_covers_part_of_the_town_is_taken(tmp_path: Path) -> None:
    found = read(write(tmp_path / "a.tif", transform=from_origin(436_000, 3_516_000, 30, 30)))
    assert found.west_m == 436_000.0


def test_a_file_says_what_it_is(tmp_path: Path) -> None:
    found = read(write(tmp_path / "a.TIFF", words="模拟数据"))
    assert (found.words, found.crs, len(found.sha256)) == ("模拟数据", CRS, 64)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"crs": None}, "没有坐标系"),
        ({"height": np.zeros((3, 300, 270), dtype=np.uint8)}, "3 个波段"),
        ({"height": np.zeros((300, 270), dtype=np.complex64)}, "complex64"),
        ({"transform": METRE * Affine.rotation(10)}, "旋转"),
        ({"transform": Affine(30, 0, 432_000, 0, 30, 3_507_000)}, "倒置"),
        ({"unit": "ft"}, "单位是 ft"),
        ({"transform": from_origin(500_000, 3_000_000, 30, 30)}, "不覆盖本镇"),
        ({"transform": from_origin(430_000, 3_600_000, 9e4, 9e4)}, "格网太少"),
        ({"height": np.full((300, 270), -9999.0), "nodata": -9999.0}, "全是无效值"),
        ({"height": np.full((300, 270), -32768, dtype=np.int16)}, "-a_nodata"),
        ({"height": np.full((300, 270), 9001.0)}, "不像以米为单位的高程"),
    ],
)
def test_what_is_no_relief_of_the_town_is_refused(
    tmp_path: Path, options: dict[str, Any], said: str
) -> None:
    assert said in refusal(write(tmp_path / "a.tif", **options))


def test_a_file_without_a_place_is_refused(tmp_path: Path) -> None:
    with pytest.warns(rasterio.errors.NotGeoreferencedWarning):
        path = write(tmp_path / "a.tif", transform=Affine.identity())
    assert "没有定位信息" in refusal(path)


@pytest.mark.parametrize("kept", [3, 100, 5000, 200_000])
def test_a_file_that_was_cut_off_is_refused(tmp_path: Path, kept: int) -> None:
    whole = write(tmp_path / "a.tif").read_bytes()
    (tmp_path / "b.tif").write_bytes(whole[:kept])
    assert "已损坏" in refusal(tmp_path / "b.tif")


@pytest.mark.parametrize(
    "content",
    [b"", b"not a picture at all", b"PK\3\4" + bytes(100), b"\x89PNG\r\n\x1a\n" + bytes(100)],
)
def test_another_format_under_this_name_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.tif").write_bytes(content)
    assert "不是 GeoTIFF" in refusal(tmp_path / "a.tif")


def test_a_raster_that_names_another_file_is_not_followed(tmp_path: Path) -> None:
    secret = write(tmp_path / "secret.tif")
    (tmp_path / "a.tif").write_text(
        '<VRTDataset rasterXSize="270" rasterYSize="300"><SRS>EPSG:4549</SRS>'
        "<GeoTransform>432000, 30, 0, 3516000, 0, -30</GeoTransform>"
        '<VRTRasterBand dataType="Float32" band="1"><SimpleSource>'
        f'<SourceFilename relativeToVRT="0">{secret}</SourceFilename><SourceBand>1</SourceBand>'
        "</SimpleSource></VRTRasterBand></VRTDataset>"
    )
    assert "不是 GeoTIFF" in refusal(tmp_path / "a.tif")


def test_another_name_or_none_is_refused(tmp_path: Path) -> None:
    assert "GeoTIFF" in refusal(tmp_path / "a.asc")
    assert "找不到" in refusal(tmp_path / "a.tif")


@pytest.mark.parametrize(
    ("side", "rows_per_strip", "cell_m"),
    [(2**31 - 1, 2**31 - 1, 30.0), (60_000, 60_000, 0.1), (30_000, 30_000, 0.3)],
)
def test_a_size_that_is_only_declared_costs_nothing(
    tmp_path: Path, side: int, rows_per_strip: int, cell_m: float
) -> None:
    (tmp_path / "a.tif").write_bytes(_declared(side, rows_per_strip, cell_m))
    said = refusal(tmp_path / "a.tif")
    assert any(words in said for words in ("已损坏", "太多", "超出限制", "结构异常"))


@pytest.mark.parametrize("program", ["import os; os.abort()", "pass", "x = bytes(1 << 62)"])
def test_however_the_child_ends_there_is_a_clear_word(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: str
) -> None:
    opener = Opener(program, rasters.HEIGHTS_OPENER.too_much, rasters.HEIGHTS_OPENER.broken)
    monkeypatch.setattr(rasters, "HEIGHTS_OPENER", opener)
    assert "结构异常" in refusal(write(tmp_path / "a.tif"))


@pytest.mark.parametrize(
    "answer",
    [
        {"rows": 2_000_000_000},
        {"rows": -1},
        {"cell_m": 0},
        {"west_m": "NaN"},
        {"columns": 3},
        {"north_m": None},
        {"crs": "x", "rows": 1},
    ],
)
def test_an_answer_that_cannot_be_is_not_believed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: dict[str, Any]
) -> None:
    good = {"rows": 2, "columns": 2, "west_m": 0, "north_m": 0, "cell_m": 1, "native_m": 1,
            "words": "", "crs": "x"}  # fmt: skip
    liar = (
        "import orjson, numpy as np; from pathlib import Path; "
        "np.zeros(4, '<f4').tofile('heights.f32'); "
        f"Path('unpacked.json').write_bytes(orjson.dumps({ {**good, **answer}!r}))"
    )
    opener = Opener(liar, "too much", "broken")
    monkeypatch.setattr(rasters, "HEIGHTS_OPENER", opener)
    assert refusal(write(tmp_path / "a.tif")) == "broken"


def _declared(side: int, rows_per_strip: int, cell_m: float) -> bytes:
    """Return a TIFF of a few hundred bytes that says it is huge, over the box."""
    entries = [
        (256, 4, 1, side), (257, 4, 1, side), (258, 3, 1, 32), (259, 3, 1, 8), (262, 3, 1, 1),
        (273, 4, 1, 400), (277, 3, 1, 1), (278, 4, 1, rows_per_strip), (279, 4, 1, 20),
        (339, 3, 1, 3), (33550, 12, 3, 250), (33922, 12, 6, 280), (34735, 3, 16, 340),
    ]  # fmt: skip
    head = b"II*\0" + struct.pack("<IH", 8, len(entries))
    head += b"".join(struct.pack("<HHII", *entry) for entry in entries) + bytes(4)
    body = bytearray(500)
    body[: len(head)] = head
    body[250:274] = struct.pack("<3d", cell_m, cell_m, 0)
    body[280:328] = struct.pack("<6d", 0, 0, 0, BOX[0], BOX[3], 0)
    keys = (1, 1, 0, 3, 1024, 0, 1, 1, 1025, 0, 1, 1, 3072, 0, 1, 4549)
    body[340:372] = struct.pack("<16H", *keys)
    return bytes(body)
