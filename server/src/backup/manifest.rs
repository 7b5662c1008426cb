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

#[cfg(test)]
mod fuzz {
    use super::*;
    use crate::backup::contents::Table;
    use taskwire_fuzz::{bytes, check, produce, text};

    #[test]
    fn a_manifest_is_read_back_as_it_was_written() {
        const PIECES: &[&str] = &["taskwire", "\"", "\\", "\0", "ä", "1.0"];
        check!().with_generator((text(PIECES), text(PIECES), produce::<(u32, u32, u64, i64, i64)>())).for_each(
            |(one, other, (postgres, seconds, size, rows, migration))| {
                let table = Table { rows: *rows, checksum: other.clone() };
                let manifest = Manifest {
                    taskwire: one.clone(),
                    postgres: *postgres,
                    created_at: DateTime::from_timestamp(i64::from(*seconds), postgres % 1_000_000_000).unwrap(),
                    owner: other.clone(),
                    size: *size,
                    sha256: one.clone(),
                    contents: Contents { migration: *migration, tables: [(one.clone(), table)].into() },
                };
                let written = serde_json::to_vec_pretty(&manifest).unwrap();
                assert_eq!(serde_json::from_slice::<Manifest>(&written).unwrap(), manifest);
                manifest.contents.must_be(&manifest.contents).unwrap();
            },
        );
    }

    #[test]
    fn a_file_is_a_manifest_or_the_folder_is_no_backup() {
        const PIECES: &[&str] = &[
            "{\"taskwire\":\"1\",\"postgres\":17,\"owner\":\"o\",\"size\":1,\"sha256\":\"a\",\"created_at\":\"",
            "2026-03-04T10:00:00Z",
            "+262000-01-01T00:00:00Z",
            "-",
            "\",",
            "\"contents\":{\"migration\":1,\"tables\":{}}}",
            "\"contents\":",
            "{",
            "}",
            "7",
            "\"",
        ];
        check!().with_generator(bytes(PIECES)).for_each(|file| {
            let Ok(manifest) = serde_json::from_slice::<Manifest>(file) else { return };
            let written = serde_json::to_vec(&manifest).unwrap();
            assert_eq!(serde_json::from_slice::<Manifest>(&written).unwrap(), manifest);
        });
    }
}
