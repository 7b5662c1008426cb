//! Finds the PostgreSQL programs on this machine.

use anyhow::{Context, Result, anyhow, bail};
use std::{
    collections::HashSet,
    path::{Path, PathBuf},
    process::Command,
};

/// The oldest major version whose SQL the migrations may use.
pub const OLDEST: u32 = 15;

/// One installation's folder of programs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Programs {
    dir: PathBuf,
    version: String,
    major: u32,
}

impl Programs {
    /// The programs in `only`, or else the first that are found: those on PATH, those of `pg_config`,
    /// then the newest of the places where Debian, Red Hat and Homebrew put them. A cluster can only
    /// be run by the major version that made it (`wanted`).
    ///
    /// # Errors
    /// When there are none, or none that fit; the text says what to install.
    pub fn find(only: Option<&Path>, wanted: Option<u32>) -> Result<Self> {
        let found: Vec<Self> = match only {
            Some(dir) => Self::in_folder(dir, "initdb").into_iter().collect(),
            None => candidates().iter().filter_map(|dir| Self::in_folder(dir, "initdb")).collect(),
        };
        choose(found, wanted).map_err(|error| match only {
            Some(dir) => error.context(format!("looked for PostgreSQL in TASKWIRE_POSTGRES_BIN, {}", dir.display())),
            None => error,
        })
    }

    /// The programs that speak to a server (pg_dump, pg_restore) for one of the major version `server`: those of the same,
    /// or else of a newer one, which know older servers. In `only`, or else wherever they are found.
    ///
    /// # Errors
    /// When there are none; the text says what to install.
    pub fn for_server(only: Option<&Path>, server: u32) -> Result<Self> {
        let dirs = only.map_or_else(candidates, |dir| vec![dir.to_owned()]);
        let found = dirs.iter().filter_map(|dir| Self::in_folder(dir, "pg_dump"));
        found.filter(|it| it.major >= server).min_by_key(|it| it.major).with_context(|| {
            format!(
                "pg_dump and pg_restore of PostgreSQL {server} or newer are needed, and were not found. Install them \
                 (Debian and Ubuntu: apt-get install postgresql-client-{server}; macOS: brew install libpq), or name their \
                 folder in TASKWIRE_POSTGRES_BIN."
            )
        })
    }

    /// Those in a folder, if `program` is one of them.
    fn in_folder(dir: &Path, program: &str) -> Option<Self> {
        let program = dir.join(program);
        if !program.is_file() {
            return None;
        }
        let output = Command::new(program).arg("--version").output().ok()?;
        let (version, major) = parse_version(&String::from_utf8_lossy(&output.stdout))?;
        Some(Self { dir: dir.to_owned(), version, major })
    }

    /// The full path of the program `name`.
    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    /// As in `15.14`.
    pub fn version(&self) -> &str {
        &self.version
    }
}

fn choose(found: Vec<Programs>, wanted: Option<u32>) -> Result<Programs> {
    let known = found.iter().map(|it| format!("{} in {}", it.version, it.dir.display())).collect::<Vec<_>>().join(", ");
    if found.is_empty() {
        bail!(
            "The PostgreSQL programs (initdb, postgres) were not found. Install them (Debian and Ubuntu: apt-get install \
             postgresql; macOS: brew install postgresql@17), name their folder in TASKWIRE_POSTGRES_BIN, or set \
             DATABASE_URL to use a PostgreSQL server elsewhere."
        );
    }
    match wanted {
        Some(wanted) => found.into_iter().find(|it| it.major == wanted).ok_or_else(|| {
            anyhow!(
                "The data folder was made by PostgreSQL {wanted}, but this machine has {known}. Install PostgreSQL \
                 {wanted} (its programs can stand beside the others), or move the data with pg_upgrade; nothing was changed."
            )
        }),
        None => found.into_iter().find(|it| it.major >= OLDEST).with_context(|| {
            format!("PostgreSQL {OLDEST} or newer is needed, but this machine has only {known}.")
        }),
    }
}

/// Folders to look in, the preferred first, each once.
fn candidates() -> Vec<PathBuf> {
    let mut dirs: Vec<PathBuf> = std::env::var_os("PATH").iter().flat_map(std::env::split_paths).collect();
    if let Ok(output) = Command::new("pg_config").arg("--bindir").output() {
        dirs.push(PathBuf::from(String::from_utf8_lossy(&output.stdout).trim()));
    }
    dirs.extend(newest_first("/usr/lib/postgresql", ""));
    dirs.extend(newest_first("/usr", "pgsql-"));
    for brew in ["/opt/homebrew/opt", "/usr/local/opt", "/home/linuxbrew/.linuxbrew/opt"] {
        dirs.extend(newest_first(brew, "postgresql@"));
        dirs.push(Path::new(brew).join("postgresql/bin"));
    }
    let mut seen = HashSet::new();
    dirs.retain(|dir| seen.insert(dir.clone()));
    dirs
}

/// `PARENT/PREFIX<number>/bin`, the highest number first.
fn newest_first(parent: &str, prefix: &str) -> Vec<PathBuf> {
    let mut versions: Vec<u32> = std::fs::read_dir(parent)
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.strip_prefix(prefix)?.parse().ok())
        .collect();
    versions.sort_unstable_by(|a, b| b.cmp(a));
    versions.iter().map(|version| Path::new(parent).join(format!("{prefix}{version}/bin"))).collect()
}

/// Reads `initdb (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)`.
fn parse_version(line: &str) -> Option<(String, u32)> {
    let version = line.split_once("(PostgreSQL) ")?.1.split_whitespace().next()?;
    let major: String = version.chars().take_while(char::is_ascii_digit).collect();
    Some((version.to_owned(), major.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn programs(version: &str, major: u32) -> Programs {
        Programs { dir: format!("/pg/{major}").into(), version: version.to_owned(), major }
    }

    #[test]
    fn versions_are_read_as_the_program_prints_them() {
        let parsed = |line| parse_version(line).map(|(version, major)| format!("{version} {major}"));
        assert_eq!(parsed("initdb (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)\n").as_deref(), Some("15.14 15"));
        assert_eq!(parsed("pg_dump (PostgreSQL) 18beta2").as_deref(), Some("18beta2 18"));
        assert_eq!(parsed("something else"), None);
    }

    #[test]
    fn a_cluster_is_run_by_the_version_that_made_it() {
        let found = vec![programs("17.2", 17), programs("15.14", 15)];
        assert_eq!(choose(found.clone(), Some(15)).unwrap().major, 15);
        assert_eq!(choose(found.clone(), None).unwrap().major, 17);
        let error = choose(found, Some(16)).unwrap_err().to_string();
        assert!(error.contains("made by PostgreSQL 16") && error.contains("17.2 in /pg/17"), "{error}");
    }

    #[test]
    fn no_programs_and_too_old_ones_are_told_apart() {
        assert!(choose(vec![], None).unwrap_err().to_string().contains("not found. Install them"));
        assert!(choose(vec![programs("9.6.1", 9)], None).unwrap_err().to_string().contains("or newer is needed"));
    }
}

#[cfg(test)]
mod fuzz {
    use super::*;
    use taskwire_fuzz::{check, produce, text};

    #[test]
    fn a_version_is_read_whatever_stands_around_it() {
        const PIECES: &[&str] =
            &["initdb ", "(PostgreSQL) ", "(PostgreSQL)", "15", ".", "14", "beta2", " ", "\n", "devel", "99999999999"];
        check!().with_generator((text(PIECES), text(&["beta", ".", "4", "rc1"]), produce::<u32>())).for_each(
            |(line, rest, major)| {
                let is_word = !rest.contains(char::is_whitespace) && !rest.starts_with(|c: char| c.is_ascii_digit());
                if is_word {
                    let version = format!("{major}{rest}");
                    let read = parse_version(&format!("initdb (PostgreSQL) {version} {line}"));
                    assert_eq!(read, Some((version, *major)));
                }
                if let Some((version, major)) = parse_version(line) {
                    assert!(line.contains(&version) && !version.contains(char::is_whitespace));
                    assert!(version.trim_start_matches('0').starts_with(&major.to_string()) || major == 0, "{version}");
                }
            },
        );
    }
}
