"""Invented names: every one begins with 模拟, so that none can be taken for a real one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from scripts.demo_town.dice import Dice

FIRST = "青砂云禾砚梧澄岫霁柘苇棠"
SECOND = "穗舟笛灯鹭帆藕梭蕨棋笺瓦"
"""Two-sign fancy words; real firms do not sound so."""

STEMS = "甲乙丙丁戊己庚辛壬癸"


def brands(dice: Dice, nouns: Sequence[str]) -> Iterator[str]:
    """Yield names such as 模拟·青穗机械厂, no two alike: a second round gets a number."""
    words = [a + b for a in FIRST for b in SECOND]
    order = dice.shuffled([f"模拟·{word}{noun}" for word in words for noun in nouns])
    yield from order
    turn = 1
    while True:
        turn += 1
        yield from (f"{name}{turn}号" for name in order)


def person(dice: Dice) -> str:
    """Return a person's name that is none."""
    return f"模拟{dice.pick(STEMS)}{dice.whole(1, 999):03d}"


def phone(dice: Dice) -> str:
    """Return a telephone number that is none."""
    return f"000-0000{dice.whole(0, 9999):04d}"
