"""Accounts, sessions, tokens, the audit log, and what ``site_shown`` was made by."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from gis.storage import dialect

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

JSON = sa.JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
UTC = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Go to this step."""
    _grant()
    _accounts()
    op.create_table(
        "passport",
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column(
            "digest",
            sa.String(length=64),
            nullable=False,
            comment="of what site_shown was made by",
        ),
        sa.PrimaryKeyConstraint("kind", name=op.f("pk_passport")),
    )
    _audit()
    dialect.make_append_only(op.get_bind())


def _grant() -> None:
    op.add_column(
        "register",
        sa.Column(
            "anonymous_reads",
            sa.Boolean(),
            server_default=sa.false(),
            nullable=False,
            comment="a grant: whoever asks may read everything, as in a demonstration",
        ),
    )
    op.execute(
        sa.text(
            "UPDATE register SET anonymous_reads = :yes WHERE purpose = 'demonstration'"
        ).bindparams(yes=True)
    )


def _accounts() -> None:
    op.create_table(
        "account",
        sa.Column("id", ID, nullable=False),
        sa.Column("login", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("villages", JSON, nullable=False, comment="codes; a list"),
        sa.Column("industries", JSON, nullable=False, comment="names; a list"),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("password", sa.Text(), nullable=False, comment="argon2id, with its salt"),
        sa.Column("must_change", sa.Boolean(), nullable=False),
        sa.Column("created_at", UTC, nullable=False),
        sa.Column("password_at", UTC, nullable=False),
        sa.Column("last_login_at", UTC, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account")),
        sa.UniqueConstraint("login", name=op.f("uq_account_login")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "session",
        sa.Column("id", ID, nullable=False),
        sa.Column("account", ID, nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("created_at", UTC, nullable=False),
        sa.Column("seen_at", UTC, nullable=False),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("agent", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["account"], ["account.id"], name=op.f("fk_session_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_session")),
        sa.UniqueConstraint("fingerprint", name=op.f("uq_session_fingerprint")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_session_account"), "session", ["account"])
    op.create_table(
        "token",
        sa.Column("id", ID, nullable=False),
        sa.Column("account", ID, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("hint", sa.String(length=20), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("created_at", UTC, nullable=False),
        sa.Column("expires_at", UTC, nullable=False),
        sa.Column("used_at", UTC, nullable=True),
        sa.Column("revoked_at", UTC, nullable=True),
        sa.ForeignKeyConstraint(["account"], ["account.id"], name=op.f("fk_token_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_token")),
        sa.UniqueConstraint("fingerprint", name=op.f("uq_token_fingerprint")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_token_account"), "token", ["account"])
    op.create_table(
        "throttle",
        sa.Column(
            "key", sa.String(length=64), nullable=False, comment="hash of the account or address"
        ),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("since", UTC, nullable=False),
        sa.Column("closed_until", UTC, nullable=True),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_throttle")),
    )


def _audit() -> None:
    op.create_table(
        "audit",
        sa.Column("id", ID, autoincrement=False, nullable=False),
        sa.Column("at", UTC, nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("action", sa.String(length=30), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False, comment="JSON, as it was hashed"),
        sa.Column("previous", sa.String(length=64), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit")),
    )
    op.create_index(op.f("ix_audit_at"), "audit", ["at"])
    op.create_table(
        "audit_checkpoint",
        sa.Column("upto", ID, autoincrement=False, nullable=False),
        sa.Column("at", UTC, nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("first_at", UTC, nullable=False),
        sa.Column("last_at", UTC, nullable=False),
        sa.Column("signature", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("upto", name=op.f("pk_audit_checkpoint")),
    )


def downgrade() -> None:
    """Refuse: it would delete the audit log."""
    raise NotImplementedError("the audit log is kept; restore a backup made before the update")
