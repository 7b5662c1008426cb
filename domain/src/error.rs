//! The one error that every door renders in its own way.

use crate::{TaskId, allowance::Allowance, api_token::TokenScope};
use serde::{Deserialize, Serialize};

/// What every operation returns.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why an operation was refused or failed. The texts are for people and never carry internals.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum Error {
    /// No credential, a bad one, or one whose session has ended.
    #[error("Please sign in to go on.")]
    Unauthorized,
    /// Email or password does not match; which of them is not told.
    #[error("Email or password is not right.")]
    WrongCredentials,
    /// The viewer sees the thing but may not do this to it.
    #[error("You are not allowed to do this.")]
    Forbidden,
    /// An API token that is not good for this: it lacks the scope, or is used for what asks for a person (`None`).
    #[error("{}", out_of_scope(*.0))]
    OutOfScope(Option<TokenScope>),
    /// There is no such thing, or none that the viewer may see.
    #[error("This does not exist, or is not visible to you.")]
    NotFound,
    /// What there is already stands against it, such as a name in use; says what, and what to do.
    #[error("{0}")]
    Conflict(String),
    /// What was to be done to several tasks at once is refused for one of them, so nothing was done to any.
    #[error("Task {task}: {refusal} Nothing was changed.")]
    OneOfMany {
        /// The first that stands in the way.
        task: TaskId,
        /// Why.
        refusal: Box<Error>,
    },
    /// The thing was changed since the viewer read it.
    #[error("Somebody changed this in the meantime.")]
    Stale,
    /// Fields that break a rule, all of them at once.
    #[error("{}", summary(.0))]
    Invalid(Vec<FieldError>),
    /// Too many requests in too short a time.
    #[error("{}", too_many(.0.retry_after))]
    RateLimited(Allowance),
    /// The database does not answer; the same request may succeed later.
    #[error("Taskwire cannot reach its database right now. Please try again in a moment.")]
    Unavailable,
    /// A fault of ours. The log has the detail, under the request's id.
    #[error("Something went wrong on our side. Please try again.")]
    Internal,
}

impl Error {
    /// An [`Error::Invalid`] about one field.
    pub fn invalid(field: &str, message: impl Into<String>) -> Self {
        Self::Invalid(vec![FieldError::new(field, message)])
    }

    /// The complaint about `field`, if there is one.
    pub fn about(&self, field: &str) -> Option<&str> {
        match self {
            Self::Invalid(errors) => errors.iter().find(|e| e.field == field).map(|e| e.message.as_str()),
            _ => None,
        }
    }
}

/// One field that breaks a rule, and which rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldError {
    /// The field's name as forms and bodies spell it.
    pub field: String,
    /// The rule, as a sentence for people.
    pub message: String,
}

impl FieldError {
    /// A complaint about `field`.
    pub fn new(field: &str, message: impl Into<String>) -> Self {
        Self { field: field.to_owned(), message: message.into() }
    }
}

impl From<FieldError> for Error {
    fn from(error: FieldError) -> Self {
        Self::Invalid(vec![error])
    }
}

fn out_of_scope(lacking: Option<TokenScope>) -> String {
    match lacking {
        Some(scope) => format!("This API token may not do this: it lacks the scope “{scope}”."),
        None => "API tokens may not do this. Please sign in to do it yourself.".to_owned(),
    }
}

fn too_many(seconds: u32) -> String {
    match seconds {
        0 | 1 => "That was too often. Please try again in a second.".to_owned(),
        seconds => format!("That was too often. Please try again in {seconds} seconds."),
    }
}

fn summary(errors: &[FieldError]) -> String {
    errors.iter().map(|e| e.message.as_str()).collect::<Vec<_>>().join(" ")
}

/// Gathers the complaints about several fields, so that a form shows all of them at once.
#[derive(Debug, Default)]
pub struct Checks(Vec<FieldError>);

impl Checks {
    /// Keeps the value, or the complaints.
    pub fn take<T>(&mut self, checked: Result<T, FieldError>) -> Option<T> {
        checked.map_err(|e| self.0.push(e)).ok()
    }

    /// The same for a field that need not be there.
    pub fn take_some<T>(&mut self, checked: Option<Result<T, FieldError>>) -> Option<T> {
        checked.and_then(|checked| self.take(checked))
    }

    /// What was checked, unless there are complaints.
    ///
    /// # Errors
    /// [`Error::Invalid`] with every complaint.
    pub fn unless_any<T>(self, checked: T) -> Result<T> {
        if self.0.is_empty() { Ok(checked) } else { Err(self.into_error()) }
    }

    /// Notes what is wrong with a field.
    pub fn complain(&mut self, field: &str, message: &str) {
        self.0.push(FieldError::new(field, message));
    }

    /// The error that names every complaint.
    pub fn into_error(self) -> Error {
        Error::Invalid(self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_invalid_form_tells_every_complaint_by_field() {
        let error = Error::Invalid(vec![
            FieldError::new("title", "A title is needed."),
            FieldError::new("description", "Too long."),
        ]);
        assert_eq!(error.to_string(), "A title is needed. Too long.");
        assert_eq!(error.about("description"), Some("Too long."));
        assert_eq!(error.about("status"), None);
    }
}
