"""Which day it is: legal dates are dates of one zone, whatever the instant's offset."""

from __future__ import annotations

from zoneinfo import ZoneInfo

LEGAL_ZONE = ZoneInfo("Asia/Shanghai")
"""Deadlines, findings and "today" are dates here; instants are stored in UTC."""
