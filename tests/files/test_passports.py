"""Passports: what the project's own say, and how a wrong one is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from gis.errors import ConfigError
from gis.files.passports import load_kinds, load_levels
from gis.workspace import DATA

GOOD = (DATA / "sites" / "hospital.toml").read_text("utf-8")


def test_the_first_kinds_and_levels_are_there() -> None:
    kinds = load_kinds(DATA / "sites")
    expected = (
        "blast_zone building cemetery elderly_home enterprise fire_monitor fire_station forest "
        "gas_pipeline gas_station hospital installation lpg_station mine power_line road "
        "satellite_heat school self_built_house small_place tailings_pond tenant water_source "
        "weather_station wildfire"
    )
    assert " ".join(kinds) == expected
    assert {"town", "village"} <= set(load_levels(DATA / "boundaries"))


def test_names_of_owners_and_their_telephones_are_personal_in_every_kind() -> None:
    for kind in load_kinds(DATA / "sites").values():
        for field in kind.fields:
            assert field.personal == (field.name in {"owner", "phone"}), (kind.slug, field.name)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('type = "integer"', 'type = "whole"', "whole"),
        ('name = "beds"', 'name = "geometry"', "geometry"),
        ('name = "staff"', 'name = "beds"', "beds"),
        ("beds = 0.85", "cots = 0.85", "cots"),
        ("secrecy", "secret", "secret"),
        ("[symbol]", "[symbol", "hospital.toml"),
        ("[symbol]", '[identity]\noperator = "nobody"\n[symbol]', "nobody"),
        ("[symbol]", '[identity]\noperator = "phone"\n[symbol]', "个人信息"),
        ("[symbol]", "[identity]\nowner = 1\n[symbol]", "owner"),
        ('type = "integer"', 'type = "integer"\nrule = "luck"', "luck"),
        ("verify_days = 365", "verify_days = 0", "verify_days"),
        ("occupancy = 1.0", "occupancy = 1.0\noccasions = { noon = 1 }", "noon"),
        ("occupancy = 1.0", "occupancy = 1.0\noccasions = { day = 1.5 }", "day"),
        ("occupancy = 1.0", 'occupancy = 1.0\noccupancy_of = "hospital_class"', "hospital_class"),
        ("occupancy = 1.0", 'occupancy = 1.0\nheld_by = "hospital"', "held_by"),
        ("sensitive = true", 'residents = true\nheld_by = "castle"', "castle"),
        ("[symbol]", "[[people]]\ncount = { cots = 1 }\noccupancy = 1\n[symbol]", "cots"),
        (
            "[symbol]",
            "assets_per_ha = 2\n[[people]]\ncount = { beds = 1 }\noccupancy = 1\n[symbol]",
            "资产",
        ),
    ],
)
def test_a_wrong_passport_is_refused_by_name(
    tmp_path: Path, old: str, new: str, message: str
) -> None:
    (tmp_path / "hospital.toml").write_text(GOOD.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ConfigError, match=message) as refused:
        load_kinds(tmp_path)
    assert "hospital.toml" in str(refused.value)
