"""The tables of the local TikTok.

Times are whole seconds since 1970 on the virtual clock. Tokens are kept as SHA-256 digests only, so that the
file can be copied, searched and attached to a bug report; identifiers of people arrive hashed and stay so.
"""

from __future__ import annotations

APPLICATION_ID = 0x54544B4C
"""Marks the file as a local TikTok's ("TTKL"); see SQLite's ``PRAGMA application_id``."""

SCHEMA_VERSION = 3
"""Kept in ``PRAGMA user_version``."""

TABLES = """
CREATE TABLE settings (
    name TEXT PRIMARY KEY,
    value NOT NULL
) WITHOUT ROWID;

CREATE TABLE advertisers (
    advertiser_id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    status TEXT NOT NULL,
    currency TEXT NOT NULL,
    timezone TEXT NOT NULL,
    business_center_id TEXT
) WITHOUT ROWID;

CREATE TABLE people (
    user_id TEXT PRIMARY KEY,
    display_name TEXT NOT NULL,
    email TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE seats (
    user_id TEXT NOT NULL,
    advertiser_id TEXT NOT NULL,
    role TEXT NOT NULL,                 -- ADMIN, OPERATOR or ANALYST
    PRIMARY KEY (user_id, advertiser_id)
) WITHOUT ROWID;

CREATE TABLE tokens (
    digest BLOB PRIMARY KEY,
    user_id TEXT NOT NULL,
    scopes TEXT NOT NULL,               -- comma-separated numbers
    status TEXT NOT NULL                -- ACTIVE, EXPIRED or REVOKED
) WITHOUT ROWID;

CREATE TABLE grants (                   -- the accounts that a token was given, as far as its person has a seat there
    token_digest BLOB NOT NULL,
    advertiser_id TEXT NOT NULL,
    PRIMARY KEY (token_digest, advertiser_id)
) WITHOUT ROWID;

CREATE TABLE consent_forms (            -- each is answered once
    digest BLOB PRIMARY KEY,
    shown_at INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE auth_codes (
    digest BLOB PRIMARY KEY,
    app_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    scopes TEXT NOT NULL,               -- comma-separated numbers
    advertiser_ids TEXT NOT NULL,       -- comma-separated
    expires_at INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE audiences (
    audience_no INTEGER PRIMARY KEY AUTOINCREMENT,
    audience_id TEXT NOT NULL UNIQUE,
    advertiser_id TEXT NOT NULL,
    name TEXT NOT NULL,
    audience_type TEXT NOT NULL,
    sub_type TEXT NOT NULL,
    calculate_type TEXT,
    source_audience_id TEXT,
    error_msg TEXT NOT NULL,
    is_editable INTEGER NOT NULL,       -- 0: never
    editable_from INTEGER NOT NULL,     -- when the files it was last given are processed
    retention_in_days INTEGER,          -- files only: how long it lives from its creation on
    cover_num INTEGER NOT NULL,
    recount_at INTEGER,                 -- when a change of members becomes visible in cover_num
    created_at INTEGER NOT NULL,
    touched_at INTEGER NOT NULL         -- last change or application, which expiry counts from
);
CREATE INDEX audiences_by_advertiser ON audiences (advertiser_id);
CREATE INDEX audiences_to_recount ON audiences (recount_at) WHERE recount_at IS NOT NULL;

CREATE TABLE audience_history (
    entry_no INTEGER PRIMARY KEY,
    audience_no INTEGER NOT NULL,
    action TEXT NOT NULL,
    action_detail TEXT NOT NULL,
    editor TEXT NOT NULL,
    opt_time INTEGER NOT NULL
);
CREATE INDEX audience_history_by_audience ON audience_history (audience_no);

CREATE TABLE shares (
    audience_no INTEGER NOT NULL,
    advertiser_id TEXT NOT NULL,
    status TEXT NOT NULL,               -- SHARED or CANCELLED
    PRIMARY KEY (audience_no, advertiser_id)
) WITHOUT ROWID;

CREATE TABLE arrivals (                 -- what was streamed and is not yet among the packed_identifiers
    arrival_no INTEGER PRIMARY KEY,
    audience_no INTEGER NOT NULL,
    id_type TEXT NOT NULL,
    action TEXT NOT NULL,               -- APPEND or REMOVE
    arrived_at INTEGER NOT NULL,
    records BLOB NOT NULL               -- for each identifier its hash, then its user; see packed_sets
);
CREATE INDEX arrivals_by_audience ON arrivals (audience_no);

CREATE TABLE files (
    file_path TEXT PRIMARY KEY,
    advertiser_id TEXT NOT NULL,
    calculate_type TEXT NOT NULL,
    expires_at INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE packed_identifiers (
    holder_id TEXT NOT NULL,            -- an audience_id or a file_path
    id_type TEXT NOT NULL,
    bucket INTEGER NOT NULL,            -- the first byte of the hashes in it
    records BLOB NOT NULL,              -- for each identifier its hash, then its user; see packed_sets
    PRIMARY KEY (holder_id, id_type, bucket)
);

CREATE TABLE ad_groups (
    adgroup_id TEXT PRIMARY KEY,
    campaign_id TEXT NOT NULL,
    advertiser_id TEXT NOT NULL,
    name TEXT NOT NULL,
    kind TEXT NOT NULL,                 -- standard, smart_plus or top_view
    operation_status TEXT NOT NULL      -- ENABLE, DISABLE or DELETE
) WITHOUT ROWID;

CREATE TABLE saved_audiences (
    saved_audience_id TEXT PRIMARY KEY,
    advertiser_id TEXT NOT NULL,
    name TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE targets (
    holder_id TEXT NOT NULL,            -- of an ad group or a saved audience
    usage_mode TEXT NOT NULL,           -- Include or Exclude
    audience_id TEXT NOT NULL,
    PRIMARY KEY (holder_id, usage_mode, audience_id)
) WITHOUT ROWID;
CREATE INDEX targets_by_audience ON targets (audience_id);

CREATE TABLE applications (
    entry_no INTEGER PRIMARY KEY,
    audience_id TEXT NOT NULL,
    adgroup_id TEXT NOT NULL,
    adgroup_name TEXT NOT NULL,
    usage_mode TEXT NOT NULL,
    editor TEXT NOT NULL,
    applied_at INTEGER NOT NULL
);
CREATE INDEX applications_by_audience ON applications (audience_id);

CREATE TABLE faults (
    fault_no INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    method TEXT NOT NULL,               -- "" matches every method
    path TEXT NOT NULL,                 -- a part of the path; "" matches every path
    body TEXT NOT NULL,                 -- a part of the body; "" matches every body
    skip INTEGER NOT NULL,
    times INTEGER NOT NULL
);

CREATE TABLE rate_windows (
    quota TEXT NOT NULL,                -- control or streaming
    seconds INTEGER NOT NULL,           -- how long the window is
    started_at INTEGER NOT NULL,
    used INTEGER NOT NULL,
    stopped_until INTEGER NOT NULL,
    PRIMARY KEY (quota, seconds)
) WITHOUT ROWID;

CREATE TABLE requests (
    request_no INTEGER PRIMARY KEY,
    method TEXT NOT NULL,
    path TEXT NOT NULL,
    code INTEGER,
    advertiser_id TEXT,
    rows INTEGER NOT NULL
);
"""
