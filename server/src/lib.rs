//! The binary `taskwire`: configuration, router, middleware, embedded Postgres and command line.
//!
//! * [`config`] has every setting, [`logging`] the log.
//! * [`serve`] opens the [`database`] and serves the [`router`] until a signal ([`shutdown`]), over HTTPS by [`tls`].
//! * [`router`] lists every path, [`middleware`] what happens around every request, [`pages`] how the app is served.
//! * [`api`] is the REST API.
//! * [`telemetry`] sends traces to a collector.
//! * [`audit`] seals the audit log, and verifies it on the command line.
//! * [`backup`] makes, verifies and restores backups.
//! * [`doctor`] looks whether all of it is well, on the command line.
//! * [`private_file`] writes secrets and manifests.
//! * [`postgres`] is the embedded database, [`standalone`] the command that runs it alone.
//!
//! To add an endpoint: a handler in a file of its own, one line in [`router`].

pub mod administrators;
pub mod api;
pub mod audit;
pub mod backup;
pub mod commands;
pub mod config;
pub mod database;
pub mod doctor;
pub mod health;
pub mod logging;
pub mod mcp;
pub mod metrics;
pub mod middleware;
pub mod pages;
pub mod postgres;
pub mod private_file;
pub mod router;
pub mod secret;
pub mod serve;
pub mod shutdown;
pub mod site;
pub mod standalone;
pub mod telemetry;
pub mod tls;
