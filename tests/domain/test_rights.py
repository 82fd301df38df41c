"""Who is in charge of what: the table of roles, and that what it says holds of rows."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gis.domain.kinds import Secrecy
from gis.domain.rights import GUEST, NOBODY, OPERATOR, ROLES, SECRECY, Actor, Role
from tests.people import DISTRICT, EAST, TOWN, VISITOR, WEST, department, village

GAS, WORKS = "燃气", "工贸"


@pytest.mark.parametrize(
    ("actor", "secrecy", "where", "industry", "theirs"),
    [
        (TOWN, "restricted", None, GAS, True),
        (DISTRICT, "restricted", WEST, GAS, True),
        (department(GAS), "restricted", WEST, GAS, True),
        (department(GAS), "internal", WEST, WORKS, False),
        (department(GAS, WORKS), "internal", EAST, WORKS, True),
        (village(WEST), "internal", WEST, WORKS, True),
        (village(WEST), "internal", EAST, WORKS, False),
        (village(WEST), "internal", None, WORKS, False),
        (village(WEST), "restricted", WEST, GAS, False),
        (village(WEST, EAST), "internal", EAST, WORKS, True),
        (VISITOR, "public", WEST, WORKS, False),
        (NOBODY, "public", WEST, WORKS, False),
        (GUEST, "restricted", None, GAS, True),
    ],
)
def test_who_is_in_charge_follows_secrecy_village_and_industry(
    actor: Actor, secrecy: Secrecy, where: str | None, industry: str, theirs: bool
) -> None:
    assert actor.in_charge(secrecy, where, industry) is theirs


def test_only_those_in_charge_of_something_see_personal_fields_and_change_things() -> None:
    personal = {role for role, info in ROLES.items() if info.powers.personal}
    assert personal == {Role.ADMINISTRATOR, Role.TOWN_OFFICE, Role.DEPARTMENT, Role.VILLAGE}
    assert personal == {role for role, info in ROLES.items() if info.powers.changes}
    assert [role for role, info in ROLES.items() if info.powers.administers] == ["administrator"]


def test_a_guest_and_a_token_change_nothing() -> None:
    for actor in (GUEST, TOWN.reading_only("a token"), NOBODY):
        powers = actor.powers
        assert (powers.changes, powers.governs, powers.administers) == (False, False, False)
    assert not TOWN.reading_only("a token").powers.personal
    assert TOWN.reading_only("a token").tag == TOWN.tag


def test_who_sees_the_same_rows_has_the_same_tag_and_nobody_else() -> None:
    people = [TOWN, VISITOR, NOBODY, village(WEST), village(EAST), department(GAS)]
    assert len({actor.tag for actor in people}) == len(people)
    assert TOWN.tag == OPERATOR.tag == DISTRICT.tag == GUEST.tag
    assert village(WEST, EAST).tag == village(EAST, WEST).tag


scopes = st.none() | st.frozensets(st.sampled_from([WEST, EAST]))
trades = st.none() | st.frozensets(st.sampled_from([GAS, WORKS]))


@given(st.sampled_from(list(Role)), scopes, trades, st.sampled_from([GAS, WORKS]))
def test_who_is_in_charge_of_a_row_may_read_its_kind(
    role: Role, villages: frozenset[str] | None, industries: frozenset[str] | None, trade: str
) -> None:
    actor = Actor("x", ROLES[role].powers, villages, industries)
    for secrecy, where in itertools.product(SECRECY, (WEST, EAST, None)):
        if actor.in_charge(secrecy, where, trade):
            assert actor.may_read_kind(secrecy, trade)
