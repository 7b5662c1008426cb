//! Listing tasks a page at a time.
//!
//! A page starts behind the last row of the page before (a cursor of the sort key and the id), so it stays right
//! while tasks come and go, and costs the same on the first page and on the thousandth. Each wanted status is one run
//! of an index, read for at most one page; the runs are merged. A search text filters what the runs pass: a rare text
//! reads up to all of the viewer's own tasks, never anybody else's.

use super::TaskRow;
use crate::{Backend, Error, Result, Viewer};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sqlx::{query, query_as};
use taskwire_domain::{
    Error as Refusal,
    task::{Sort, Status, TaskPage, TaskQuery},
};

/// Where a page ended: the last row's place in the order. Opaque outside; hex-encoded JSON.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Cursor {
    sort: Sort,
    at: DateTime<Utc>,
    title: String,
    id: i64,
}

impl Cursor {
    /// Before the first row of this order.
    fn start(sort: Sort) -> Self {
        let (at, id) = match sort {
            Sort::Updated | Sort::Newest => (FAR_FUTURE, i64::MAX),
            Sort::Oldest | Sort::Title => (DateTime::UNIX_EPOCH, 0),
        };
        Self { sort, at, title: String::new(), id }
    }

    fn after(sort: Sort, row: &TaskRow) -> Self {
        let at = match sort {
            Sort::Updated => row.updated_at,
            Sort::Newest | Sort::Oldest | Sort::Title => row.created_at,
        };
        let title = if sort == Sort::Title { row.title.clone() } else { String::new() };
        Self { sort, at, title, id: row.id }
    }

    fn encode(&self) -> Result<String> {
        let json = serde_json::to_vec(self).map_err(|e| Error::Fault(e.to_string()))?;
        Ok(json.iter().map(|byte| format!("{byte:02x}")).collect())
    }

    fn decode(text: &str, sort: Sort) -> Result<Self> {
        let refuse = || Refusal::invalid("cursor", "This page is no longer there. Please start from the first page.");
        let digits = text.as_bytes().chunks_exact(2);
        let bytes: Option<Vec<u8>> = if digits.remainder().is_empty() {
            digits.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect()
        } else {
            None
        };
        let cursor: Self = serde_json::from_slice(&bytes.ok_or_else(refuse)?).map_err(|_| refuse())?;
        // A cursor of another order points nowhere; a NUL in a text, and most years that chrono has, are what Postgres
        // cannot take.
        let in_time = (DateTime::UNIX_EPOCH..=FAR_FUTURE).contains(&cursor.at);
        if cursor.sort != sort || !in_time || cursor.title.contains('\0') {
            return Err(refuse().into());
        }
        Ok(cursor)
    }
}

/// Later than any task.
const FAR_FUTURE: DateTime<Utc> = match DateTime::from_timestamp(253_402_300_799, 0) {
    Some(end_of_the_year_9999) => end_of_the_year_9999,
    None => DateTime::UNIX_EPOCH,
};

/// A pattern that finds the text anywhere, whatever it contains.
fn like(search: &str) -> String {
    let escaped = search.trim().replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
    format!("%{escaped}%")
}

/// The list in one order. The order must stand in the statement for its index to be used, so there is a statement for
/// each, alike but for the key.
macro_rules! page {
    ($scope:expr, $key:literal, $direction:literal, $after:literal, $start:literal, $bound:expr,
     $user:expr, $statuses:expr, $pattern:expr, $id:expr, $limit:expr) => {
        query_as!(
            TaskRow,
            r#"SELECT task.id AS "id!", task.user_id AS "user_id!", task.team_id, task.title AS "title!",
                      task.description AS "description!", task.status AS "status!", task.version AS "version!",
                      task.created_at AS "created_at!", task.updated_at AS "updated_at!", task.completed_at
               FROM unnest($2::text[]) AS wanted (status)
               CROSS JOIN LATERAL (
                   SELECT * FROM tasks
                   WHERE user_id = $1 AND tasks.status = wanted.status
                       AND ("#
                + $key
                + ", id) "
                + $after
                + " ("
                + $start
                + ", $4)
                       AND (title ILIKE $5 OR description ILIKE $5)
                   ORDER BY "
                + $key
                + " "
                + $direction
                + ", id "
                + $direction
                + " LIMIT $6
               ) task
               ORDER BY task."
                + $key
                + " "
                + $direction
                + ", task.id "
                + $direction
                + " LIMIT $6",
            $user,
            $statuses,
            $bound,
            $id,
            $pattern,
            $limit
        )
        .fetch_all($scope.connection()?)
        .await?
    };
}

impl Backend {
    /// One page of the viewer's own tasks, and how many there are of each status.
    ///
    /// # Errors
    /// [`Refusal::Invalid`] for a limit, search text or cursor out of bounds.
    pub async fn task_list(&self, viewer: &Viewer, query: &TaskQuery) -> Result<TaskPage> {
        let limit = query.checked_limit()?;
        let sort = query.sort;
        let after = match &query.cursor {
            Some(text) => Cursor::decode(text, sort)?,
            None => Cursor::start(sort),
        };
        if query.search.contains('\0') {
            return Err(Refusal::invalid("q", "A search text must not contain control characters.").into());
        }
        let statuses: Vec<String> = match query.status {
            Some(status) => vec![status.to_string()],
            None => Status::ALL.iter().map(Status::to_string).collect(),
        };
        let pattern = like(&query.search);
        // One more than the page shows whether there is a next one.
        let wanted = i64::from(limit) + 1;

        let mut scope = self.reading(viewer).await?;
        let user = scope.user();
        let mut rows = match sort {
            Sort::Updated => {
                page!(scope, "updated_at", "DESC", "<", "$3", after.at, user, &statuses, pattern, after.id, wanted)
            }
            Sort::Newest => {
                page!(scope, "created_at", "DESC", "<", "$3", after.at, user, &statuses, pattern, after.id, wanted)
            }
            Sort::Oldest => {
                page!(scope, "created_at", "ASC", ">", "$3", after.at, user, &statuses, pattern, after.id, wanted)
            }
            Sort::Title => {
                let title = after.title;
                // Postgres puts it into lower case, as it did the column: Rust's rules differ in some letters.
                page!(scope, "title_key", "ASC", ">", "lower($3)", title, user, &statuses, pattern, after.id, wanted)
            }
        };
        let counters =
            query!(r#"SELECT total - completed AS "pending!", completed FROM user_counters WHERE user_id = $1"#, user)
                .fetch_one(scope.connection()?)
                .await?;

        let page = usize::try_from(limit).unwrap_or(usize::MAX);
        let more = rows.len() > page;
        rows.truncate(page);
        let next = match rows.last() {
            Some(last) if more => Some(Cursor::after(sort, last).encode()?),
            _ => None,
        };
        Ok(TaskPage {
            tasks: rows.into_iter().map(|row| row.seen_by(viewer.user_id)).collect(),
            next,
            now: scope.now,
            pending: counters.pending,
            completed: counters.completed,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn no_cursor_text_is_a_fault(text in any::<String>()) {
            prop_assert!(matches!(Cursor::decode(&text, Sort::Title), Ok(_) | Err(Error::Refused(Refusal::Invalid(_)))));
        }

        #[test]
        fn a_cursor_is_read_back_for_its_own_order_only(title in "[^\0]{0,20}", id in any::<i64>(), seconds in 0..4_000_000_000i64) {
            let at = DateTime::from_timestamp(seconds, 0).unwrap();
            let cursor = Cursor { sort: Sort::Title, at, title, id };
            let text = cursor.encode().unwrap();
            prop_assert_eq!(Cursor::decode(&text, Sort::Title).unwrap(), cursor);
            prop_assert!(Cursor::decode(&text, Sort::Newest).is_err());
        }
    }

    #[test]
    fn wildcards_in_a_search_text_are_letters() {
        assert_eq!(like(r" 50%_\ "), r"%50\%\_\\%");
    }
}
