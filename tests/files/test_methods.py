"""The reader of constants."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gis.errors import ConfigError
from gis.files.methods import load_methods

DATA = Path(__file__).parent.parent.parent / "data" / "methods"
WHOLE = '[a]\nvalue = 1\nunit = ""\ntag = "M"\nstandard = "s"\nclause = "c"\n'


def test_every_constant_says_where_it_comes_from() -> None:
    for method in load_methods(DATA).values():
        for constant in method.constants.values():
            assert constant.standard
            assert constant.clause


def test_values_are_frozen_and_can_be_stored_with_a_run() -> None:
    index = load_methods(DATA)["index"]
    weights = index.values["sector_weights"]
    with pytest.raises(TypeError):
        weights["IND"] = 1  # type: ignore[index]
    stored = json.loads(json.dumps(index.as_json(), ensure_ascii=False))
    assert stored["sector_weights"]["IND"] == 0.33
    assert stored["class_limits"] == [20, 35, 50, 65]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (WHOLE.replace('"M"', '"X"'), "X"),
        (WHOLE.replace('clause = "c"\n', ""), "clause"),
        (WHOLE + "colour = 1\n", "colour"),
        (WHOLE.replace("value = 1", "value = true"), "不是数值"),
        (WHOLE.replace("value = 1", "value = "), "odd.toml"),
    ],
)
def test_a_wrong_file_is_refused_by_name(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "odd.toml").write_text(text, "utf-8")
    with pytest.raises(ConfigError, match=r"odd\.toml") as error:
        load_methods(tmp_path)
    assert said in str(error.value)


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError):
        load_methods(tmp_path)
