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


def head(entry: Entry, number: int = 1) -> Head:
    """Return the head written after an entry."""
    bare = Head(number, entry.at, entry.id, entry.digest, "")
    return replace(bare, signature=bare.signed.hex())


NOW = START + dt.timedelta(hours=1)


def faults(
    entries: list[Entry],
    *heads: Head,
    left: tuple[Checkpoint, ...] = (),
    now: dt.datetime = NOW,
) -> str:
    """Return what was found, in one text; empty where all is well.

    A first head is there in any case, as the first entry makes one.
    """
    given = heads or ((head(LOG[0]),) if entries else ())
    return "；".join(verify(entries, given, left, signature_holds, now).faults)


def test_a_log_as_it_was_written_has_no_fault() -> None:
    verdict = verify(LOG, [head(LOG[3]), head(LOG[9], 2)], [], signature_holds, NOW)
    assert (verdict.count, verdict.heads, verdict.faults) == (10, 2, ())
    assert verdict.uncovered == 0
    assert verify(LOG, [head(LOG[3])], [], signature_holds, NOW).uncovered == 6
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
    assert "换过" in faults(LOG, head(LOG[7]), head(LOG[3], 2))


def test_an_entry_that_was_written_anew_is_missed_by_either_of_two_heads_of_its_number() -> None:
    forged = chained([("somebody", "login", "{}")], start=9, previous=LOG[8].digest)
    found = faults([*LOG[:9], *forged], head(LOG[9]), head(forged[0], 2))
    assert "第 10 条" in found


def test_a_line_taken_out_of_the_heads_is_missed() -> None:
    assert "少了行" in faults(LOG, head(LOG[3]), head(LOG[9], 3))
    assert "少了行" in faults(LOG, head(LOG[9], 2))


def test_heads_that_were_cut_off_are_missed_where_later_entries_needed_one() -> None:
    late = [replace(entry, at=entry.at + dt.timedelta(hours=entry.id)) for entry in LOG]
    said = [(e.actor, e.address, e.action, e.target, e.detail) for e in late]
    chain, previous = [], FIRST
    for entry, facts in zip(late, said, strict=True):
        hashed = digest(entry.id, entry.at, *facts, previous)
        chain.append(Entry(entry.id, entry.at, *facts, previous, digest=hashed))
        previous = hashed
    heads = [head(entry, number) for number, entry in enumerate(chain, 1)]
    now = START + dt.timedelta(days=1)
    assert faults(chain, *heads, now=now) == ""
    assert "第 5 条之后应有" in faults(chain, *heads[:3], now=now)
    nothing = verify(chain, [], [], signature_holds, now).faults
    assert "第 1 条之后应有" in nothing[0]


def test_a_time_that_cannot_be_is_told() -> None:
    assert "时间在将来" in faults(LOG, now=START - dt.timedelta(hours=1))
    back = chained([("x", "login", "{}")], start=10, previous=LOG[9].digest)
    earlier = START - dt.timedelta(days=1)
    facts = ("x", "10.0.0.1", "login", "target", "{}")
    hashed = digest(11, earlier, *facts, LOG[9].digest)
    moved = replace(back[0], at=earlier, digest=hashed)
    assert "早于前一条" in faults([*LOG, moved])


def pruned(upto: int) -> Checkpoint:
    """Return the checkpoint that stands for the first entries."""
    last = LOG[upto - 1]
    bare = Checkpoint(START, "root", upto, last.digest, upto, LOG[0].at, last.at, "")
    return replace(bare, signature=bare.signed.hex())


def test_a_log_goes_on_behind_a_checkpoint() -> None:
    assert faults(LOG[4:], head(LOG[1]), head(LOG[7], 2), left=(pruned(4),)) == ""


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
