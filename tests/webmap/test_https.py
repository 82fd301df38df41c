"""The real server with a certificate of its own, and GDAL as a client with a token."""

from __future__ import annotations

import datetime as dt
import ipaddress
import json
import os
import ssl
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from http.client import HTTPSConnection
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from gis.domain.audit import Search
from gis.domain.rights import OPERATOR, Role
from gis.services.manage_accounts import find_account
from gis.services.manage_tokens import add_token, list_tokens, revoke_token
from gis.services.read_audit import search_audit
from gis.workspace import Settings, Workspace
from tests.people import WEST, make_account
from tests.server import serving

BUNDLES = ("CURL_CA_BUNDLE", "GDAL_CURL_CA_BUNDLE", "PROJ_CURL_CA_BUNDLE", "SSL_CERT_FILE")
"""Where the clients of this machine are told whom to trust."""


def certificate(folder: Path) -> tuple[Path, Path]:
    """Make a certificate for this machine's own address, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = dt.datetime.now(dt.UTC)
    own = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([own]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    cert, private = folder / "cert.pem", folder / "key.pem"
    cert.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return cert, private


@pytest.fixture
def settings(own_office: Workspace, tmp_path: Path) -> Settings:
    """Return the settings of an office that speaks HTTPS itself."""
    cert, key = certificate(tmp_path)
    return replace(own_office.settings, tls_cert=cert, tls_key=key)


@pytest.fixture
def server(settings: Settings, tmp_path: Path) -> Iterator[str]:
    """Return the address of the running server."""
    with serving(settings, tmp_path / "log") as address:
        yield address.replace("http://", "https://")


@pytest.fixture
def key(own_office: Workspace) -> str:
    """Return a token of a village in charge of the west."""
    make_account(own_office, Role.VILLAGE, "west", villages=[WEST])
    return add_token(own_office, OPERATOR, find_account(own_office, OPERATOR, "west"), name="GDAL")


def test_gdal_reads_with_a_token_what_its_owner_may(
    server: str, settings: Settings, key: str, own_office: Workspace
) -> None:
    def ogrinfo(**options: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["ogrinfo", "-ro", "-al", f"{server}/api/layers/enterprise.geojson"],
            capture_output=True, text=True, check=False, timeout=60,
            env={**os.environ, **dict.fromkeys(BUNDLES, str(settings.tls_cert)), **options},
        )  # fmt: skip

    for options in (
        {"GDAL_HTTP_HEADERS": f"Authorization: Bearer {key}"},
        {"GDAL_HTTP_AUTH": "BASIC", "GDAL_HTTP_USERPWD": f"west:{key}"},
    ):
        found = ogrinfo(**options)
        assert "west plant" in found.stdout, found.stderr
        assert "Feature Count: 1" in found.stdout
    assert "west plant" not in ogrinfo().stdout
    (token,) = list_tokens(own_office, OPERATOR, everybodys=True)
    assert token.used_at is not None
    exports = search_audit(own_office, OPERATOR, Search(action="export")).entries
    assert {entry.actor for entry in exports} == {"west（令牌 GDAL）"}
    revoke_token(own_office, OPERATOR, token.id)
    assert "west plant" not in ogrinfo(GDAL_HTTP_USERPWD=f"west:{key}").stdout


def test_the_server_speaks_tls_of_today_and_says_so(server: str, settings: Settings) -> None:
    host = urlsplit(server).netloc
    context = ssl.create_default_context(cafile=str(settings.tls_cert))
    connection = HTTPSConnection(host, context=context, timeout=30)
    connection.request("GET", "/login")
    answer = connection.getresponse()
    assert answer.status == 200
    assert answer.headers["Strict-Transport-Security"].startswith("max-age=31536000")
    assert "__Host-riskmap" in answer.headers["Set-Cookie"]
    connection.close()
    old = ssl.create_default_context(cafile=str(settings.tls_cert))
    old.maximum_version = ssl.TLSVersion.TLSv1_2
    old.set_ciphers("AES128-SHA:@SECLEVEL=0")
    refused = HTTPSConnection(host, context=old, timeout=30)
    with pytest.raises(ssl.SSLError):
        refused.request("GET", "/login")
    refused.close()


def test_the_health_of_the_server_is_open_and_says_nothing_else(
    server: str, settings: Settings
) -> None:
    context = ssl.create_default_context(cafile=str(settings.tls_cert))
    connection = HTTPSConnection(urlsplit(server).netloc, context=context, timeout=30)
    connection.request("GET", "/healthz")
    assert json.loads(connection.getresponse().read()) == {"status": "ok"}
    connection.close()
