"""Documents and JSON as answers: streamed, compressed where asked for, not sent twice."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from itertools import chain

import orjson
from flask import Response, request

from gis.domain.document import Document

GZIP = 16 + zlib.MAX_WBITS
QUICK = 4
"""Compression level: a layer shrinks to a seventh at the speed of the office network."""


def document(found: Document) -> Response:
    """Send a document: nothing where the browser has it already, else a piece at a time."""
    if request.if_none_match.contains_weak(found.etag):
        response = Response(status=304)
    elif request.accept_encodings.quality("gzip") > 0 and request.method == "GET":
        response = Response(_squeezed(_begun(found.chunks)), mimetype=found.media_type)
        response.headers["Content-Encoding"] = "gzip"
    else:
        response = Response(_begun(found.chunks), mimetype=found.media_type)
    response.set_etag(found.etag, weak=True)
    response.headers["Cache-Control"] = "private, no-cache"
    response.vary.add("Accept-Encoding")
    return response


def download(found: Document, name: str) -> Response:
    """Send a document as a file to keep, that no cache keeps."""
    response = Response(_begun(found.chunks), content_type=found.media_type)
    response.headers["Content-Disposition"] = f"attachment; filename={name}"
    response.headers["Cache-Control"] = "no-store"
    return response


def answer(body: object) -> Response:
    """Send a JSON answer in UTF-8."""
    response = Response(orjson.dumps(body), mimetype="application/json")
    response.headers["Cache-Control"] = "no-store"
    return response


def _begun(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Make the first chunk now, while an error can still become an answer that says so."""
    return chain([next(chunks, b"")], chunks)


def _squeezed(chunks: Iterator[bytes]) -> Iterator[bytes]:
    packer = zlib.compressobj(QUICK, zlib.DEFLATED, GZIP)
    for chunk in chunks:
        if packed := packer.compress(chunk):
            yield packed
    yield packer.flush()
