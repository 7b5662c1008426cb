//! pg_dump and pg_restore.

use crate::postgres::programs::Programs;
use anyhow::{Context, Result, bail, ensure};
use percent_encoding::percent_decode_str;
use sqlx::{ConnectOptions, postgres::PgConnectOptions};
use std::{
    path::{Path, PathBuf},
    process::Stdio,
};
use tokio::process::Command;

/// The programs of a version that knows the server's, and how they connect.
#[derive(Debug)]
pub struct Tools {
    programs: Programs,
    environment: Vec<(String, String)>,
}

impl Tools {
    /// Finds them for a server of a major version.
    ///
    /// # Errors
    /// There are none; the text says what to install.
    pub fn find(only: Option<&Path>, server: u32, connect: &PgConnectOptions) -> Result<Self> {
        Ok(Self { programs: Programs::for_server(only, server)?, environment: environment(connect)? })
    }

    /// Writes what a transaction sees, which has exported this snapshot, into a file.
    ///
    /// # Errors
    /// What pg_dump says.
    pub async fn dump(&self, snapshot: &str, file: &Path) -> Result<()> {
        let mut command = self.command("pg_dump");
        command.args(["--format=custom", "--snapshot", snapshot, "--file"]).arg(file);
        run(command, "pg_dump").await
    }

    /// Fills an empty database from a file: all of it or nothing.
    ///
    /// # Errors
    /// What pg_restore says.
    pub async fn restore(&self, database: &str, file: &Path) -> Result<()> {
        let mut command = self.command("pg_restore");
        command.args(["--single-transaction", "--exit-on-error", "--dbname", database]).arg(file);
        run(command, "pg_restore").await
    }

    fn command(&self, name: &str) -> Command {
        let program: PathBuf = self.programs.path(name);
        let mut command = Command::new(program);
        // Nothing of our own environment: a PGOPTIONS of the person's would change what is dumped.
        command.env_clear().envs(self.environment.iter().cloned()).env("LC_ALL", "C");
        if let Some(path) = std::env::var_os("PATH") {
            command.env("PATH", path);
        }
        command.stdin(Stdio::null()).kill_on_drop(true);
        command
    }
}

async fn run(mut command: Command, name: &str) -> Result<()> {
    let output = command.output().await.with_context(|| format!("cannot run {name}"))?;
    if output.status.success() {
        return Ok(());
    }
    // What follows a line like this one may be a row.
    let said = String::from_utf8_lossy(&output.stderr);
    match said.lines().find(|line| line.contains("error:")) {
        Some(line) => bail!("{line}"),
        None => bail!("{name} ended with {}", output.status),
    }
}

/// As variables, because other users of the machine can see a program's arguments.
fn environment(connect: &PgConnectOptions) -> Result<Vec<(String, String)>> {
    // With another name: sqlx would write this one as it is, and a colon in it would begin the password.
    let url = connect.clone().username("login").to_url_lossy();
    let decoded = |text: &str| Ok::<_, anyhow::Error>(percent_decode_str(text).decode_utf8()?.into_owned());
    let host = match connect.get_socket() {
        Some(socket) => socket.to_string_lossy().into_owned(),
        None => connect.get_host().trim_matches(['[', ']']).to_owned(),
    };
    let user = connect.get_username();
    let mut environment = vec![
        ("PGHOST".to_owned(), host),
        ("PGPORT".to_owned(), connect.get_port().to_string()),
        ("PGUSER".to_owned(), user.to_owned()),
        ("PGDATABASE".to_owned(), connect.get_database().unwrap_or(user).to_owned()),
    ];
    if let Some(password) = url.password() {
        environment.push(("PGPASSWORD".to_owned(), decoded(password)?));
    }
    for (name, value) in url.query_pairs().filter(|(name, _)| name.starts_with("ssl")) {
        // sqlx writes out a certificate as it is, or says where it is.
        ensure!(!value.contains("-----BEGIN"), "{name} in DATABASE_URL must be a file, for pg_dump and pg_restore");
        let value = value.strip_prefix("file: ").unwrap_or(&value);
        environment.push((format!("PG{}", name.to_uppercase()), value.to_owned()));
    }
    Ok(environment)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_connect_as_the_server_does() {
        let url =
            "postgres://tw:p%40ss%2Fw%C3%B6rd@db.example.org:6432/tasks?sslmode=verify-full&sslrootcert=/etc/ca.pem";
        let found = environment(&url.parse().unwrap()).unwrap();
        let wanted = [
            ("PGHOST", "db.example.org"),
            ("PGPORT", "6432"),
            ("PGUSER", "tw"),
            ("PGDATABASE", "tasks"),
            ("PGPASSWORD", "p@ss/wörd"),
            ("PGSSLMODE", "verify-full"),
            ("PGSSLROOTCERT", "/etc/ca.pem"),
        ];
        for (name, value) in wanted {
            assert!(found.contains(&(name.to_owned(), value.to_owned())), "{name}: {found:?}");
        }
    }

    #[test]
    fn a_login_may_have_any_name() {
        for name in ["a:b", "a:b/c", "a@b", "a#b"] {
            let options = PgConnectOptions::new_without_pgpass().host("db.example.org").username(name);
            let found = environment(&options).unwrap();
            assert!(found.contains(&("PGUSER".to_owned(), name.to_owned())), "{found:?}");
            assert!(found.iter().all(|(key, _)| key != "PGPASSWORD"), "{found:?}");
            let found = environment(&options.password("p")).unwrap();
            assert!(found.contains(&("PGPASSWORD".to_owned(), "p".to_owned())), "{found:?}");
        }
    }

    #[test]
    fn a_socket_is_a_folder() {
        let found =
            environment(&PgConnectOptions::new_without_pgpass().socket("/var/lib/tw/run").username("tw")).unwrap();
        assert!(found.contains(&("PGHOST".to_owned(), "/var/lib/tw/run".to_owned())), "{found:?}");
        assert!(found.contains(&("PGDATABASE".to_owned(), "tw".to_owned())), "{found:?}");
    }
}

#[cfg(test)]
mod fuzz {
    use super::*;
    use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
    use taskwire_fuzz::{check, text};

    #[test]
    fn whatever_the_password_is_they_connect_by_it() {
        const PIECES: &[&str] = &["p", "@", "/", ":", "%", "%40", "?", "#", "ä", " ", "+", "&", "="];
        check!().with_generator((text(PIECES), text(PIECES), text(PIECES))).for_each(|(user, password, database)| {
            let encoded = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
            let url =
                format!("postgres://u{}:{}@db.example.org/d{}", encoded(user), encoded(password), encoded(database));
            let found = environment(&url.parse().unwrap()).unwrap();
            let value = |name: &str| found.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone());
            assert_eq!(value("PGUSER"), Some(format!("u{user}")));
            assert_eq!(value("PGPASSWORD").unwrap_or_default(), *password);
            assert_eq!(value("PGDATABASE"), Some(format!("d{database}")));
            assert_eq!(value("PGHOST").as_deref(), Some("db.example.org"));
        });
    }
}
