"""The tables of people: accounts, sessions, keys, approvals; and, apart from all else, personal data under seal."""

from sqlalchemy import Boolean, Column, Index, Table, text

from puhui.storage.metadata import METADATA, Body, Bytes, Count, Instant, Name, numbered

# Who read personal data is never changed or removed.
APPEND_ONLY = ("personal_reads",)

OUTSIDE = "outside <> ''"
LOCAL = "outside = ''"

accounts = Table(
    "accounts",
    METADATA,
    Column("id", Name, primary_key=True),
    Column("name", Name, nullable=False),
    Column("grants", Body, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("password", Body, nullable=False),
    Column("outside", Name, nullable=False),
    Column("party", Name, nullable=False),
    Column("disabled_at", Instant),
    Index("ix_accounts_name", "name", unique=True, postgresql_where=text(LOCAL), sqlite_where=text(LOCAL)),
    Index("ix_accounts_outside", "outside", unique=True, postgresql_where=text(OUTSIDE), sqlite_where=text(OUTSIDE)),
)

# By the digest of the name that was typed: which names were tried is nobody's business.
sign_in_attempts = Table(
    "sign_in_attempts",
    METADATA,
    Column("name_digest", Bytes, primary_key=True),
    Column("attempts", Count, nullable=False),
    Column("last_at", Instant, nullable=False),
    Index("ix_sign_in_attempts_last_at", "last_at"),
)

sessions = Table(
    "sessions",
    METADATA,
    Column("digest", Bytes, primary_key=True),
    Column("account", Name, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("seen_at", Instant, nullable=False),
    Index("ix_sessions_account", "account"),
    Index("ix_sessions_created_at", "created_at"),
)

sign_ins_abroad = Table(
    "sign_ins_abroad",
    METADATA,
    Column("state", Bytes, primary_key=True),
    Column("nonce", Body, nullable=False),
    Column("verifier", Body, nullable=False),
    Column("expires_at", Instant, nullable=False),
)

api_keys = Table(
    "api_keys",
    METADATA,
    Column("id", Name, primary_key=True),
    Column("prefix", Name, nullable=False, unique=True),
    Column("digest", Bytes, nullable=False),
    Column("about", Body, nullable=False),
    Column("grants", Body, nullable=False),
    Column("scopes", Body, nullable=False),
    Column("is_live", Boolean, nullable=False),
    Column("made_by", Name, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant),
    Column("party", Name, nullable=False),
    Column("revoked_at", Instant),
    Column("used_at", Instant),
)

# A cache of the facts approval_asked, _approved, _refused, _used; and the text of the input that was hashed.
approvals = Table(
    "approvals",
    METADATA,
    Column("id", Name, primary_key=True),
    Column("action", Name, nullable=False),
    Column("subject", Name, nullable=False),
    Column("institution", Name, nullable=False),
    Column("region", Name, nullable=False),
    Column("party", Name, nullable=False),
    Column("partner", Name, nullable=False),
    Column("input", Body, nullable=False),
    Column("input_digest", Bytes, nullable=False),
    Column("asked_by", Name, nullable=False),
    Column("asker", Name, nullable=False),
    Column("asked_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("state", Name, nullable=False),
    Column("decided_by", Name, nullable=False),
    Column("decided_at", Instant),
    Column("used_at", Instant),
    Index("ix_approvals_state", "state", "asked_at"),
)

# Keys of the whole installation, wrapped by the master key; "index": the key of the blind index.
key_ring = Table(
    "key_ring",
    METADATA,
    Column("name", Name, primary_key=True),
    Column("wrapped", Bytes, nullable=False),
)

# One key a person. `wrapped` is NULL once the person is erased: then nothing below opens any more.
person_keys = Table(
    "person_keys",
    METADATA,
    Column("party", Name, primary_key=True),
    Column("wrapped", Bytes),
    Column("created_at", Instant, nullable=False),
    Column("erased_at", Instant),
)

# Each value that was ever true, sealed, with the salt of its digest in the facts, sealed too.
personal_fields = Table(
    "personal_fields",
    METADATA,
    Column("party", Name, primary_key=True),
    Column("field", Name, primary_key=True),
    Column("version", Count, primary_key=True, autoincrement=False),
    Column("sealed", Bytes, nullable=False),
    Column("salt", Bytes, nullable=False),
    Column("recorded_at", Instant, nullable=False),
)

# Keyed hashes of today's values, to find by.
personal_index = Table(
    "personal_index",
    METADATA,
    Column("party", Name, primary_key=True),
    Column("field", Name, primary_key=True),
    Column("digest", Bytes, nullable=False),
    Index("ix_personal_index_digest", "field", "digest"),
)

personal_reads = Table(
    "personal_reads",
    METADATA,
    numbered("seq"),
    Column("read_at", Instant, nullable=False),
    Column("actor", Name, nullable=False),
    # "" where a search found nobody.
    Column("party", Name, nullable=False),
    Column("fields", Body, nullable=False),
    Column("purpose", Name, nullable=False),
    Column("request_id", Name, nullable=False),
    Index("ix_personal_reads_party", "party", "seq"),
)
