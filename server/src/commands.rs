//! What the program can be told to do besides serving.
//!
//! To add one: a variant of [`Command`], and a line in `main.rs` that calls what does it.

use clap::{Args, Subcommand};
use secrecy::SecretString;
use url::Url;

/// What the program can do besides serving.
#[derive(Debug, Clone, Subcommand)]
pub enum Command {
    /// The embedded PostgreSQL on its own, without the server.
    #[command(subcommand)]
    Postgres(PostgresCommand),
    /// The audit log.
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Make a backup, and verify it by restoring it into a database that is dropped again; also while the server runs.
    Backup {
        /// What to do instead.
        #[command(subcommand)]
        command: Option<BackupCommand>,
    },
    /// Bring a backup back; also while the server runs. What was there is kept beside it.
    Restore(RestoreArgs),
    /// Who sees how the server performs; also while the server runs.
    #[command(subcommand)]
    Admin(AdminCommand),
    /// Look at everything that serving depends on, and say what to do where something is wrong; also while the server runs.
    /// Ends with 1 if something is.
    Doctor,
    /// Speak MCP on standard input and output, for a client on this machine and a Taskwire that runs anywhere.
    Mcp(McpArgs),
    /// The secret in the data folder that signs sessions.
    #[command(subcommand)]
    Secret(SecretCommand),
    /// Print the description of the REST API, as /openapi.json serves it.
    Openapi,
}

/// What can be done with backups besides making one.
#[derive(Debug, Clone, Subcommand)]
pub enum BackupCommand {
    /// Show those there are, the newest first.
    List,
    /// Restore one into a database that is dropped again, and compare.
    Verify {
        /// Its name, as `taskwire backup list` shows it [default: the newest].
        backup: Option<String>,
    },
}

/// What is to be brought back.
#[derive(Debug, Clone, Args)]
pub struct RestoreArgs {
    /// The backup's name, as `taskwire backup list` shows it [default: the newest].
    #[arg(group = "what")]
    pub backup: Option<String>,
    /// Bring back what was there before the last restore.
    #[arg(long, group = "what")]
    pub undo: bool,
    /// Drop what is kept from before restores.
    #[arg(long, group = "what")]
    pub drop_old: bool,
    /// Do not ask.
    #[arg(long)]
    pub yes: bool,
}

/// What can be done with the audit log.
#[derive(Debug, Clone, Subcommand)]
pub enum AuditCommand {
    /// Check that no sealed line was changed, removed or slipped in; also while the server runs. Ends with 1 if one was.
    Verify {
        /// A seal as the server once logged it, `number:hash`, which must still be in the chain: shows when the end was
        /// cut off, or everything was written anew.
        #[arg(long, value_name = "NUMBER:HASH", value_parser = known_seal)]
        head: Option<KnownSeal>,
    },
}

/// What can be done about administrators.
#[derive(Debug, Clone, Subcommand)]
pub enum AdminCommand {
    /// Show who administers.
    List,
    /// Make somebody who has signed up an administrator.
    Add {
        /// Their email address.
        email: String,
    },
    /// Make somebody an administrator no more.
    Remove {
        /// Their email address.
        email: String,
    },
}

/// For whom a client on standard input and output speaks.
#[derive(Debug, Clone, Args)]
pub struct McpArgs {
    /// Where Taskwire is.
    #[arg(long, env = "TASKWIRE_URL", value_name = "TASKWIRE_URL", default_value = "http://localhost:3000")]
    pub url: Url,
    /// An API token of the person's. Prefer the environment: flags can be seen by other users of the machine.
    #[arg(long, env = "TASKWIRE_TOKEN", value_name = "TASKWIRE_TOKEN", hide_env_values = true)]
    pub token: SecretString,
    /// Change nothing, whatever the token is good for.
    #[arg(long)]
    pub read_only: bool,
}

/// What can be done with the secret in the data folder.
#[derive(Debug, Clone, Subcommand)]
pub enum SecretCommand {
    /// Make a new one, and keep the one before so that nobody is signed out; also while the server runs. It counts from the
    /// server's next start on.
    Rotate,
}

/// The number and the hash of a seal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownSeal {
    /// The number.
    pub no: i64,
    /// The hash, in hexadecimal digits.
    pub hash: String,
}

fn known_seal(text: &str) -> Result<KnownSeal, String> {
    let seal = text.split_once(':').and_then(|(no, hash)| Some((no.parse().ok()?, hash)));
    match seal {
        Some((no, hash)) if hash.len() == 64 && hash.chars().all(|c| c.is_ascii_hexdigit()) => {
            Ok(KnownSeal { no, hash: hash.to_owned() })
        }
        _ => Err("write it like 12:a1b2… with the 64 digits that the server logged".to_owned()),
    }
}

/// What can be done with the embedded PostgreSQL.
#[derive(Debug, Clone, Subcommand)]
pub enum PostgresCommand {
    /// Start it, print its URL on standard output, and run until Ctrl-C or SIGTERM.
    Start {
        /// Quick and forgetful: nothing is written through to the disk, many connections. Without a
        /// data folder it uses a temporary one and removes it at the end.
        #[arg(long)]
        for_tests: bool,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_known_seal_is_a_number_and_a_hash() {
        let hash = "a1".repeat(32);
        assert_eq!(known_seal(&format!("12:{hash}")), Ok(KnownSeal { no: 12, hash: hash.clone() }));
        for text in ["", "12", &hash, &format!("x:{hash}"), "12:a1b2", &format!("12:{}", "zz".repeat(32))] {
            assert!(known_seal(text).is_err(), "{text}");
        }
    }
}

#[cfg(test)]
mod fuzz {
    use super::*;
    use taskwire_fuzz::{check, produce, text};

    #[test]
    fn a_known_seal_is_a_number_and_a_hash() {
        const PIECES: &[&str] = &["12", ":", "-", "+", "0123456789abcdef0123456789ABCDEF", "a1", "zz", "ä"];
        check!().with_generator((text(PIECES), produce::<(i64, [u8; 32])>())).for_each(|(text, (no, hash))| {
            let hash: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
            assert_eq!(known_seal(&format!("{no}:{hash}")), Ok(KnownSeal { no: *no, hash }));
            match known_seal(text) {
                Ok(seal) => {
                    assert!(seal.hash.len() == 64 && seal.hash.chars().all(|c| c.is_ascii_hexdigit()));
                    assert_eq!(known_seal(&format!("{}:{}", seal.no, seal.hash)), Ok(seal));
                }
                Err(error) => assert!(error.contains("12:")),
            }
        });
    }
}
