"""Weights from judgements in pairs (analytic hierarchy process), and how consistent these are."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from gis.domain.arrays import Floats
from gis.domain.risk import constants as given
from gis.domain.risk.constants import Constants
from gis.errors import InvalidDataError

JUDGEMENTS = "sector_judgements"
"""Constant of ``index.toml``: a matrix for each judge, sectors in the order of the weights."""

RECIPROCAL = 1e-9
"""Relative difference from the reciprocal that is rounding."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What matrices of pairs say together (METHOD 7.6).

    Attributes
    ----------
    weights
        Principal eigenvector, sum 1; shape (n,).
    eigenvalue
        Principal eigenvalue, n where the judgements do not contradict one another, else more.
    index
        Consistency index CI: (eigenvalue - n)/(n - 1).
    ratio
        Consistency ratio CR: the index over that of random matrices.
    """

    weights: Floats
    eigenvalue: float
    index: float
    ratio: float


def judge(matrices: Sequence[Floats], random_index: Mapping[str, float]) -> Judgement:
    """Return the weights that judges give together.

    Parameters
    ----------
    matrices
        One a judge, shape (n, n): how many times as much the row weighs as the column. They are
        brought together by the geometric mean of each entry, which keeps them reciprocal.
    random_index
        Size, as text, to the mean consistency index of random matrices of that size.

    Raises
    ------
    InvalidDataError
        If there is none, they are not of one size, that size has no random index, or one is not
        square, positive and reciprocal.

    Notes
    -----
    Saaty (1980). Judgements with a ratio of 0.10 or more should be made again.
    """
    if not matrices:
        raise InvalidDataError("没有判断矩阵")
    for matrix in matrices:
        _refuse(matrix)
    if len({matrix.shape for matrix in matrices}) > 1:
        raise InvalidDataError("各人的判断矩阵应当一样大")
    n = len(matrices[0])
    if str(n) not in random_index:
        raise InvalidDataError(f"没有 {n} 阶的随机一致性指标；现有：{'、'.join(random_index)}")
    values, vectors = np.linalg.eig(geometric_mean(matrices))
    principal = int(np.argmax(values.real))
    vector = np.abs(vectors[:, principal].real)
    eigenvalue = float(values[principal].real)
    index = (eigenvalue - n) / (n - 1)
    return Judgement(vector / vector.sum(), eigenvalue, index, index / random_index[str(n)])


def geometric_mean(values: Sequence[Floats]) -> Floats:
    """Return the geometric mean of each entry over several arrays of one shape, all above 0."""
    found: Floats = np.exp(np.log(np.stack(values)).mean(axis=0))
    return found


def read(written: str) -> Floats:
    """Read a matrix: rows by ``;``, entries by spaces, as numbers or fractions such as 1/3.

    Raises
    ------
    InvalidDataError
        If it is not written so.
    """
    try:
        rows = [[_entry(entry) for entry in row.split()] for row in written.split(";")]
        return np.array(rows, dtype=np.float64)
    except (ValueError, ZeroDivisionError) as error:
        raise InvalidDataError(
            "判断矩阵应逐行写成如“1 2; 1/2 1”：行与行之间用分号，数与数之间用空格"
        ) from error


ENTRY = re.compile(r"\d{1,3}(\.\d{1,6})?(/\d{1,3})?")


def _entry(written: str) -> float:
    """Read a number or a fraction; ValueError if it is none, or longer than any judgement."""
    if not ENTRY.fullmatch(written):
        raise ValueError(written)
    number, _, divisor = written.partition("/")
    return float(Fraction(number) / Fraction(divisor or 1))


def of_sectors(constants: Constants) -> Judgement:
    """Return what the judgements on the sectors say; ``constants`` are those of ``index.toml``."""
    matrices = [read(written) for written in given.texts(constants, JUDGEMENTS)]
    return judge(matrices, given.table(constants, "random_index"))


def told(constants: Constants) -> str:
    """Say what the judgements on the sectors come to, for who sets the weights by them."""
    found = of_sectors(constants)
    sectors = given.table(constants, "sector_weights")
    weights = zip(sectors, found.weights.tolist(), strict=True)
    said = "、".join(f"{sector} {weight:.3f}" for sector, weight in weights)
    return f"按判断矩阵算得的权重：{said}；λ {found.eigenvalue:.4f}，CR {found.ratio:.4f}"


def problem(written: Sequence[str], constants: Constants) -> str | None:
    """Say why judgements on the sectors cannot be used; None: they can.

    Each judge's own must be consistent: the mean of several hides who contradicts himself.
    ``constants`` are those of ``index.toml``.
    """
    sectors = given.table(constants, "sector_weights")
    most = given.number(constants, "consistency_ratio_most")
    for number, text in enumerate(written, start=1):
        try:
            matrix = read(text)
            found = judge([matrix], given.table(constants, "random_index"))
        except InvalidDataError as error:
            return f"第 {number} 个矩阵：{error}"
        if len(matrix) != len(sectors):
            return f"第 {number} 个矩阵应为 {len(sectors)} 阶，依次为 {'、'.join(sectors)}"
        if found.ratio >= most:
            return (
                f"第 {number} 个矩阵前后不一致：一致性比率 CR 为 {found.ratio:.3f}，"
                f"应小于 {most:.2f}，请重新两两比较"
            )
    return None


def _refuse(matrix: Floats) -> None:
    """Refuse what is no matrix of judgements in pairs."""
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1]:
        raise InvalidDataError("判断矩阵应当是方阵")
    if not (np.isfinite(matrix) & (matrix > 0)).all():
        raise InvalidDataError("判断矩阵的数都应大于 0")
    if not np.allclose(matrix * matrix.T, 1.0, rtol=RECIPROCAL, atol=0.0):
        raise InvalidDataError("判断矩阵应当互反：对角线为 1，对称的两数互为倒数")
