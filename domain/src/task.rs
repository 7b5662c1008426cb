//! Tasks (requirement T1) and how a list of them is asked for (T2).

use crate::{Error, FieldError, Result, TaskId, TeamId, UserId, error::Checks, rights::TaskAction, text, words::words};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Characters of a title at most.
pub const TITLE_MAX: usize = 200;
/// Characters of a description at most.
pub const DESCRIPTION_MAX: usize = 1000;
/// Characters of a search text at most.
pub const SEARCH_MAX: usize = 200;
/// Tasks on one page of the browser's list.
pub const PAGE_SIZE: u32 = 25;
/// Tasks on one page at most.
pub const PAGE_MAX: u32 = 100;
/// Tasks that are changed at once at most.
pub const BULK_MAX: usize = 500;
/// Tasks that are made from one file at most.
pub const IMPORT_MAX: usize = 5000;
/// Days a deleted task can be brought back.
pub const UNDO_DAYS: i64 = 30;

/// A task as one viewer sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Task {
    /// The task's id.
    pub id: TaskId,
    /// Whose task it is.
    pub user_id: UserId,
    /// Their name; `None` for the viewer's own.
    pub owner: Option<String>,
    /// The team it belongs to, if the viewer is in it.
    pub team_id: Option<TeamId>,
    /// That team's name.
    pub team: Option<String>,
    /// One line, 1 to [`TITLE_MAX`] characters.
    pub title: String,
    /// Up to [`DESCRIPTION_MAX`] characters, may be empty.
    pub description: String,
    /// Whether it is done.
    pub status: Status,
    /// By what right the viewer sees it.
    pub access: Access,
    /// Counts up by one with each change; what a writer read is told by it.
    pub version: i32,
    /// Creation.
    pub created_at: DateTime<Utc>,
    /// Last change.
    pub updated_at: DateTime<Utc>,
    /// Set while `status` is completed.
    pub completed_at: Option<DateTime<Utc>>,
}

impl Task {
    /// Whether it is the viewer's own.
    pub fn is_own(&self) -> bool {
        self.owner.is_none()
    }

    /// Whether the viewer may do this to it.
    pub fn may(&self, action: TaskAction) -> bool {
        self.access.may(action, self.is_own())
    }
}

words!(
    /// Whether a task is done.
    Status {
        /// Still to do.
        Pending = "pending",
        /// Done.
        Completed = "completed",
    }
);

words!(
    /// By what right a viewer sees a task (requirement T3); [`crate::rights`] says what each allows.
    Access {
        /// It is the viewer's own, or in a team of theirs.
        Owner = "owner",
        /// The viewer is an admin of its team.
        Admin = "admin",
        /// The viewer is a member of its team.
        Member = "member",
        /// The viewer is a viewer in its team.
        Viewer = "viewer",
        /// Shared with the viewer to change.
        Edit = "edit",
        /// Shared with the viewer to read.
        View = "view",
    }
);

words!(
    /// The order of a list.
    #[derive(Default)]
    Sort {
        /// Last changed first.
        #[default]
        Updated = "updated",
        /// Last created first.
        Newest = "newest",
        /// First created first.
        Oldest = "oldest",
        /// By title, A to Z.
        Title = "title",
    }
);

fn title(text: &str) -> Result<String, FieldError> {
    text::single_line("title", "The title", text, 1, TITLE_MAX)
}

fn description(text: &str) -> Result<String, FieldError> {
    text::multi_line("description", "The description", text, DESCRIPTION_MAX)
}

/// A checked new task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewTask {
    /// Trimmed title.
    pub title: String,
    /// Trimmed description, may be empty.
    pub description: String,
    /// Whether it is done already.
    pub status: Status,
    /// The team to make it in; without it the task is the viewer's alone.
    pub team_id: Option<TeamId>,
    /// Made by the form: the same texts twice under one key make one task, so a double click does no harm.
    pub key: Option<Uuid>,
}

impl NewTask {
    /// Checks a form; the error names every field that breaks a rule.
    pub fn parse(title_text: &str, description_text: &str, key: Option<Uuid>) -> Result<Self> {
        let mut checks = Checks::default();
        match (checks.take(title(title_text)), checks.take(description(description_text))) {
            (Some(title), Some(description)) => {
                Ok(Self { title, description, status: Status::Pending, team_id: None, key })
            }
            _ => Err(checks.into_error()),
        }
    }

    /// The same task, in a team.
    pub fn in_team(self, team_id: Option<TeamId>) -> Self {
        Self { team_id, ..self }
    }
}

/// A checked change of a task; `None` leaves a field as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TaskChange {
    /// New title.
    pub title: Option<String>,
    /// New description.
    pub description: Option<String>,
    /// New status.
    pub status: Option<Status>,
    /// The version the writer read; [`Error::Stale`] if the task has another by now.
    pub version: Option<i32>,
}

impl TaskChange {
    /// Checks the texts; the error names every field that breaks a rule.
    pub fn parse(
        title_text: Option<&str>,
        description_text: Option<&str>,
        status: Option<Status>,
        version: Option<i32>,
    ) -> Result<Self> {
        let mut checks = Checks::default();
        let title = checks.take_some(title_text.map(title));
        let description = checks.take_some(description_text.map(description));
        checks.unless_any(Self { title, description, status, version })
    }

    /// Whether the task already is as this change asks; then there is nothing to write, and nothing stale.
    pub fn is_met_by(&self, task: &Task) -> bool {
        self.title.as_ref().is_none_or(|title| *title == task.title)
            && self.description.as_ref().is_none_or(|description| *description == task.description)
            && self.status.is_none_or(|status| status == task.status)
    }

    /// A change of status alone.
    pub fn status(status: Status) -> Self {
        Self { status: Some(status), ..Self::default() }
    }
}

words!(
    /// What can be done to many tasks at once.
    BulkAction {
        /// Make them completed.
        Complete = "complete",
        /// Make them pending.
        Reopen = "reopen",
        /// Delete them; each can be brought back.
        Delete = "delete",
    }
);

words!(
    /// How a file of tasks is written.
    #[derive(Default)]
    FileFormat {
        /// A list of objects.
        #[default]
        Json = "json",
        /// A table.
        Csv = "csv",
    }
);

/// What comes of a file of tasks.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Imported {
    /// The tasks that the lines made, in their order; none in a dry run.
    pub made: Vec<TaskId>,
    /// What comes of each line.
    pub lines: Vec<ImportedLine>,
}

/// What comes of a line of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportedLine {
    /// Where it begins, from 1; in JSON the number of the entry.
    pub number: u64,
    /// The title of its task; `None` if it is refused.
    pub title: Option<String>,
    /// Every field that breaks a rule.
    pub fields: Vec<FieldError>,
}

/// A checked change of many tasks at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BulkChange {
    /// What to do.
    pub action: BulkAction,
    /// To which tasks: at least one and at most [`BULK_MAX`], by id, each once.
    pub ids: Vec<TaskId>,
}

impl BulkChange {
    /// Checks how many there are; the same id twice counts once.
    pub fn parse(action: BulkAction, mut ids: Vec<TaskId>) -> Result<Self> {
        ids.sort_unstable();
        ids.dedup();
        match ids.len() {
            1..=BULK_MAX => Ok(Self { action, ids }),
            count => Err(Error::invalid("ids", format!("Name 1 to {BULK_MAX} tasks (now {count})."))),
        }
    }
}

/// Whose tasks to list.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// All that the viewer may see (requirement T3).
    #[default]
    All,
    /// The viewer's own, in teams and outside.
    Own,
    /// Those of others that are shared with the viewer.
    Shared,
    /// Those of one team.
    Team(TeamId),
}

/// Which tasks to list, in what order, and from where.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskQuery {
    /// Whose.
    #[serde(default)]
    pub source: Source,
    /// Only tasks of this status.
    pub status: Option<Status>,
    /// Only tasks whose title or description contains this text, whatever its case; empty for all.
    pub search: String,
    /// The order.
    pub sort: Sort,
    /// The end of the page before; `None` for the first page.
    pub cursor: Option<String>,
    /// Tasks on the page, 1 to [`PAGE_MAX`]; `None` means [`PAGE_SIZE`].
    pub limit: Option<u32>,
}

impl TaskQuery {
    /// Tasks on the page.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a limit out of range or a search text that is too long.
    pub fn checked_limit(&self) -> Result<u32> {
        if self.search.chars().count() > SEARCH_MAX {
            return Err(Error::invalid("q", "A search text has at most 200 characters."));
        }
        match self.limit.unwrap_or(PAGE_SIZE) {
            limit @ 1..=PAGE_MAX => Ok(limit),
            _ => Err(Error::invalid("limit", "A page has 1 to 100 tasks.")),
        }
    }
}

/// One page of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskPage {
    /// The tasks, in the order asked for.
    pub tasks: Vec<Task>,
    /// Where the next page starts; `None` on the last page.
    pub next: Option<String>,
    /// When the list was read.
    pub now: DateTime<Utc>,
    /// How many there are whatever the filter, where that is known without counting them: of the viewer's own tasks,
    /// and of all while nothing else is visible.
    pub counts: Option<Counts>,
}

/// How many tasks there are of each status.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Not yet done.
    pub pending: i64,
    /// Done.
    pub completed: i64,
}

/// A deleted task that can still be brought back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeletedTask {
    /// The task's id, before and after.
    pub id: TaskId,
    /// Its title.
    pub title: String,
    /// When it was deleted.
    pub deleted_at: DateTime<Utc>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_task_names_every_broken_field() {
        let error = NewTask::parse("  ", &"x".repeat(1001), None).unwrap_err();
        assert_eq!(error.about("title"), Some("The title must not be empty."));
        assert_eq!(error.about("description"), Some("The description must have at most 1000 characters (now 1001)."));
    }

    #[test]
    fn markup_is_text_like_any_other() {
        let task = NewTask::parse("<script>alert(1)</script>", "", None).unwrap();
        assert_eq!(task.title, "<script>alert(1)</script>");
    }

    #[test]
    fn a_change_leaves_alone_what_it_does_not_name() {
        let change = TaskChange::parse(None, Some(" more "), None, Some(3)).unwrap();
        assert_eq!(change, TaskChange { description: Some("more".into()), version: Some(3), ..TaskChange::default() });
        assert!(TaskChange::parse(Some(""), None, None, None).is_err());
    }

    #[test]
    fn every_word_is_read_back() {
        for status in Status::ALL {
            assert_eq!(status.as_str().parse(), Ok(*status));
            assert_eq!(serde_json::to_string(status).unwrap(), format!("\"{status}\""));
        }
        for sort in Sort::ALL {
            assert_eq!(sort.as_str().parse(), Ok(*sort));
        }
        assert_eq!("done".parse::<Status>(), Err(crate::UnknownWord));
    }

    #[test]
    fn a_page_has_1_to_100_tasks() {
        let limit = |limit| TaskQuery { limit, ..TaskQuery::default() }.checked_limit();
        assert_eq!(limit(None), Ok(PAGE_SIZE));
        assert_eq!(limit(Some(100)), Ok(100));
        assert!(limit(Some(0)).is_err());
        assert!(limit(Some(101)).is_err());
    }
}

#[cfg(test)]
mod fuzz {
    use super::*;
    use std::collections::BTreeSet;
    use taskwire_fuzz::{check, produce, text};

    const PIECES: &[&str] = &["a", "Plan the offsite", "<b>", " ", "\n", "\r\n", "\t", "\0", "ä", "0123456789"];

    #[test]
    fn a_new_task_and_a_change_to_it_keep_the_same_rules() {
        let many = produce::<u8>();
        check!().with_generator((text(PIECES), text(PIECES), many)).for_each(|(title_text, description_text, many)| {
            let description_text = description_text.repeat(usize::from(*many % 16));
            let (title, description) = (title(title_text), description(&description_text));
            let new = NewTask::parse(title_text, &description_text, None);
            let change = TaskChange::parse(Some(title_text), Some(&description_text), None, None);
            match (&new, &change) {
                (Ok(new), Ok(change)) => {
                    assert!((1..=TITLE_MAX).contains(&new.title.chars().count()) && !new.title.contains('\n'));
                    assert!(new.description.chars().count() <= DESCRIPTION_MAX);
                    assert_eq!((Ok(&new.title), Ok(&new.description)), (title.as_ref(), description.as_ref()));
                    assert_eq!((&change.title, &change.description), (&title.ok(), &description.ok()));
                    assert_eq!(
                        NewTask::parse(&new.title, &new.description, None).as_ref(),
                        Ok(new),
                        "it is read again"
                    );
                }
                (Err(error), Err(of_change)) => {
                    assert_eq!(error, of_change);
                    assert_eq!(error.about("title").is_some(), title.is_err());
                    assert_eq!(error.about("description").is_some(), description.is_err());
                }
                _ => panic!("{new:?} and {change:?}"),
            }
        });
    }

    #[test]
    fn a_change_of_many_names_each_task_once() {
        check!().with_type().for_each(|(ids, more): &(Vec<i64>, u16)| {
            let ids: Vec<_> = ids.iter().copied().chain(0..i64::from(*more % 600)).map(TaskId).collect();
            let distinct: BTreeSet<_> = ids.iter().copied().collect();
            match BulkChange::parse(BulkAction::Complete, ids) {
                Ok(change) => {
                    assert!((1..=BULK_MAX).contains(&distinct.len()));
                    assert!(change.ids.into_iter().eq(distinct));
                }
                Err(error) => assert!(!(1..=BULK_MAX).contains(&distinct.len()) && error.about("ids").is_some()),
            }
        });
    }

    #[test]
    fn a_page_and_a_search_text_have_their_limits() {
        let limit = produce::<Option<u8>>();
        check!().with_generator((text(PIECES), limit)).for_each(|(search, limit)| {
            let limit = limit.map(u32::from);
            let query = TaskQuery { search: search.clone(), limit, ..TaskQuery::default() };
            let (is_short, is_page) =
                (search.chars().count() <= SEARCH_MAX, limit.is_none_or(|n| (1..=PAGE_MAX).contains(&n)));
            match query.checked_limit() {
                Ok(found) => assert!(is_short && is_page && found == limit.unwrap_or(PAGE_SIZE)),
                Err(error) => assert!(error.about("q").is_some() != is_short && (!is_short || !is_page)),
            }
        });
    }
}
