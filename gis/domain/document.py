"""What a service sends: a media type, a tag and chunks of bytes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Document:
    """Something ready to send; its chunks can be read once.

    Attributes
    ----------
    media_type
        For the header ``Content-Type``.
    etag
        Changes whenever the content may.
    chunks
        The bytes, made while they are read, so that memory stays bounded.
    """

    media_type: str
    etag: str
    chunks: Iterator[bytes]

    def read(self) -> bytes:
        """Return all bytes at once; for small documents and tests."""
        return b"".join(self.chunks)
