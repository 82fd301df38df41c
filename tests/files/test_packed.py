"""What a run was made of comes back to the bit, and the same frames are the same bytes."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pandas.testing

from gis.domain.risk.receptors import receptors
from gis.domain.risk.sources import join
from gis.files.packed import pack, unpack
from tests import toyland


def test_frames_come_back_to_the_bit() -> None:
    people = receptors(toyland.sites(), toyland.KINDS, toyland.areas(), toyland.INDEX)
    plain = pd.DataFrame({"a": [1.5, np.nan], "b": pd.Series([None, "村"], dtype=object)})
    frames = {"sources": join([toyland.sources()]), "people": people, "plain": plain}
    found = unpack(pack(frames))
    assert list(found) == list(frames)
    for name, frame in frames.items():
        pandas.testing.assert_frame_equal(found[name], frame, check_exact=True)
        assert getattr(found[name], "crs", None) == getattr(frame, "crs", None)


def test_the_same_frames_give_the_same_bytes() -> None:
    frames = {"sources": toyland.sources()}
    assert pack(frames) == pack({"sources": toyland.sources()})


def test_no_rows_come_back_with_their_columns() -> None:
    empty = toyland.source_frame([])
    found = unpack(pack({"sources": empty}))["sources"]
    assert list(found.columns) == list(empty.columns)
    assert len(found) == 0
