"""Keyed random numbers: published values, their distribution, and what they depend on."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from gis.domain import keyed

WHOLE = st.integers(-(2**63), 2**63 - 1)
quick = settings(max_examples=30, deadline=None, derandomize=True)


def test_without_a_key_the_words_are_the_published_ones_of_splitmix64() -> None:
    # splitmix64 from state 0, as in the reference code of Vigna (2015) and in many test suites.
    published = [0xE220A8397B1DCDAF, 0x6E789E6AA1B965F4, 0x06C45D188009454F, 0xF88BB8A8724C81EC]
    assert keyed.words((), np.arange(4))[0].tolist() == published


def test_the_numbers_are_standard_normal_along_rows_and_along_draws() -> None:
    found = keyed.normal(np.arange(300) * 4096, np.arange(300), seed=1, salt="x")
    assert stats.kstest(found.ravel(), "norm").pvalue > 0.01
    assert np.abs(found.mean(axis=0)).max() < 5 / np.sqrt(300)
    assert np.abs(np.corrcoef(found) - np.eye(300)).max() < 6 / np.sqrt(300)


def test_another_seed_salt_or_owner_gives_independent_numbers() -> None:
    draws = np.arange(20_000)
    rows = [
        keyed.normal(np.array([uid]), draws, seed, salt)[0]
        for uid, seed, salt in ((1, 1, "a"), (2, 1, "a"), (1, 2, "a"), (1, 1, "b"))
    ]
    apart = np.corrcoef(rows) - np.eye(4)
    assert np.abs(apart).max() < 5 / np.sqrt(20_000)


@quick
@given(st.lists(WHOLE, min_size=1, max_size=20, unique=True), WHOLE, st.integers(0, 99))
def test_order_and_part_change_no_bit(uids: list[int], seed: int, order: int) -> None:
    rng = np.random.default_rng(order)
    uid = np.array(uids, dtype=np.int64)
    whole = keyed.normal(uid, np.arange(9), seed, "x")
    rows, draws = rng.permutation(len(uid))[:7], rng.permutation(9)[:4]
    assert np.array_equal(keyed.normal(uid[rows], draws, seed, "x"), whole[np.ix_(rows, draws)])


def test_the_ends_of_the_interval_are_left_out() -> None:
    found = keyed.uniform(np.arange(1000), np.arange(1000), 3, "x")
    assert 0.0 < found.min() < 1e-5
    assert 1 - 1e-5 < found.max() < 1.0


def test_names_have_numbers_of_their_own() -> None:
    found = keyed.numbered(["industry", "mine", "industry", ""])
    assert found.dtype == np.int64
    assert found[0] == found[2]
    assert len(set(found.tolist())) == 3
    assert len(keyed.numbered([])) == 0
