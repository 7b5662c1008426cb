//! What is known of a backup without reading it.

use super::contents::Contents;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// Written beside the dump when that is whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// The version of Taskwire that made it.
    pub taskwire: String,
    /// PostgreSQL's major version.
    pub postgres: u32,
    /// The instant that it shows.
    pub created_at: DateTime<Utc>,
    /// The role that owned the tables.
    pub owner: String,
    /// The dump's size in bytes.
    pub size: u64,
    /// The dump's SHA-256, in hexadecimal digits.
    pub sha256: String,
    /// What was in it.
    pub contents: Contents,
}

/// Written when a restore into a scratch database had the same in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verified {
    /// When.
    pub at: DateTime<Utc>,
}
