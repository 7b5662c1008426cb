//! Every operation on a real Postgres, each test on a fresh database of its own.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test may stop at once")]

mod account_end;
mod accounts;
mod api_tokens;
mod audit;
mod bulk;
mod costs;
mod counters;
mod dashboard;
mod import;
mod isolation;
mod outage;
mod performance;
mod plans;
mod races;
mod rights;
mod shares;
mod statements;
mod support;
mod tasks;
mod teams;
mod tokens;
mod troubles;
