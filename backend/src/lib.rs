//! What can be done: every operation and all SQL, on Postgres. Knows no HTTP.
//!
//! An operation is one method of [`Backend`], resource first and verb second, whose first argument is the
//! [`Viewer`] who asks. It opens a [`scope::Scope`] (a transaction that carries the viewer's identity, which the
//! database's row-level security obeys), runs its SQL, writes the audit line where there is one to write, and
//! commits. To add one: put the types and their checks into `domain`, a method into the resource's file here with its
//! queries, the index it needs into a migration, and a test that calls it on a fresh database beside its siblings.

mod account;
mod account_end;
mod administrator;
mod api_token;
mod audit;
mod client;
mod clock;
mod connect;
mod dashboard;
mod dashboard_cache;
mod device;
mod error;
mod export;
pub mod limit;
mod password;
pub mod performance;
mod retry;
mod scope;
mod session;
mod share;
mod task;
mod team;
mod token;
mod tool_call;
mod turns;
mod viewer;

pub use account::SignedIn;
pub use administrator::{Administrator, administrator_list, administrator_set};
pub use api_token::Created;
pub use audit::{AuditReport, Seal, audit_verify};
pub use client::{Client, DbTime, MISSING_TAKES};
pub use clock::Clock;
pub use connect::{Backend, MIGRATOR, Settings, as_app};
pub use device::Device;
pub use error::{Error, Result};
pub use export::{ExportPage, ExportPlace};
pub use task::file as task_file;
pub use token::SECRET_MIN;
pub use tool_call::Call;
pub use viewer::{Credential, Viewer};
