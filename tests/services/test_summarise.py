"""What stands below the map."""

from __future__ import annotations

from gis.domain.rights import OPERATOR
from gis.services.compute_risk import compute_risk
from gis.services.summarise import summarise
from gis.workspace import Workspace


def test_a_run_without_a_known_village_is_told_from_no_run(office: Workspace) -> None:
    before = summarise(office, OPERATOR)
    assert (before["computed"], before["worst"], before["unknown"]) == (False, [], 2)
    compute_risk(office, OPERATOR)
    after = summarise(office, OPERATOR)
    assert (after["computed"], after["worst"], after["unknown"]) == (True, [], 2)
