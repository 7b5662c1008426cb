//! What things are: types, typed ids, validation and errors.
//!
//! No I/O and no conditional compilation: the same code runs in the browser and on the server, so a
//! rule that a form shows is the rule that the database operation enforces. To add a kind of thing,
//! give it a file of its own here, with a constructor that returns every [`FieldError`] at once.

pub mod account;
pub mod allowance;
pub mod api_token;
pub mod audit;
pub mod dashboard;
pub mod error;
pub mod id;
pub mod performance;
pub mod rights;
pub mod session;
pub mod share;
pub mod task;
pub mod team;
pub mod text;
pub mod tool_call;
mod words;

pub use error::{Error, FieldError, Result};
pub use id::{SessionId, TaskId, TeamId, TokenId, ToolCallId, UserId};
pub use words::UnknownWord;
