//! Sharing one task with one person (requirement S3).

use crate::{FieldError, Result, TaskId, UserId, account::Whom, error::Checks, task::Status, words::words};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// People that one task may be shared with at most, those invited included.
pub const SHARES_MAX: i64 = 100;

words!(
    /// What a share allows; [`crate::rights`] says what follows from it.
    Permission {
        /// To read the task.
        View = "view",
        /// To change it, too; never to delete or to share it.
        Edit = "edit",
    }
);

impl Permission {
    /// Reads the word of a form.
    pub fn parse(word: &str) -> Result<Self, FieldError> {
        word.parse().map_err(|_| FieldError::new("permission", "A permission is view or edit."))
    }
}

/// Somebody whom a task is shared with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Share {
    /// Who; `None` while nobody has signed up with the address.
    pub user_id: Option<UserId>,
    /// Their name; empty while nobody has signed up with the address.
    pub name: String,
    /// Their address.
    pub email: String,
    /// What they may do.
    pub permission: Permission,
    /// Since when.
    pub created_at: DateTime<Utc>,
}

/// A task of the viewer's own that others have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SharedTask {
    /// The task's id.
    pub id: TaskId,
    /// Its title.
    pub title: String,
    /// Whether it is done.
    pub status: Status,
    /// Who has it, by name; those invited last.
    pub shares: Vec<Share>,
}

/// One page of what the viewer shares.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SharedTaskPage {
    /// The tasks, newest first.
    pub tasks: Vec<SharedTask>,
    /// Where the next page starts, below this task; `None` on the last page.
    pub next: Option<TaskId>,
}

/// A checked wish to share a task, or to change how it is shared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewShare {
    /// By address or account.
    pub whom: Whom,
    /// What they are to be allowed.
    pub permission: Permission,
}

impl NewShare {
    /// Checks a form; the error names every field that breaks a rule.
    pub fn parse(email: &str, permission: &str) -> Result<Self> {
        Self::of(Whom::parse(Some(email), None), permission)
    }

    /// The same for somebody who may be named otherwise.
    pub fn of(whom: Result<Whom, FieldError>, permission: &str) -> Result<Self> {
        let mut checks = Checks::default();
        match (checks.take(whom), checks.take(Permission::parse(permission))) {
            (Some(whom), Some(permission)) => Ok(Self { whom, permission }),
            _ => Err(checks.into_error()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_share_names_every_broken_field() {
        let error = NewShare::parse("nobody", "own").unwrap_err();
        assert!(error.about("email").is_some());
        assert_eq!(error.about("permission"), Some("A permission is view or edit."));
    }
}

#[cfg(test)]
mod fuzz {
    use super::*;
    use crate::account::Email;
    use taskwire_fuzz::{check, produce, text};

    #[test]
    fn a_new_share_is_refused_for_each_field_that_is_and_no_other() {
        let fields = (text(&["ada", "@example.org", " "]), text(&["view", "edit", "own"]));
        check!().with_generator(fields).for_each(|(email, permission)| {
            let whom = Whom::parse(Some(email), None);
            match NewShare::parse(email, permission) {
                Ok(share) => assert_eq!((Ok(share.whom), share.permission.as_str()), (whom, permission.as_str())),
                Err(error) => {
                    assert_eq!(error.about("email").is_some(), whom.is_err());
                    assert_eq!(error.about("permission").is_some(), permission.parse::<Permission>().is_err());
                }
            }
        });
    }

    #[test]
    fn whoever_is_named_is_named_once() {
        let whom = (text(&["ada", "@example.org"]), produce::<(bool, Option<u128>)>());
        check!().with_generator(whom).for_each(|(email, (is_said, id))| {
            let (email, id) = (is_said.then_some(email.as_str()), id.map(|id| UserId(uuid::Uuid::from_u128(id))));
            match (Whom::parse(email, id), email, id) {
                (found, Some(email), None) => assert_eq!(found, Email::parse(email).map(Whom::Email)),
                (found, None, Some(id)) => assert_eq!(found, Ok(Whom::User(id))),
                (found, ..) => assert_eq!(found.unwrap_err().field, "email"),
            }
        });
    }
}
