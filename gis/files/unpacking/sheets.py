"""Spreadsheets: one sheet of an Excel or OpenDocument file, as the values last computed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from python_calamine import (
    CalamineError,
    CalamineSheet,
    CalamineWorkbook,
    PasswordError,
    SheetTypeEnum,
    SheetVisibleEnum,
)

from gis.errors import InvalidDataError
from gis.files.unpacking.archives import check_office
from gis.files.unpacking.headers import LOOKED_AT, column_names, header_row, is_blank
from gis.files.unpacking.sink import Found, Job, Rows, Sink, Value, clean

SAID_EVERY = 20_000


def read(job: Job, sink: Sink) -> Found:
    """Read a sheet: the one asked for, else the first that holds anything."""
    _check_start(job)
    with _trouble(), CalamineWorkbook.from_path(job.path) as book:
        sheet, notes, names = _choose(book, job.layer)
        start = sheet.start[0] if sheet.start else 0
        rows = sheet.to_python(skip_empty_area=False, nrows=start + LOOKED_AT)
        top = [_cleaned(row) for row in rows]
        place = header_row(top)
        if any(not is_blank(row) for row in top[:place]):
            notes.append(f"列名在第 {place + 1} 行，上面的标题没有读取")
        width = _width(sheet, place)
        columns, said = column_names([*top[place], *[None] * width][:width])
        notes += said + _merged(sheet, place)
        long = _write(sheet, sink, columns, place)
    if not sink.count:
        raise InvalidDataError(f"工作表「{sheet.name}」只有列名，没有数据行")
    if long.count:
        notes.append(
            f"{long}有超过 15 位的数字，表格软件已把末几位变成 0：编号请用文本格式重新填写"
        )
    return Found(
        job.suffix[1:].upper(), columns, layers=names, layer=sheet.name, notes=notes
    )  # fmt: skip


def _check_start(job: Job) -> None:
    """Refuse what only has the name of a spreadsheet, and archives that are bombs."""
    with job.path.open("rb") as file:
        start = file.read(8)
    old, archive = start == OLE, start.startswith(b"PK")
    if not old and not archive:
        raise InvalidDataError(NO_SHEET)
    if archive and job.suffix == ".xls":
        raise InvalidDataError("这其实是新格式的表格：请把文件名的后缀 .xls 改成 .xlsx 再导入")
    if old and job.suffix != ".xls":
        raise InvalidDataError("这其实是旧格式的 .xls，或有密码：请取消密码，另存为 xlsx 再导入")
    if archive:
        check_office(job.path)


OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
NO_SHEET = (
    "这不是 Excel 或 ODS 表格（有的系统导出的其实是网页或文字），或文件不完整："
    "请用 Excel 或 WPS 打开，另存为 xlsx"
)


@contextmanager
def _trouble() -> Iterator[None]:
    """Say in our words what the library says of files that it cannot read."""
    try:
        yield
    except PasswordError as error:
        raise InvalidDataError("表格有密码：请取消密码另存后再导入") from error
    except CalamineError as error:
        raise InvalidDataError(f"{BROKEN}（{error}）") from error
    except OSError as error:
        if error.errno is not None:
            raise
        raise InvalidDataError(BROKEN) from error  # its own, of a stream that does not unfold
    except BaseException as error:
        # What goes wrong inside Rust is no Exception.
        if type(error).__name__ != "PanicException":
            raise
        raise InvalidDataError(BROKEN) from error


BROKEN = "表格无法读取，可能不完整或已损坏：请重新下载，或用 Excel、WPS 打开后另存为 xlsx"


def _choose(
    book: CalamineWorkbook, asked: str | None
) -> tuple[CalamineSheet, list[str], list[str]]:
    """Return the sheet, notes, and the names of all that can be asked for."""
    sheets = [s for s in book.sheets_metadata if s.typ == SheetTypeEnum.WorkSheet]
    names = [sheet.name for sheet in sheets]
    if asked is not None:
        if asked not in names:
            raise InvalidDataError(f"没有工作表「{asked}」；有：{'、'.join(names)}")
        return book.get_sheet_by_name(asked), [], names
    for meta in sheets:
        if meta.visible == SheetVisibleEnum.Visible:
            sheet = book.get_sheet_by_name(meta.name)
            if sheet.end is not None:
                others = "、".join(name for name in names if name != meta.name)
                note = f"读取的是工作表「{meta.name}」；没有读取：{others}"
                return sheet, [note] if others else [], names
    raise InvalidDataError("表格里的工作表都是空的")


def _cleaned(row: Sequence[object]) -> list[Value]:
    return [clean(value, 0, "") for value in row]


def _width(sheet: CalamineSheet, place: int) -> int:
    """Return how many columns hold anything from the header on."""
    width = 0
    for number, row in enumerate(sheet.iter_rows()):
        if number >= place:
            while len(row) > width and row[-1] == "":
                row.pop()
            width = max(width, len(row))
    return width


def _merged(sheet: CalamineSheet, place: int) -> list[str]:
    ranges = [r for r in sheet.merged_cell_ranges or [] if r[1][0] > place]
    if not ranges:
        return []
    return [f"有 {len(ranges)} 处合并的单元格：值只在左上角一格，其余按空白处理，请核对"]


def _write(sheet: CalamineSheet, sink: Sink, columns: list[str], place: int) -> Rows:
    """Write the rows under the header; return those with numbers too long for a spreadsheet."""
    long = Rows()
    height = sheet.total_height
    for number, cells in enumerate(sheet.iter_rows()):
        if number <= place:
            continue
        row = number + 1
        values = [clean(v, row, c) for v, c in zip(cells, columns, strict=False)]
        if is_blank(values):
            sink.skip()
            continue
        if any(isinstance(v, float) and abs(v) >= EXACT for v in values):
            long.add(row)
        sink.write(row, values)
        if row % SAID_EVERY == 0:
            sink.progress(row, height)
    return long


EXACT = 1e15
