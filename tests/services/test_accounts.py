"""Accounts, log-in, sessions and tokens, against the real database."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import sqlalchemy as sa

from gis.domain import accounts as values
from gis.domain.audit import Search
from gis.domain.rights import GUEST, NOBODY, OPERATOR, Actor, Role
from gis.errors import (
    ConfigError,
    ForbiddenError,
    GisError,
    InvalidDataError,
    NotFoundError,
    NotLoggedInError,
    TooManyTriesError,
)
from gis.services import clock, log_in, manage_accounts, manage_sessions, manage_tokens, passwords
from gis.services.log_in import SignedIn
from gis.services.make_database import make_office
from gis.services.read_audit import search_audit
from gis.storage import dialect
from gis.storage.tables import account, session, throttle, token
from gis.workspace import Workspace
from tests.conftest import REAL_HASHER
from tests.people import EAST, PASSWORD, WEST, make_account

HERE = "10.0.0.7"


def enter(ws: Workspace, login: str, password: str = PASSWORD, address: str = HERE) -> str:
    """Log in; return the session's secret."""
    return log_in.log_in(ws, login, password, address=address, agent="a browser")


def resumed(ws: Workspace, secret: str) -> SignedIn:
    """Return who a session belongs to; it must hold."""
    found = log_in.resume(ws, secret, address=HERE)
    assert found is not None
    return found


def change(
    ws: Workspace,
    account_id: int,
    *,
    name: str = "x",
    role: Role = Role.TOWN_OFFICE,
    villages: Sequence[str] = (),
    active: bool = True,
) -> None:
    """Change an account."""
    manage_accounts.change_account(
        ws,
        OPERATOR,
        account_id,
        name=name,
        role=role,
        villages=villages,
        industries=(),
        active=active,
    )


def actions(ws: Workspace, **wanted: Any) -> list[str]:
    """Return what the audit log has, the oldest first."""
    found = search_audit(ws, OPERATOR, Search(**wanted)).entries
    return [entry.action for entry in reversed(found)]


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Callable[[dt.timedelta], None]:
    """Return what lets time pass."""
    modules = (log_in, manage_sessions, manage_tokens, manage_accounts)

    def pass_by(span: dt.timedelta) -> None:
        for module in modules:
            monkeypatch.setattr(module, "now", lambda: clock.now() + span)

    return pass_by


# ---- The first administrator, and everybody after ------------------------------------------


def test_an_office_needs_an_administrator_and_gives_no_default_password(
    workspace: Workspace,
) -> None:
    with pytest.raises(ConfigError, match="--administrator"):
        make_office(workspace, OPERATOR)
    first = make_office(workspace, OPERATOR, "管理员01")
    assert first.password is not None
    assert len(first.password) >= 16
    again = make_office(workspace, OPERATOR, "somebody")
    assert (again.administrator, again.password) == (None, None)
    with dialect.reading(workspace.engine) as conn:
        stored = conn.scalar(sa.select(account.c.password))
    assert stored is not None
    assert stored.startswith("$argon2id$")
    assert first.password not in stored


def test_two_first_passwords_are_never_the_same() -> None:
    made = {passwords.first_password() for _ in range(100)}
    assert len(made) == 100
    for password in made:
        passwords.require_good(password, about=("zhang",))


def test_a_first_password_opens_nothing_but_the_change_of_it(office: Workspace) -> None:
    manage = manage_accounts
    first = manage.add_account(office, OPERATOR, login="Zhang", name="张三", role=Role.TOWN_OFFICE)
    secret = enter(office, "ZHANG ", first)
    who = resumed(office, secret)
    assert who.account.must_change
    assert not who.actor.may_read
    renewed = log_in.change_password(office, who, first, PASSWORD)
    assert resumed(office, renewed).actor.reads_everything
    assert log_in.resume(office, secret, address=None) is None
    with pytest.raises(NotLoggedInError):
        enter(office, "zhang", first)


@pytest.mark.parametrize(
    ("login", "ok"),
    [
        ("zhang.san", True), ("张三", True), ("ab", True), ("ＺＨＡＮＧ", True), ("a" * 40, True),
        ("a", False), ("a" * 41, False), ("a b", False), ("-ab", False), ("", False),
        ("a\nb", False), ("<b>", False), ("a/b", False), ("a\u202eb", False),
    ],
)  # fmt: skip
def test_a_login_is_letters_and_digits_in_one_form(login: str, ok: bool) -> None:
    if ok:
        assert values.clean_login(values.clean_login(login)) == values.clean_login(login)
    else:
        with pytest.raises(InvalidDataError):
            values.clean_login(login)


@pytest.mark.parametrize("login", ["命令行", "匿名访客", "未登录"])
def test_a_login_is_no_name_that_means_something_else_in_the_log(login: str) -> None:
    with pytest.raises(InvalidDataError, match="另有所指"):
        values.clean_login(login)


@pytest.mark.parametrize("name", ["", " ", "x" * 61, "a\nb", "a\x1b[2J", "a\u202eb"])
def test_a_name_is_a_line_of_text(office: Workspace, name: str) -> None:
    with pytest.raises(InvalidDataError):
        manage_accounts.add_account(office, OPERATOR, login="li", name=name, role=Role.VISITOR)
    found = manage_accounts.find_account(office, OPERATOR, "admin")
    with pytest.raises(InvalidDataError):
        manage_tokens.add_token(office, OPERATOR, found, name=name)


def test_a_first_password_does_not_wait_for_ever(
    office: Workspace, later: Callable[[dt.timedelta], None]
) -> None:
    add = manage_accounts.add_account
    first = add(office, OPERATOR, login="li", name="李", role=Role.VISITOR)
    later(dt.timedelta(days=7, minutes=1))
    with pytest.raises(NotLoggedInError, match="已过期"):
        enter(office, "li", first)
    later(dt.timedelta(days=6))
    assert enter(office, "li", first)


@pytest.mark.parametrize(
    ("role", "scope", "message"),
    [
        (Role.VILLAGE, {}, "至少要选一个村"),
        (Role.VILLAGE, {"villages": ["1"]}, "没有村 1"),
        (Role.DEPARTMENT, {}, "至少要选一个行业"),
        (Role.DEPARTMENT, {"industries": ["航天"]}, "没有行业 航天"),
    ],
)
def test_a_scope_fits_its_role_and_what_there_is(
    office: Workspace, role: Role, scope: dict[str, Any], message: str
) -> None:
    with pytest.raises(InvalidDataError, match=message):
        manage_accounts.add_account(office, OPERATOR, login="li", name="李", role=role, **scope)


def test_a_login_is_taken_once(office: Workspace) -> None:
    make_account(office, Role.VISITOR, "li")
    with pytest.raises(InvalidDataError, match="已经有人用了"):
        manage_accounts.add_account(office, OPERATOR, login="LI", name="x", role=Role.VISITOR)


def test_an_account_sees_what_its_role_and_scope_say(office: Workspace) -> None:
    make_account(office, Role.VILLAGE, "west", villages=[WEST])
    actor = resumed(office, enter(office, "west")).actor
    assert (actor.name, actor.address) == ("west", HERE)
    assert actor.in_charge("internal", WEST, "工贸")
    assert not actor.in_charge("internal", EAST, "工贸")


def test_a_changed_account_has_to_log_in_again(office: Workspace) -> None:
    make_account(office, Role.VILLAGE, "west", villages=[WEST])
    secret = enter(office, "west")
    found = manage_accounts.find_account(office, OPERATOR, "west")
    change(office, found.id, name="西村", role=Role.VILLAGE, villages=[WEST])
    assert log_in.resume(office, secret, address=None) is not None
    change(office, found.id, name="西村", role=Role.VILLAGE, villages=[EAST])
    assert log_in.resume(office, secret, address=None) is None
    entry = search_audit(office, OPERATOR, Search(action="account_change")).entries[0]
    assert entry.facts["villages"] == [[WEST], [EAST]]


def test_an_account_that_is_closed_is_out_at_once_with_its_tokens(office: Workspace) -> None:
    make_account(office, Role.TOWN_OFFICE, "town")
    secret = enter(office, "town")
    who = resumed(office, secret)
    key = manage_tokens.add_token(office, who.actor, who.account, name="QGIS")
    change(office, who.account.id, active=False)
    assert log_in.resume(office, secret, address=None) is None
    with pytest.raises(NotLoggedInError):
        manage_tokens.actor_of_token(office, key, address=None)
    with pytest.raises(NotLoggedInError):
        enter(office, "town")


def test_the_last_administrator_stays(office: Workspace) -> None:
    found = manage_accounts.find_account(office, OPERATOR, "admin")
    for active, role in ((False, Role.ADMINISTRATOR), (True, Role.VISITOR)):
        with pytest.raises(InvalidDataError, match="管理员"):
            change(office, found.id, role=role, active=active)
    assert manage_accounts.find_account(office, OPERATOR, "admin").active


ADMINISTRATORS_ONLY: list[Callable[[Workspace, Actor], Any]] = [
    manage_accounts.list_accounts,
    manage_accounts.choices,
    manage_accounts.has_administrator,
    lambda ws, who: manage_accounts.load_account(ws, who, 1),
    lambda ws, who: manage_accounts.find_account(ws, who, "admin"),
    lambda ws, who: manage_accounts.reset_password(ws, who, 1),
    lambda ws, who: manage_accounts.unlock(ws, who, 1),
    lambda ws, who: manage_accounts.add_account(ws, who, login="x1", name="x", role=Role.VISITOR),
    lambda ws, who: search_audit(ws, who, Search()),
]


@pytest.mark.parametrize("ask", ADMINISTRATORS_ONLY)
def test_only_administrators_manage(office: Workspace, ask: Callable[..., Any]) -> None:
    make_account(office, Role.TOWN_OFFICE, "town")
    town = resumed(office, enter(office, "town")).actor
    for actor in (town, GUEST):
        with pytest.raises(ForbiddenError):
            ask(office, actor)
    with pytest.raises(NotLoggedInError):
        ask(office, NOBODY)


# ---- Passwords -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "password",
    ["short-one", "password123", "qwertyuiop", "1234567890", "xuebu-xuebu", "zhangsan2026",
     "薛埠薛埠薛埠薛埠薛埠", "a" * 10, "a" * 129, "xuebujintanyingjifire",
     "xuebuyingji2024fire", "13812345678901"],
)  # fmt: skip
def test_a_password_that_is_easily_guessed_is_refused_with_what_to_do(password: str) -> None:
    with pytest.raises(InvalidDataError, match="口令"):
        passwords.require_good(password, about=("zhangsan", "张三"))


@pytest.mark.parametrize(
    "password", [PASSWORD, "lantern gravel otter", "竹林里的七只白鹭飞过", "x" * 3 + "Tz9$kfw0Qe"]
)
def test_a_phrase_of_unrelated_words_is_welcome(password: str) -> None:
    passwords.require_good(password, about=("zhangsan",))


def test_a_password_fits_its_own_hash_and_no_other() -> None:
    stored = passwords.hashed(PASSWORD)
    assert passwords.fits(PASSWORD, stored)
    assert stored != passwords.hashed(PASSWORD)
    assert not passwords.fits(PASSWORD + " ", stored)
    assert not passwords.fits(PASSWORD, None)
    assert not passwords.fits(PASSWORD, "no hash")
    longest = PASSWORD.ljust(128, "x")
    assert passwords.fits(longest, passwords.hashed(longest))
    assert not passwords.fits(longest + "x", passwords.hashed(longest))
    assert not passwords.is_outdated(stored)


def test_a_real_hash_costs_what_rfc_9106_and_owasp_ask_for() -> None:
    """OWASP's least for argon2id: 19 MiB and two passes, or 46 MiB and one."""
    stored = REAL_HASHER.hash(PASSWORD)
    assert stored.startswith("$argon2id$v=19$m=65536,t=3,p=1$")


def test_changing_the_password_ends_all_other_sessions(office: Workspace) -> None:
    make_account(office, Role.TOWN_OFFICE, "town")
    here, elsewhere = enter(office, "town"), enter(office, "town")
    who = resumed(office, here)
    for old, new, message in (
        ("wrong", "another-lantern-otter", "现在的口令不对"),
        (PASSWORD, PASSWORD, "不同"),
        (PASSWORD, "short", "太短"),
    ):
        with pytest.raises(InvalidDataError, match=message):
            log_in.change_password(office, who, old, new)
    assert log_in.resume(office, elsewhere, address=None) is not None
    renewed = log_in.change_password(office, who, PASSWORD, "another-lantern-otter")
    for ended in (elsewhere, here):
        assert log_in.resume(office, ended, address=None) is None
    assert resumed(office, renewed).account.login == "town"


def test_the_old_password_cannot_be_guessed_from_a_session_left_open(office: Workspace) -> None:
    make_account(office, Role.TOWN_OFFICE, "town")
    who = resumed(office, enter(office, "town"))
    for _ in range(5):
        with pytest.raises(InvalidDataError):
            log_in.change_password(office, who, "wrong", "another-lantern-otter")
    with pytest.raises(TooManyTriesError):
        log_in.change_password(office, who, PASSWORD, "another-lantern-otter")


def test_a_reset_password_ends_the_sessions_and_opens_the_lock(office: Workspace) -> None:
    make_account(office, Role.TOWN_OFFICE, "town")
    secret = enter(office, "town")
    found = manage_accounts.find_account(office, OPERATOR, "town")
    for _ in range(6):
        with pytest.raises(GisError):
            enter(office, "town", "wrong")
    assert manage_accounts.is_locked(office, OPERATOR, found)
    who = resumed(office, secret)
    key = manage_tokens.add_token(office, who.actor, who.account, name="QGIS")
    first = manage_accounts.reset_password(office, OPERATOR, found.id)
    with pytest.raises(NotLoggedInError):
        manage_tokens.actor_of_token(office, key, address=None)
    assert log_in.resume(office, secret, address=None) is None
    assert resumed(office, enter(office, "town", first)).account.must_change


# ---- Lock-out ---------------------------------------------------------------------------------


def test_after_five_wrong_passwords_the_right_one_is_not_taken_until_later(
    office: Workspace, later: Callable[[dt.timedelta], None]
) -> None:
    make_account(office, Role.TOWN_OFFICE, "town")
    for _ in range(5):
        with pytest.raises(NotLoggedInError):
            enter(office, "town", "wrong")
    with pytest.raises(TooManyTriesError, match="15 分钟") as refused:
        enter(office, "town")
    assert 0 < refused.value.seconds <= 15 * 60
    later(dt.timedelta(minutes=14))
    with pytest.raises(TooManyTriesError, match="1 分钟"):
        enter(office, "town")
    later(dt.timedelta(minutes=15, seconds=1))
    assert enter(office, "town")
    said = actions(office, actor="town")
    assert said.count("login_failed") == 5
    nobodys = search_audit(office, OPERATOR, Search(action="login_failed")).entries
    assert {entry.actor for entry in nobodys} == {"town"}
    assert said.count("locked") == 1
    assert said[-1] == "login"


def test_an_administrator_opens_the_lock(office: Workspace) -> None:
    make_account(office, Role.TOWN_OFFICE, "town")
    for _ in range(6):
        with pytest.raises(GisError):
            enter(office, "town", "wrong")
    found = manage_accounts.find_account(office, OPERATOR, "town")
    manage_accounts.unlock(office, OPERATOR, found.id)
    assert enter(office, "town")


def test_a_name_that_is_not_there_is_answered_and_locked_like_one_that_is(
    office: Workspace,
) -> None:
    make_account(office, Role.TOWN_OFFICE, "town")
    answers: dict[str, Any] = {}
    for login in ("town", "nobody-here", "<script>"):
        said = []
        for _ in range(6):
            with pytest.raises(GisError) as refused:
                enter(office, login, "wrong", address=f"10.1.1.{len(answers)}")
            said.append((type(refused.value), str(refused.value)))
        answers[login] = said
    assert answers["town"] == answers["nobody-here"] == answers["<script>"]


def test_what_is_typed_for_a_name_is_not_written_down(office: Workspace) -> None:
    with pytest.raises(NotLoggedInError):
        enter(office, "my-password-by-mistake", "x")
    (entry,) = search_audit(office, OPERATOR, Search(action="login_failed")).entries
    assert (entry.actor, entry.target, entry.detail) == ("未登录", "", "{}")


def test_one_address_cannot_try_one_account_after_another(office: Workspace) -> None:
    make_account(office, Role.TOWN_OFFICE, "town")
    for n in range(30):
        with pytest.raises(NotLoggedInError):
            enter(office, f"somebody{n}", "wrong", address="10.9.9.9")
    with pytest.raises(TooManyTriesError):
        enter(office, "town", address="10.9.9.9")
    assert enter(office, "town", address="10.9.9.10")


def test_an_office_behind_one_address_logs_in_all_morning(office: Workspace) -> None:
    make_account(office, Role.TOWN_OFFICE, "town")
    for _ in range(40):
        assert enter(office, "town", address="10.9.9.9")


def test_tries_at_the_same_time_are_counted_one_by_one(office: Workspace) -> None:
    make_account(office, Role.TOWN_OFFICE, "town")

    def try_it(_: int) -> type[GisError]:
        with pytest.raises(GisError) as refused:
            enter(office, "town", "wrong")
        return type(refused.value)

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(try_it, range(16)))
    assert found.count(NotLoggedInError) == 5
    assert found.count(TooManyTriesError) == 11


def test_counters_lie_in_the_database_without_names_and_are_forgotten(
    office: Workspace, later: Callable[[dt.timedelta], None]
) -> None:
    with pytest.raises(NotLoggedInError):
        enter(office, "somebody", "wrong", address="10.2.3.4")

    def keys() -> list[str]:
        with dialect.reading(office.engine) as conn:
            return list(conn.scalars(sa.select(throttle.c.key)))

    assert len(keys()) == 2
    assert not [key for key in keys() if "somebody" in key or "10.2" in key]
    later(dt.timedelta(days=2))
    with pytest.raises(NotLoggedInError):
        enter(office, "else", "wrong", address="10.2.3.5")
    assert len(keys()) == 2


# ---- Sessions ---------------------------------------------------------------------------------


def test_of_a_session_only_a_hash_is_stored_and_another_secret_is_nobody(
    office: Workspace,
) -> None:
    make_account(office, Role.TOWN_OFFICE, "town")
    secret = enter(office, "town")
    assert len(secret) >= 43  # 256 bits in base64
    with dialect.reading(office.engine) as conn:
        (row,) = conn.execute(sa.select(session)).mappings().all()
    assert secret not in str(dict(row))
    assert row["fingerprint"] == values.fingerprint(secret)
    assert log_in.resume(office, secret[:-1], address=None) is None
    assert log_in.resume(office, row["fingerprint"], address=None) is None
    assert log_in.resume(office, "", address=None) is None


@pytest.mark.parametrize(
    ("span", "holds"),
    [
        ([dt.timedelta(hours=1, minutes=59)], True),
        ([dt.timedelta(hours=2)], False),
        ([dt.timedelta(hours=n) for n in range(1, 12)], True),
        ([dt.timedelta(hours=n) for n in range(1, 13)], False),
    ],
    ids=["idle", "idle too long", "a day's work", "longer than a day's work"],
)
def test_a_session_ends_by_itself(
    office: Workspace,
    later: Callable[[dt.timedelta], None],
    span: list[dt.timedelta],
    holds: bool,
) -> None:
    make_account(office, Role.TOWN_OFFICE, "town")
    secret = enter(office, "town")
    found = None
    for step in span:
        later(step)
        found = log_in.resume(office, secret, address=HERE)
    assert (found is not None) is holds


def test_logging_out_ends_the_session_in_the_database(office: Workspace) -> None:
    make_account(office, Role.TOWN_OFFICE, "town")
    secret = enter(office, "town")
    log_in.log_out(office, resumed(office, secret))
    assert log_in.resume(office, secret, address=None) is None
    assert actions(office, actor="town")[-2:] == ["login", "logout"]


def test_a_session_is_ended_by_its_owner_or_an_administrator_only(office: Workspace) -> None:
    for login in ("one", "two"):
        make_account(office, Role.TOWN_OFFICE, login)
    one, two = (resumed(office, enter(office, login)) for login in ("one", "two"))
    listed = manage_sessions.list_sessions(office, one.actor, everybodys=True)
    assert {found.login for found in listed} == {"one"}
    with pytest.raises(NotFoundError):
        manage_sessions.end_session(office, one.actor, two.session)
    with pytest.raises(NotFoundError):
        manage_sessions.end_session(office, GUEST, two.session)
    everybodys = manage_sessions.list_sessions(office, OPERATOR, everybodys=True)
    assert {found.login for found in everybodys} == {"one", "two"}
    manage_sessions.end_session(office, OPERATOR, two.session)
    assert {s.login for s in manage_sessions.list_sessions(office, OPERATOR, everybodys=True)} == {
        "one"
    }


# ---- Tokens -----------------------------------------------------------------------------------


@pytest.fixture
def owner(office: Workspace) -> SignedIn:
    """Return a village's account that is logged in."""
    make_account(office, Role.VILLAGE, "west", villages=[WEST])
    return resumed(office, enter(office, "west"))


def test_a_token_reads_as_its_owner_and_does_nothing_else(
    office: Workspace, owner: SignedIn
) -> None:
    key = manage_tokens.add_token(office, owner.actor, owner.account, name="QGIS")
    assert key.startswith("xrm_")
    assert len(key) >= 47  # 256 bits in base64 behind the prefix
    actor = manage_tokens.actor_of_token(office, key, address=HERE)
    assert actor.tag == owner.actor.tag
    assert "west" in actor.name
    assert not (actor.powers.personal or actor.powers.changes)  # noqa: PT018 - one claim
    with dialect.reading(office.engine) as conn:
        (row,) = conn.execute(sa.select(token)).mappings().all()
    assert key not in str(dict(row))
    assert row["hint"] == key[:10]
    assert row["used_at"] is not None


def test_a_token_that_is_revoked_over_or_wrong_is_nobody(
    office: Workspace, owner: SignedIn, later: Callable[[dt.timedelta], None]
) -> None:
    key = manage_tokens.add_token(office, owner.actor, owner.account, name="QGIS", days=30)
    (found,) = manage_tokens.list_tokens(office, owner.actor)
    for wrong in (key[:-1], key + "x", "", found.hint, values.fingerprint(key)):
        with pytest.raises(NotLoggedInError):
            manage_tokens.actor_of_token(office, wrong, address=None)
    later(dt.timedelta(days=30))
    with pytest.raises(NotLoggedInError):
        manage_tokens.actor_of_token(office, key, address=None)
    later(dt.timedelta())
    assert manage_tokens.actor_of_token(office, key, address=None)
    manage_tokens.revoke_token(office, owner.actor, found.id)
    manage_tokens.revoke_token(office, owner.actor, found.id)
    with pytest.raises(NotLoggedInError):
        manage_tokens.actor_of_token(office, key, address=None)
    assert actions(office, actor="west")[-2:] == ["token_add", "token_revoke"]
    assert not [e for e in search_audit(office, OPERATOR, Search()).entries if key in e.detail]


def test_nobody_makes_sees_or_revokes_a_token_of_somebody_else(
    office: Workspace, owner: SignedIn
) -> None:
    make_account(office, Role.TOWN_OFFICE, "town")
    town = resumed(office, enter(office, "town"))
    manage_tokens.add_token(office, owner.actor, owner.account, name="QGIS")
    (found,) = manage_tokens.list_tokens(office, owner.actor)
    assert manage_tokens.list_tokens(office, town.actor, everybodys=True) == []
    assert manage_tokens.list_tokens(office, GUEST, everybodys=True) == []
    with pytest.raises(NotFoundError):
        manage_tokens.revoke_token(office, town.actor, found.id)
    with pytest.raises(NotFoundError):
        manage_tokens.add_token(office, town.actor, owner.account, name="x")
    manage_tokens.revoke_token(office, OPERATOR, found.id)


def test_a_token_needs_a_name_a_time_and_has_company_of_twenty(
    office: Workspace, owner: SignedIn
) -> None:
    add = manage_tokens.add_token
    for said in ({"name": " "}, {"name": "x" * 61}, {"name": "x", "days": 10_000}):
        with pytest.raises(InvalidDataError):
            add(office, owner.actor, owner.account, **said)
    for n in range(20):
        add(office, owner.actor, owner.account, name=f"QGIS {n}")
    with pytest.raises(InvalidDataError, match="20"):
        add(office, owner.actor, owner.account, name="one more")
