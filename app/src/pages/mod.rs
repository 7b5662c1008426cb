//! One file for each page.

pub mod dashboard;
pub mod not_found;
pub mod send_again;
pub mod settings;
pub mod sign_in;
pub mod sign_up;
pub mod task;
pub mod tasks;
