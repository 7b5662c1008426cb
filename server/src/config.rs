//! Every setting, in one place: readable from flags, from the environment and from `.env`.
//!
//! To add one, add a field with its environment variable as `value_name`, so that a complaint about
//! a value names the variable, and a first line of documentation that `--help` shows.

use crate::{backup::schedule::Schedule, commands::Command, postgres::folder::default_path};
use anyhow::{Context, Result, ensure};
use axum::http::HeaderValue;
use clap::{Args, CommandFactory, FromArgMatches, Parser, ValueEnum, builder::Resettable};
use humantime::Duration;
use secrecy::{ExposeSecret, SecretString};
use sqlx::types::ipnetwork::IpNetwork;
use std::{convert::Infallible, ffi::OsString, net::SocketAddr, path::PathBuf};
use taskwire_backend::{SECRET_MIN, limit::Limit};
use url::Url;

/// Bytes of the metrics' token at least: too many to guess.
const METRICS_TOKEN_MIN: usize = 16;

/// The dashboard's numbers are never older (requirement D3).
const FIVE_SECONDS: std::time::Duration = std::time::Duration::from_secs(5);

/// Taskwire: a team task manager with a live dashboard.
///
/// Without a command it serves. Without DATABASE_URL it keeps its data in a private PostgreSQL
/// cluster of its own, in the data folder. Every setting can be given as a flag, in the environment
/// or in a file `.env` in the current folder; an empty variable counts as unset.
#[derive(Debug, Parser)]
#[command(name = "taskwire", version, max_term_width = 110)]
pub struct Cli {
    /// What to do instead of serving.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// How to do it.
    #[command(flatten)]
    pub settings: Settings,
}

/// Every setting of the server.
#[derive(Debug, Clone, Args)]
pub struct Settings {
    /// Address and port to serve on. Use 0.0.0.0:3000 to be reachable from other machines.
    #[arg(long, env = "TASKWIRE_ADDR", value_name = "TASKWIRE_ADDR", default_value = "127.0.0.1:3000")]
    pub addr: SocketAddr,

    /// Folder of the embedded database and the generated secret
    /// [default: /var/lib/taskwire for root, otherwise `taskwire` in the user's data folder].
    #[arg(long, env = "TASKWIRE_DATA_DIR", value_name = "TASKWIRE_DATA_DIR", global = true)]
    pub data_dir: Option<PathBuf>,

    /// An external PostgreSQL to use instead of the embedded one: postgres://user:password@host/database.
    #[arg(
        long, env = "DATABASE_URL", value_name = "DATABASE_URL", hide_env_values = true, value_parser = secret,
        global = true
    )]
    pub database_url: Option<SecretString>,

    /// Folder of the backups [default: `backups` in the data folder].
    #[arg(long, env = "TASKWIRE_BACKUP_DIR", value_name = "TASKWIRE_BACKUP_DIR", global = true)]
    pub backup_dir: Option<PathBuf>,

    /// When backups are made, as in cron and in UTC: minute, hour, day of the month, month, day of the week; or `off`.
    #[arg(
        long,
        env = "TASKWIRE_BACKUP_SCHEDULE",
        value_name = "TASKWIRE_BACKUP_SCHEDULE",
        default_value = "0 2 * * *"
    )]
    pub backup_schedule: Schedule,

    /// How long backups are kept; the newest, and the newest verified one, stay in any case.
    #[arg(long, env = "TASKWIRE_BACKUP_KEEP", value_name = "TASKWIRE_BACKUP_KEEP", default_value = "7d", value_parser = positive)]
    pub backup_keep: Duration,

    /// Folder of the PostgreSQL programs (initdb, postgres) for the embedded database
    /// [default: found on PATH, by pg_config, and where Debian and Homebrew put them].
    #[arg(long, env = "TASKWIRE_POSTGRES_BIN", value_name = "TASKWIRE_POSTGRES_BIN", global = true)]
    pub postgres_bin: Option<PathBuf>,

    /// Secret that signs sessions, at least 32 bytes; BETTER_AUTH_SECRET is read too. Required with
    /// DATABASE_URL; with the embedded database one is generated and kept in the data folder.
    /// Prefer the environment: flags can be seen by other users of the machine.
    #[arg(long, env = "AUTH_SECRET", value_name = "AUTH_SECRET", hide_env_values = true, value_parser = secret)]
    pub auth_secret: Option<SecretString>,

    /// The name by which AUTH_SECRET is read too.
    #[arg(long, env = "BETTER_AUTH_SECRET", value_name = "BETTER_AUTH_SECRET", hide = true, value_parser = secret)]
    pub better_auth_secret: Option<SecretString>,

    /// The AUTH_SECRET of before: sessions that it has signed are still good, and none are signed by it any more. To be taken
    /// away once TASKWIRE_SESSION_TTL has passed.
    #[arg(
        long, env = "AUTH_SECRET_PREVIOUS", value_name = "AUTH_SECRET_PREVIOUS", hide_env_values = true,
        value_parser = secret
    )]
    pub auth_secret_previous: Option<SecretString>,

    /// How long a sign-in lasts.
    #[arg(long, env = "TASKWIRE_SESSION_TTL", value_name = "TASKWIRE_SESSION_TTL", default_value = "24h", value_parser = positive)]
    pub session_ttl: Duration,

    /// File of the certificate to speak HTTPS by, in PEM, with those between it and the authority's behind it. It is read
    /// again when it changes.
    #[arg(long, env = "TASKWIRE_TLS_CERT", value_name = "TASKWIRE_TLS_CERT", requires = "tls_key")]
    pub tls_cert: Option<PathBuf>,

    /// File of the certificate's private key, in PEM.
    #[arg(long, env = "TASKWIRE_TLS_KEY", value_name = "TASKWIRE_TLS_KEY", requires = "tls_cert")]
    pub tls_key: Option<PathBuf>,

    /// Send cookies over HTTPS only, and tell browsers to stay with HTTPS (HSTS). Set it when people
    /// reach Taskwire by https:// through a proxy; with TASKWIRE_TLS_CERT it is so anyway.
    #[arg(
        long, env = "TASKWIRE_SECURE_COOKIES", value_name = "TASKWIRE_SECURE_COOKIES", num_args = 0..=1,
        default_value = "false", default_missing_value = "true", action = clap::ArgAction::Set,
    )]
    pub secure_cookies: bool,

    /// Connections to the database at most, besides one for /health. Nobody has more than half of them at once.
    #[arg(
        long, env = "TASKWIRE_DB_CONNECTIONS", value_name = "TASKWIRE_DB_CONNECTIONS", default_value_t = 10,
        value_parser = clap::value_parser!(u32).range(1..=1000),
    )]
    pub db_connections: u32,

    /// How long a request waits for a free database connection.
    #[arg(long, env = "TASKWIRE_DB_ACQUIRE_TIMEOUT", value_name = "TASKWIRE_DB_ACQUIRE_TIMEOUT", default_value = "3s", value_parser = positive)]
    pub db_acquire_timeout: Duration,

    /// How long one database statement may take.
    #[arg(long, env = "TASKWIRE_STATEMENT_TIMEOUT", value_name = "TASKWIRE_STATEMENT_TIMEOUT", default_value = "10s", value_parser = positive)]
    pub statement_timeout: Duration,

    /// How long one answer may take; after that it is a 503.
    #[arg(long, env = "TASKWIRE_REQUEST_TIMEOUT", value_name = "TASKWIRE_REQUEST_TIMEOUT", default_value = "30s", value_parser = positive)]
    pub request_timeout: Duration,

    /// Requests that are worked on at once at most; one more is answered with 503 and `Retry-After`. Those that are still
    /// arriving do not count, nor do /health, /metrics and the pages' files.
    #[arg(
        long, env = "TASKWIRE_REQUESTS_IN_FLIGHT", value_name = "TASKWIRE_REQUESTS_IN_FLIGHT", default_value_t = 500,
        value_parser = clap::value_parser!(u32).range(1..),
    )]
    pub requests_in_flight: u32,

    /// Connections of clients at most; one more is hung up on. Each is an open file, of which the system may allow 1024.
    #[arg(
        long, env = "TASKWIRE_CONNECTIONS", value_name = "TASKWIRE_CONNECTIONS", default_value_t = 900,
        value_parser = clap::value_parser!(u32).range(1..),
    )]
    pub connections: u32,

    /// How long a request may take to arrive, its head and its body, and an answer to be taken up piece by piece: a slower
    /// client is hung up on.
    #[arg(long, env = "TASKWIRE_TRANSFER_TIMEOUT", value_name = "TASKWIRE_TRANSFER_TIMEOUT", default_value = "30s", value_parser = positive)]
    pub transfer_timeout: Duration,

    /// Bytes of a path and query at most; longer ones are answered with 414.
    #[arg(
        long, env = "TASKWIRE_TARGET_LIMIT", value_name = "TASKWIRE_TARGET_LIMIT", default_value_t = 8192,
        value_parser = clap::value_parser!(u32).range(1024..),
    )]
    pub target_limit: u32,

    /// Bytes of a request's head at most, path and headers; a larger one is answered with 431.
    #[arg(
        long, env = "TASKWIRE_HEAD_LIMIT", value_name = "TASKWIRE_HEAD_LIMIT", default_value_t = 65_536,
        value_parser = clap::value_parser!(u32).range(8192..),
    )]
    pub head_limit: u32,

    /// Bytes of a request body at most; a larger one is answered with 413.
    #[arg(
        long, env = "TASKWIRE_BODY_LIMIT", value_name = "TASKWIRE_BODY_LIMIT", default_value_t = 65_536,
        value_parser = clap::value_parser!(u32).range(1024..),
    )]
    pub body_limit: u32,

    /// Bytes of a file of tasks to import at most.
    #[arg(
        long, env = "TASKWIRE_IMPORT_LIMIT", value_name = "TASKWIRE_IMPORT_LIMIT", default_value_t = 4 * 1024 * 1024,
        value_parser = clap::value_parser!(u32).range(1024..),
    )]
    pub import_limit: u32,

    /// How long the dashboard's numbers may be those of an earlier request, unless something was written since; 0s for
    /// never, and at most 5s.
    #[arg(
        long, env = "TASKWIRE_DASHBOARD_CACHE", value_name = "TASKWIRE_DASHBOARD_CACHE", default_value = "5s",
        value_parser = up_to_five_seconds,
    )]
    pub dashboard_cache: Duration,

    /// Names by which agents reach this server, such as `tasks.example.org`, with commas between: /mcp takes no requests that
    /// were sent to another name, except to `localhost`.
    #[arg(long, env = "TASKWIRE_HOSTS", value_name = "TASKWIRE_HOSTS", value_delimiter = ',')]
    pub hosts: Vec<String>,

    /// Pages of other sites that may call the API from a browser, as origins such as `https://example.org` with commas
    /// between. They bring a token: cookies are not for them.
    #[arg(long, env = "TASKWIRE_CORS_ORIGINS", value_name = "TASKWIRE_CORS_ORIGINS", value_delimiter = ',', value_parser = origin)]
    pub cors_origins: Vec<HeaderValue>,

    /// Requests of one person: so many a minute, and so many at once after a rest, or `off`. A page that stands open
    /// makes 12 a minute.
    #[arg(long, env = "TASKWIRE_LIMIT_USER", value_name = "TASKWIRE_LIMIT_USER", default_value = "600:200")]
    pub limit_user: Limit,

    /// Requests of one address, which a whole office may have.
    #[arg(long, env = "TASKWIRE_LIMIT_ADDRESS", value_name = "TASKWIRE_LIMIT_ADDRESS", default_value = "6000:1000")]
    pub limit_address: Limit,

    /// Tries to sign in or up from one address.
    #[arg(long, env = "TASKWIRE_LIMIT_SIGN_IN", value_name = "TASKWIRE_LIMIT_SIGN_IN", default_value = "30:30")]
    pub limit_sign_in: Limit,

    /// Tries to sign in to one account, from wherever; as many more from each browser that has signed in to it before, so
    /// that nobody is kept out by others who fail.
    #[arg(long, env = "TASKWIRE_LIMIT_ACCOUNT", value_name = "TASKWIRE_LIMIT_ACCOUNT", default_value = "10:10")]
    pub limit_account: Limit,

    /// Proxies in front of Taskwire, as addresses or networks with commas between: their `X-Forwarded-For` is taken for
    /// where requests come from.
    #[arg(long, env = "TASKWIRE_TRUSTED_PROXIES", value_name = "TASKWIRE_TRUSTED_PROXIES", value_delimiter = ',')]
    pub trusted_proxies: Vec<IpNetwork>,

    /// How long running requests may take to finish when the server stops.
    #[arg(long, env = "TASKWIRE_SHUTDOWN_GRACE", value_name = "TASKWIRE_SHUTDOWN_GRACE", default_value = "10s", value_parser = positive)]
    pub shutdown_grace: Duration,

    /// A request that takes longer is logged as slow.
    #[arg(long, env = "TASKWIRE_SLOW_ENDPOINT", value_name = "TASKWIRE_SLOW_ENDPOINT", default_value = "1s", value_parser = positive)]
    pub slow_endpoint: Duration,

    /// A database statement that takes longer is logged as slow.
    #[arg(long, env = "TASKWIRE_SLOW_STATEMENT", value_name = "TASKWIRE_SLOW_STATEMENT", default_value = "100ms", value_parser = positive)]
    pub slow_statement: Duration,

    /// How often new lines of the audit log are sealed.
    #[arg(long, env = "TASKWIRE_AUDIT_SEAL_INTERVAL", value_name = "TASKWIRE_AUDIT_SEAL_INTERVAL", default_value = "10s", value_parser = positive)]
    pub audit_seal_interval: Duration,

    /// What is logged: error, warn, info, debug or trace, also by part, as in `info,postgres=debug`.
    #[arg(
        long,
        env = "TASKWIRE_LOG",
        value_name = "TASKWIRE_LOG",
        default_value = "info,sqlx::postgres::notice=warn",
        global = true
    )]
    pub log: String,

    /// How log lines look; `auto` is text on a terminal and JSON otherwise.
    #[arg(
        long,
        env = "TASKWIRE_LOG_FORMAT",
        value_name = "TASKWIRE_LOG_FORMAT",
        value_enum,
        default_value = "auto",
        global = true
    )]
    pub log_format: LogFormat,

    /// Secret by which /metrics is read, sent as a bearer token; without it there is no /metrics, and nothing is recorded.
    #[arg(
        long, env = "TASKWIRE_METRICS_TOKEN", value_name = "TASKWIRE_METRICS_TOKEN", hide_env_values = true,
        value_parser = secret
    )]
    pub metrics_token: Option<SecretString>,

    /// Where traces are sent, by OTLP over HTTP: a collector such as http://localhost:4318; without it none are made.
    /// Of OpenTelemetry's other variables docs/operations.md tells.
    #[arg(
        long = "otlp-endpoint", env = "OTEL_EXPORTER_OTLP_ENDPOINT", value_name = "OTEL_EXPORTER_OTLP_ENDPOINT",
        value_parser = collector,
    )]
    pub collector: Option<Url>,

    /// Folder of the style sheet, scripts and pictures
    /// [default: `site` beside the program, otherwise `target/site`].
    #[arg(long, env = "TASKWIRE_SITE_DIR", value_name = "TASKWIRE_SITE_DIR")]
    pub site_dir: Option<PathBuf>,
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// Text on a terminal, JSON otherwise.
    Auto,
    /// One readable line an event.
    Text,
    /// One JSON object an event.
    Json,
}

impl Cli {
    /// Reads `.env`, the environment and the command line. Prints help or the complaint and ends the
    /// program when they ask for it or are wrong (exit code 2).
    ///
    /// Must run before any thread is started: `.env` changes the environment.
    ///
    /// # Errors
    /// A `.env` that cannot be read, or settings that contradict each other.
    pub fn read() -> Result<Self> {
        // By its path: by its name alone it would also be looked for in every folder above.
        match dotenvy::from_path("./.env") {
            Err(error) if !error.not_found() => return Err(error).context("cannot read the file .env"),
            _ => {}
        }
        let cli = Self::parse_from_env(std::env::args_os()).unwrap_or_else(|error| error.exit());
        // A client of a server that is elsewhere has nothing to do with these.
        if !matches!(cli.command, Some(Command::Mcp(_))) {
            cli.settings.check()?;
        }
        Ok(cli)
    }

    fn parse_from_env(args: impl IntoIterator<Item = OsString>) -> Result<Self, clap::Error> {
        let matches = without_empty_variables(Self::command()).try_get_matches_from(args)?;
        Self::from_arg_matches(&matches)
    }
}

impl Settings {
    /// The signing secret that was set, by either name.
    pub fn secret(&self) -> Option<&SecretString> {
        self.auth_secret.as_ref().or(self.better_auth_secret.as_ref())
    }

    /// The folder of the data, set or not.
    ///
    /// # Errors
    /// None is set, and the system knows no home folder.
    pub fn data_folder(&self) -> Result<PathBuf> {
        self.data_dir.clone().map_or_else(default_path, Ok)
    }

    /// Whether people reach Taskwire by https://.
    pub fn https(&self) -> bool {
        self.secure_cookies || self.tls_cert.is_some()
    }

    fn check(&self) -> Result<()> {
        let secrets = [("AUTH_SECRET", self.secret()), ("AUTH_SECRET_PREVIOUS", self.auth_secret_previous.as_ref())];
        for (name, secret) in secrets.into_iter().filter_map(|(name, secret)| Some((name, secret?))) {
            let length = secret.expose_secret().len();
            ensure!(
                length >= SECRET_MIN,
                "{name} is too short: it has {length} bytes and must have at least {SECRET_MIN}. \
                 `openssl rand -hex 32` makes a good one."
            );
        }
        ensure!(
            self.auth_secret_previous.is_none() || self.secret().is_some(),
            "AUTH_SECRET_PREVIOUS is set, but AUTH_SECRET is not: the secret in the data folder has its own previous one \
             beside it."
        );
        if let Some(token) = &self.metrics_token {
            ensure!(
                token.expose_secret().len() >= METRICS_TOKEN_MIN,
                "TASKWIRE_METRICS_TOKEN is too short: it must have at least {METRICS_TOKEN_MIN} bytes. \
                 `openssl rand -hex 32` makes a good one."
            );
        }
        if let Some(collector) = &self.collector {
            ensure!(
                collector.username().is_empty() && collector.password().is_none(),
                "OTEL_EXPORTER_OTLP_ENDPOINT has a user or a password in it: set OTEL_EXPORTER_OTLP_HEADERS instead."
            );
        }
        ensure!(
            self.database_url.is_none() || self.secret().is_some(),
            "DATABASE_URL is set, but AUTH_SECRET is not. Set AUTH_SECRET to a random text of at least {SECRET_MIN} \
             bytes (`openssl rand -hex 32` makes one), the same on every instance that uses this database."
        );
        Ok(())
    }
}

/// Shells and compose files cannot always unset a variable; an empty one means the default.
fn without_empty_variables(mut command: clap::Command) -> clap::Command {
    for name in command.get_subcommands().map(|sub| sub.get_name().to_owned()).collect::<Vec<_>>() {
        command = command.mut_subcommand(name, without_empty_variables);
    }
    command.mut_args(|arg| {
        let empty = arg.get_env().is_some_and(|name| std::env::var_os(name).is_some_and(|value| value.is_empty()));
        if empty { arg.env(Resettable::Reset) } else { arg }
    })
}

fn secret(text: &str) -> Result<SecretString, Infallible> {
    Ok(SecretString::from(text))
}

fn positive(text: &str) -> Result<Duration, String> {
    let duration: Duration = text.parse().map_err(|error| format!("{error}; write it like 30s, 10m or 24h"))?;
    if duration.is_zero() { Err("must be longer than nothing".to_owned()) } else { Ok(duration) }
}

fn up_to_five_seconds(text: &str) -> Result<Duration, String> {
    let duration: Duration = text.parse().map_err(|error| format!("{error}; write it like 5s or 500ms"))?;
    if *duration > FIVE_SECONDS { Err("must be at most 5s".to_owned()) } else { Ok(duration) }
}

fn origin(text: &str) -> Result<HeaderValue, &'static str> {
    let wrong = "write it like https://example.org, without a path";
    let url = Url::parse(text).map_err(|_| wrong)?;
    // A host may have other signs in it as well, which no name has. Not even a star stands for anything.
    let is_plain = text.chars().all(|c| c.is_ascii_alphanumeric() || ":/.-_[]".contains(c));
    match is_plain && url.origin().ascii_serialization() == text {
        true => HeaderValue::from_str(text).map_err(|_| wrong),
        false => Err(wrong),
    }
}

fn collector(text: &str) -> Result<Url, &'static str> {
    let wrong = "write it like http://localhost:4318 or https://collector.example.org";
    let url = Url::parse(text).map_err(|_| wrong)?;
    let plain = url.has_host() && url.query().is_none() && url.fragment().is_none();
    if plain && ["http", "https"].contains(&url.scheme()) { Ok(url) } else { Err(wrong) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::PostgresCommand;

    fn parse(args: &[&str]) -> Result<Cli, clap::Error> {
        Cli::parse_from_env(std::iter::once("taskwire").chain(args.iter().copied()).map(OsString::from))
    }

    #[test]
    fn the_defaults_are_the_documented_ones() {
        let settings = parse(&[]).unwrap().settings;
        assert_eq!(settings.addr.to_string(), "127.0.0.1:3000");
        assert_eq!(settings.session_ttl.as_secs(), 86_400);
        assert_eq!(settings.body_limit, 65_536);
        assert_eq!((settings.requests_in_flight, settings.connections), (500, 900));
        assert!(!settings.secure_cookies);
        let limits = [settings.limit_user, settings.limit_address, settings.limit_sign_in, settings.limit_account];
        assert_eq!(limits, ["600:200", "6000:1000", "30:30", "10:10"].map(|text| text.parse().unwrap()));
        assert!(settings.trusted_proxies.is_empty() && settings.cors_origins.is_empty());
        assert_eq!(settings.dashboard_cache.as_secs(), 5);
    }

    #[test]
    fn a_wrong_value_is_told_with_its_variable() {
        for (flag, value) in [
            ("--addr", "here"),
            ("--session-ttl", "0s"),
            ("--db-connections", "0"),
            ("--requests-in-flight", "0"),
            ("--connections", "0"),
            ("--body-limit", "x"),
            ("--limit-user", "9"),
            ("--trusted-proxies", "here"),
            ("--cors-origins", "https://a/b"),
            ("--cors-origins", "*"),
            ("--cors-origins", "https://*.example.org"),
            ("--cors-origins", "https://example.org`"),
            ("--dashboard-cache", "6s"),
            ("--dashboard-cache", "5s 1us"),
            ("--limit-account", "1:4294967295"),
            ("--backup-schedule", "daily"),
            ("--backup-keep", "0s"),
        ] {
            let variable = format!("TASKWIRE_{}", flag.trim_start_matches('-').replace('-', "_").to_uppercase());
            let error = parse(&[flag, value]).unwrap_err().to_string();
            assert!(error.contains(&variable), "{error}");
        }
    }

    #[test]
    fn https_is_spoken_by_a_certificate_or_through_a_proxy() {
        for (args, https) in [
            (vec![], false),
            (vec!["--secure-cookies"], true),
            (vec!["--tls-cert=cert.pem", "--tls-key=key.pem"], true),
        ] {
            assert_eq!(parse(&args).unwrap().settings.https(), https, "{args:?}");
        }
        for (half, other) in [("--tls-cert=cert.pem", "TASKWIRE_TLS_KEY"), ("--tls-key=key.pem", "TASKWIRE_TLS_CERT")] {
            let error = parse(&[half]).unwrap_err().to_string();
            assert!(error.contains(other), "{error}");
        }
    }

    #[test]
    fn an_external_database_needs_a_long_secret() {
        let check = |args: &[&str]| parse(args).unwrap().settings.check().map_err(|error| error.to_string());
        let url = "--database-url=postgres://localhost/x";
        assert!(check(&[url]).unwrap_err().contains("AUTH_SECRET"));
        assert!(check(&[url, "--auth-secret=short"]).unwrap_err().contains("AUTH_SECRET"));
        assert_eq!(check(&[url, "--better-auth-secret=0123456789abcdef0123456789abcdef"]), Ok(()));
    }

    #[test]
    fn a_previous_secret_is_as_long_and_follows_another() {
        let check = |args: &[&str]| parse(args).unwrap().settings.check().map_err(|error| error.to_string());
        let (now, before) = ("--auth-secret=0123456789abcdef0123456789abcdef", "--auth-secret-previous");
        assert!(check(&[now, before, "short"]).unwrap_err().contains("AUTH_SECRET_PREVIOUS is too short"));
        let long = "fedcba9876543210fedcba9876543210";
        assert!(check(&[before, long]).unwrap_err().contains("AUTH_SECRET is not"));
        assert_eq!(check(&[now, before, long]), Ok(()));
    }

    #[test]
    fn a_token_for_the_metrics_is_not_guessed() {
        // With a secret, because the tests' own database may be in the environment.
        let secret = "--auth-secret=0123456789abcdef0123456789abcdef";
        let check = |token: &str| parse(&[secret, "--metrics-token", token]).unwrap().settings.check();
        assert!(check("a short one").unwrap_err().to_string().contains("TASKWIRE_METRICS_TOKEN"));
        assert!(check("0123456789abcdef").is_ok());
    }

    #[test]
    fn a_collector_has_an_address_and_no_password() {
        let secret = "--auth-secret=0123456789abcdef0123456789abcdef";
        for address in ["here", "localhost:4318", "grpc://localhost:4317", "http://a/?b", "file:///a"] {
            let error = parse(&["--otlp-endpoint", address]).unwrap_err().to_string();
            assert!(error.contains("OTEL_EXPORTER_OTLP_ENDPOINT"), "{error}");
        }
        let check = |address: &str| parse(&[secret, "--otlp-endpoint", address]).unwrap().settings.check();
        let error = check("http://ada:hunter2@localhost:4318").unwrap_err().to_string();
        assert!(error.contains("OTEL_EXPORTER_OTLP_HEADERS") && !error.contains("hunter2"), "{error}");
        assert!(check("https://collector.example.org/otlp/").is_ok());
    }

    #[test]
    fn secrets_are_not_printed() {
        let secrets = [
            "--database-url=postgres://u:hunter2@h/d",
            "--auth-secret=hunter2hunter2",
            "--auth-secret-previous=hunter2",
            "--metrics-token=hunter2",
        ];
        let cli = parse(&secrets).unwrap();
        assert!(!format!("{cli:?}").contains("hunter2"));
    }

    #[test]
    fn the_data_folder_may_stand_behind_the_command() {
        let cli = parse(&["postgres", "start", "--data-dir", "/tmp/x", "--for-tests"]).unwrap();
        assert_eq!(cli.settings.data_dir, Some("/tmp/x".into()));
        assert!(matches!(cli.command, Some(Command::Postgres(PostgresCommand::Start { for_tests: true }))));
    }
}

#[cfg(test)]
mod fuzz {
    use super::*;
    use taskwire_fuzz::{check, produce, text};
    use tower_http::csrf::CsrfLayer;

    #[test]
    fn a_duration_is_within_its_bounds_and_read_back() {
        const PIECES: &[&str] =
            &["5", "0", "1", "s", "ms", "us", "ns", "m", "h", "d", "y", " ", "-", ".", "18446744073709551615"];
        check!().with_generator(text(PIECES)).for_each(|text| {
            if let Ok(duration) = positive(text) {
                assert!(!duration.is_zero());
                assert_eq!(positive(&duration.to_string()).as_ref(), Ok(&duration));
            }
            match (up_to_five_seconds(text), text.parse::<Duration>()) {
                (Ok(duration), found) => {
                    assert!(*duration <= FIVE_SECONDS && Ok(duration) == found)
                }
                (Err(error), Ok(duration)) => {
                    assert!(*duration > FIVE_SECONDS && error.contains("5s"))
                }
                (Err(error), Err(_)) => assert!(error.contains("write it like")),
            }
        });
    }

    #[test]
    fn an_origin_is_one_that_the_protection_of_forms_takes_too() {
        const PIECES: &[&str] = &[
            "https://",
            "http://",
            "example.org",
            "EXAMPLE",
            "127.0.0.1",
            "[::1]",
            ":",
            "443",
            "8080",
            "/",
            "?",
            "#",
            "@",
            "*",
            ",",
            " ",
            "null",
            "ä",
            "xn--",
            "file://",
            ".",
        ];
        check!().with_generator(text(PIECES)).for_each(|text| match origin(text) {
            Ok(found) => {
                assert_eq!(found, text);
                let (scheme, host) = text.split_once("://").unwrap();
                assert!(
                    !scheme.is_empty() && !host.is_empty() && !host.contains(['/', '?', '#', '@', '*', ' ']),
                    "{text}"
                );
                assert!(!text.contains(char::is_uppercase), "as browsers say it: {text}");
                assert!(CsrfLayer::new().add_trusted_origin(text).is_ok(), "{text}");
            }
            Err(error) => assert!(error.contains("https://example.org")),
        });
    }

    #[test]
    fn whatever_value_is_refused_is_told_with_its_variable() {
        let flags = Cli::command();
        let flags: Vec<_> =
            flags.get_arguments().filter_map(|arg| Some((arg.get_long()?, arg.get_env()?.to_str()?))).collect();
        let flags: Vec<_> = flags.into_iter().map(|(flag, variable)| (flag.to_owned(), variable.to_owned())).collect();
        assert!(flags.len() > 30, "{flags:?}");
        const PIECES: &[&str] =
            &["1", "0", "s", ":", "off", "true", "127.0.0.1", ",", "https://example.org", "* ", "json", "/", "-", "="];
        check!().with_generator((text(PIECES), produce::<u8>())).for_each(move |(value, at)| {
            let (flag, variable) = &flags[usize::from(*at) % flags.len()];
            let is_secret = ["DATABASE_URL", "SECRET", "TOKEN"].iter().any(|word| variable.contains(word));
            let value = if is_secret { format!("hunter2{value}") } else { value.clone() };
            let args = ["taskwire".to_owned(), format!("--{flag}={value}")];
            match Cli::parse_from_env(args.map(OsString::from)) {
                Ok(cli) => assert!(!format!("{cli:?}").contains("hunter2"), "{variable}"),
                Err(error) => assert!(error.to_string().contains(variable.as_str()), "{error}"),
            }
        });
    }
}
