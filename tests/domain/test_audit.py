"""The chain of the audit log: whatever is changed afterwards shows, and is named."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gis.domain.audit import FIRST, Checkpoint, Entry, Head, digest, verify

START = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


def chained(
    said: list[tuple[str, str, str]], *, start: int = 0, previous: str = FIRST
) -> list[Entry]:
    """Return entries (actor, action, detail) as the log writes them."""
    entries = []
    for number, (actor, action, detail) in enumerate(said, start + 1):
        at = START + dt.timedelta(minutes=number)
        facts = (number, at, actor, "10.0.0.1", action, "target", detail, previous)
        entries.append(Entry(*facts, digest=digest(*facts)))
        previous = entries[-1].digest
    return entries


LOG = chained([(f"user{n}", "login", f'{{"n":{n}}}') for n in range(1, 11)])


def signature_holds(said: bytes, signature: str) -> bool:
    """Stand in for the key: a signature is what was said, in hex."""
    return said.hex() == signature


def head(entry: Entry) -> Head:
    """Return the head written after an entry."""
    bare = Head(entry.at, entry.id, entry.digest, "")
    return replace(bare, signature=bare.signed.hex())


def faults(entries: list[Entry], *heads: Head, left: tuple[Checkpoint, ...] = ()) -> str:
    """Return what was found, in one text; empty where all is well."""
    return "；".join(verify(entries, heads, left, signature_holds).faults)


def test_a_log_as_it_was_written_has_no_fault() -> None:
    verdict = verify(LOG, [head(LOG[3]), head(LOG[9])], [], signature_holds)
    assert (verdict.count, verdict.heads, verdict.faults) == (10, 2, ())
    assert verdict.uncovered == 0
    assert verify(LOG, [head(LOG[3])], [], signature_holds).uncovered == 6
    assert faults([]) == ""


texts = st.text(min_size=1, max_size=8)
CHANGES: dict[str, st.SearchStrategy[Any]] = {
    "actor": texts,
    "action": texts,
    "target": texts,
    "detail": texts,
    "address": st.none() | texts,
    "at": st.datetimes(timezones=st.just(dt.UTC)),
    "previous": texts,
    "digest": texts,
}


@given(st.data(), st.sampled_from(sorted(CHANGES)), st.integers(0, 9))
def test_any_changed_field_of_any_entry_is_found_and_named(
    data: st.DataObject, field: str, row: int
) -> None:
    value = data.draw(CHANGES[field].filter(lambda v: v != getattr(LOG[row], field)))
    changed = [*LOG[:row], replace(LOG[row], **{field: value}), *LOG[row + 1 :]]
    assert f"第 {row + 1} 条" in faults(changed)


@given(st.integers(0, 8))
def test_a_removed_entry_leaves_a_gap_that_is_named(row: int) -> None:
    assert f"第 {row + 1} 至 {row + 1} 条不在" in faults([*LOG[:row], *LOG[row + 1 :]])


def test_a_forged_entry_with_a_hash_of_its_own_no_longer_fits_the_next() -> None:
    forged = chained([("somebody", "login", "{}")], start=4, previous=LOG[3].digest)
    assert "第 6 条" in faults([*LOG[:4], *forged, *LOG[5:]])


def test_a_chain_that_was_computed_anew_does_not_lead_to_the_head_outside() -> None:
    said = [(entry.actor, entry.action, entry.detail) for entry in LOG]
    said[2] = ("somebody", "login", "{}")
    forged = chained(said)
    assert faults(forged) == ""
    found = faults(forged, head(LOG[7]))
    assert "第 8 条" in found
    assert "改写" in found


def test_a_tail_that_was_cut_off_is_missed_by_the_head_outside() -> None:
    assert faults(LOG[:6]) == ""
    assert "第 7 至 9 条被删去" in faults(LOG[:6], head(LOG[8]))
    assert "第 1 至 9 条被删去" in faults([], head(LOG[8]))


def test_a_head_that_was_changed_or_put_in_another_place_is_found() -> None:
    assert "签名不符" in faults(LOG, replace(head(LOG[3]), digest=LOG[4].digest))
    assert "换过" in faults(LOG, head(LOG[7]), head(LOG[3]))


def pruned(upto: int) -> Checkpoint:
    """Return the checkpoint that stands for the first entries."""
    last = LOG[upto - 1]
    bare = Checkpoint(START, "root", upto, last.digest, upto, LOG[0].at, last.at, "")
    return replace(bare, signature=bare.signed.hex())


def test_a_log_goes_on_behind_a_checkpoint() -> None:
    assert faults(LOG[4:], head(LOG[1]), head(LOG[7]), left=(pruned(4),)) == ""


@pytest.mark.parametrize("change", [{"upto": 5}, {"digest": FIRST}, {"count": 3}, {"actor": "x"}])
def test_a_checkpoint_that_was_changed_is_found(change: dict[str, Any]) -> None:
    assert "检查点签名不符" in faults(LOG[4:], left=(replace(pruned(4), **change),))


def test_entries_deleted_behind_a_checkpoint_of_somebody_elses_making_are_found() -> None:
    forged = replace(pruned(6), signature="00")
    assert "检查点签名不符" in faults(LOG[6:], left=(forged,))
    assert "第 5 至 6 条不在" in faults(LOG[6:], left=(pruned(4),))


def test_a_missing_checkpoint_between_two_is_found() -> None:
    second = replace(pruned(6), count=2)
    second = replace(second, signature=second.signed.hex())
    assert faults(LOG[6:], left=(pruned(4), second)) == ""
    assert "少了一个检查点" in faults(LOG[6:], left=(second,))
