//! The binary `taskwire`: configuration, router, middleware, embedded Postgres and command line.
//!
//! * [`config`] has every setting, [`logging`] the log.
//! * [`postgres`] is the embedded database.

pub mod config;
pub mod logging;
pub mod postgres;
pub mod shutdown;
pub mod standalone;
