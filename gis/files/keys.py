"""Secrets of an installation: made once, in files that only its owner may read."""

from __future__ import annotations

import base64
import os
import secrets
import stat
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gis.errors import ConfigError

SESSION, SIGNING, PUBLIC = "session.key", "audit.key", "audit.pub"
"""Names of the files in the folder of keys."""

SESSION_BYTES = 32


def session_key(folder: Path) -> bytes:
    """Return the key that the browser's cookies are signed with; made on first use.

    Raises
    ------
    ConfigError
        If it cannot be made, or others may read it.
    """
    return _kept(folder / SESSION, secrets.token_bytes(SESSION_BYTES))


def sign(folder: Path, said: bytes) -> str:
    """Return the Ed25519 signature of some bytes, base64; the key is made on first use.

    The public key lies beside it, to be given to whoever checks from elsewhere.
    """
    return base64.b64encode(_signing_key(folder).sign(said)).decode()


def holds(folder: Path, said: bytes, signature: str) -> bool:
    """Tell whether a signature of some bytes was made with this installation's key."""
    try:
        _signing_key(folder).public_key().verify(base64.b64decode(signature), said)
    except (InvalidSignature, ValueError):
        return False
    return True


def _signing_key(folder: Path) -> Ed25519PrivateKey:
    fresh = Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    kept = _kept(folder / SIGNING, fresh)
    try:
        key = serialization.load_pem_private_key(kept, None)
    except ValueError as error:
        raise ConfigError(f"签名密钥 {folder / SIGNING} 已损坏，请从备份恢复：{error}") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise ConfigError(f"签名密钥 {folder / SIGNING} 不是 Ed25519，请从备份恢复")
    if kept == fresh:
        public = key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        (folder / PUBLIC).write_bytes(public)
    return key


def _kept(path: Path, fresh: bytes) -> bytes:
    """Return what the file holds; if there is none, it is made, whole, with ``fresh`` in it."""
    try:
        if not path.exists():
            _make(path, fresh)
        if path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise ConfigError(f"密钥文件 {path} 别人也能读：请运行 chmod 600 {path}")
        return path.read_bytes()
    except OSError as error:
        raise ConfigError(f"密钥文件 {path} 不能读写，请检查 RISKMAP_DATA_DIR：{error}") from error


def _make(path: Path, content: bytes) -> None:
    """Make a file whole or not at all; of two processes the first wins, and both read the same."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    part = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    handle = os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(part, path)
    except FileExistsError:
        pass
    finally:
        part.unlink()
