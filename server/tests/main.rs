//! The real router and the real program against a real PostgreSQL.
//!
//! `DATABASE_URL` names a throw-away server (`taskwire postgres start --for-tests`); every test of the router
//! gets a database of its own. The tests of the embedded PostgreSQL bring their own clusters.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod api;
mod audit;
mod backup;
mod doctor;
mod embedded;
mod files;
mod headers;
mod health;
mod isolation;
mod limits;
mod log;
mod lost_database;
mod mcp;
mod metrics;
mod overload;
mod pages;
mod performance;
mod requests;
mod secret;
mod sessions;
mod stopping;
mod support;
mod telemetry;
mod tls;
