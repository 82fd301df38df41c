"""Secrets and heads in files: made once, read by the owner alone, added to and never changed."""

from __future__ import annotations

import datetime as dt
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from gis.domain.audit import FIRST, Head
from gis.errors import ConfigError
from gis.files import heads, keys

NOW = dt.datetime(2026, 1, 1, 8, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)


def test_a_key_is_made_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    folder = tmp_path / "keys"
    key = keys.session_key(folder)
    assert len(key) == 32
    assert keys.session_key(folder) == key
    assert stat.S_IMODE((folder / keys.SESSION).stat().st_mode) == 0o600
    assert keys.session_key(tmp_path / "other") != key


def test_many_who_make_a_key_at_once_read_the_same(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        found = set(pool.map(lambda _: keys.session_key(tmp_path / "keys"), range(32)))
    assert len(found) == 1
    assert [path.name for path in (tmp_path / "keys").iterdir()] == [keys.SESSION]


def test_a_key_that_others_can_read_is_refused_with_what_to_do(tmp_path: Path) -> None:
    keys.session_key(tmp_path)
    (tmp_path / keys.SESSION).chmod(0o644)
    with pytest.raises(ConfigError, match="chmod 600"):
        keys.session_key(tmp_path)


def test_a_signature_holds_for_what_was_signed_and_for_nothing_else(tmp_path: Path) -> None:
    signature = keys.sign(tmp_path, b"said")
    assert keys.holds(tmp_path, b"said", signature)
    assert not keys.holds(tmp_path, b"Said", signature)
    assert not keys.holds(tmp_path, b"said", "no base64!")
    assert not keys.holds(tmp_path / "other", b"said", signature)
    assert stat.S_IMODE((tmp_path / keys.SIGNING).stat().st_mode) == 0o600
    assert load_pem_public_key((tmp_path / keys.PUBLIC).read_bytes())


def test_a_damaged_key_is_an_error_and_no_new_key(tmp_path: Path) -> None:
    keys.sign(tmp_path, b"said")
    (tmp_path / keys.SIGNING).write_bytes(b"cut o")
    with pytest.raises(ConfigError, match="备份"):
        keys.sign(tmp_path, b"said")


def head(at: dt.datetime, number: int) -> Head:
    """Return a head."""
    return Head(number, at, number, FIRST, "signature")


def test_a_head_is_added_when_the_last_is_too_old(tmp_path: Path) -> None:
    path = tmp_path / "far" / "heads.jsonl"
    assert heads.read_heads(path) == []
    seen: list[Head | None] = []

    def keep(at: dt.datetime, number: int) -> bool:
        def make(last: Head | None) -> Head:
            seen.append(last)
            return head(at, number)

        return heads.keep_head(path, at, HOUR, make)

    assert keep(NOW, 1)
    assert not keep(NOW + HOUR / 2, 2)
    assert keep(NOW + HOUR, 2)
    assert heads.read_heads(path) == [head(NOW, 1), head(NOW + HOUR, 2)]
    assert seen == [None, head(NOW, 1)]
    assert keep(NOW, 3)  # the last lies in the future: a clock was wrong
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_an_empty_log_has_no_head(tmp_path: Path) -> None:
    assert not heads.keep_head(tmp_path / "heads", NOW, HOUR, lambda _: None)
    assert heads.read_heads(tmp_path / "heads") == []


def test_of_many_at_once_one_adds_the_head(tmp_path: Path) -> None:
    path = tmp_path / "heads.jsonl"

    def keep(number: int) -> bool:
        return heads.keep_head(path, NOW, HOUR, lambda _: head(NOW, number))

    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(keep, range(1, 33)))
    assert sum(made) == 1
    assert len(heads.read_heads(path)) == 1


@pytest.mark.parametrize("text", ['{"at": "2026', "{}", "[]", '{"at": "x", "id": 1}'])
def test_a_file_of_heads_that_was_cut_or_changed_says_so(tmp_path: Path, text: str) -> None:
    path = tmp_path / "heads.jsonl"
    path.write_text(text + "\n", "utf-8")
    with pytest.raises(ConfigError, match="链头文件"):
        heads.read_heads(path)
    with pytest.raises(ConfigError, match="链头文件"):
        heads.keep_head(path, NOW, HOUR, lambda _: head(NOW, 1))
