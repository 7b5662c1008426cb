//! One file for each page.

pub mod activity;
pub mod agents;
pub mod api_tokens;
pub mod dashboard;
pub mod import;
pub mod not_found;
pub mod performance;
pub mod send_again;
pub mod settings;
pub mod shared;
pub mod shared_by_me;
pub mod sign_in;
pub mod sign_up;
pub mod task;
pub mod tasks;
pub mod team;
pub mod teams;
