//! Listing tasks a page at a time.
//!
//! A page starts behind the last row of the page before (a cursor of the sort key and the id), so it stays right
//! while tasks come and go, and costs the same on the first page and on the thousandth. For each wanted status, the
//! viewer's own tasks and those of each of their teams are one run of an index, read for at most one page; the runs are
//! merged. Tasks shared with the viewer are read all, because no index has them in order. A search text filters what the
//! runs pass: a rare text reads up to all that the viewer may see, never anything else.

use super::seen::{TaskRow, seen};
use crate::{Backend, Error, Result, Viewer, scope::Scope, viewer::Need};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sqlx::query_as;
use taskwire_domain::{
    Error as Refusal,
    rights::TeamAction,
    task::{Counts, Sort, Source, Status, TaskPage, TaskQuery},
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
        // Digits alone: a number may have a sign as well.
        let is_hex = digits.remainder().is_empty() && text.bytes().all(|digit| digit.is_ascii_hexdigit());
        let byte = |pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
        let bytes: Option<Vec<u8>> = if is_hex { digits.map(byte).collect() } else { None };
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
/// each, alike but for the name and the key. The runs are the viewer's own tasks (`$7`), those of each team (`$8`, or
/// all of the viewer's without it) and those shared with them (`$9`); a task that comes in more than one is listed
/// once. The limit of one keeps the planner from reading the tasks before the shares, which it would do because of the
/// policy.
macro_rules! page {
    ([$name:literal, $key:literal, $direction:literal, $after:literal, $start:literal], [$($argument:expr),+]) => {
        seen!(
            $name,
            [
                "(SELECT DISTINCT ON (run." $key ", run.id) run.*
                  FROM (
                      SELECT own.* FROM unnest($2::text[]) AS wanted (status)
                      CROSS JOIN LATERAL (
                          SELECT tasks.* FROM tasks
                          WHERE $7::boolean AND tasks.user_id = $1 AND tasks.status = wanted.status
                              AND (tasks." $key ", tasks.id) " $after " (" $start ", $4)
                              AND (title ILIKE $5 OR description ILIKE $5)
                          ORDER BY tasks." $key " " $direction ", tasks.id " $direction " LIMIT $6
                      ) own
                      UNION ALL
                      SELECT in_team.* FROM unnest($2::text[]) AS wanted (status)
                      CROSS JOIN unnest(coalesce($8::uuid[], app_team_ids('{owner,admin,member,viewer}'))) AS of (team)
                      CROSS JOIN LATERAL (
                          SELECT tasks.* FROM tasks
                          WHERE tasks.team_id = of.team AND tasks.status = wanted.status
                              AND (tasks." $key ", tasks.id) " $after " (" $start ", $4)
                              AND (title ILIKE $5 OR description ILIKE $5)
                          ORDER BY tasks." $key " " $direction ", tasks.id " $direction " LIMIT $6
                      ) in_team
                      UNION ALL
                      SELECT shared.* FROM task_shares mine
                      CROSS JOIN LATERAL (
                          SELECT tasks.* FROM tasks
                          WHERE tasks.id = mine.task_id AND tasks.status = ANY ($2)
                              AND (tasks." $key ", tasks.id) " $after " (" $start ", $4)
                              AND (title ILIKE $5 OR description ILIKE $5)
                          LIMIT 1
                      ) shared
                      WHERE $9::boolean AND mine.user_id = $1
                  ) run
                  ORDER BY run." $key " " $direction ", run.id " $direction " LIMIT $6
                 ) task"
            ],
            ["ORDER BY task." $key " " $direction ", task.id " $direction],
            $($argument),+
        )
    };
}

impl Backend {
    /// One page of the tasks that the viewer may see.
    ///
    /// # Errors
    /// [`Refusal::Invalid`] for a limit, search text or cursor out of bounds; [`Refusal::NotFound`] for a team that the
    /// viewer is not in.
    pub async fn task_list(&self, viewer: &Viewer, query: &TaskQuery) -> Result<TaskPage> {
        let Source::Team(team) = query.source else { return self.list_tasks(viewer, query).await };
        self.attempt(viewer, "task.list", team, self.list_tasks(viewer, query)).await
    }

    async fn list_tasks(&self, viewer: &Viewer, query: &TaskQuery) -> Result<TaskPage> {
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
        let (own, teams, shared) = match query.source {
            Source::All => (true, None, true),
            Source::Own => (true, Some(vec![]), false),
            Source::Shared => (false, Some(vec![]), true),
            Source::Team(team) => (false, Some(vec![team.0]), false),
        };

        let mut scope = self.reading(viewer, Need::TASKS_READ).await?;
        let user = scope.user();
        if let Source::Team(team) = query.source {
            scope.team_role(team, TeamAction::View).await?;
        }
        let (at, id, teams) = (after.at, after.id, teams.as_deref());
        let mut rows = match sort {
            Sort::Updated => {
                page!(
                    ["/* task_list_updated */", "updated_at", "DESC", "<", "$3"],
                    [user, &statuses, at, id, pattern, wanted, own, teams, shared]
                )
                .fetch_all(scope.connection()?)
                .await?
            }
            Sort::Newest => {
                page!(
                    ["/* task_list_newest */", "created_at", "DESC", "<", "$3"],
                    [user, &statuses, at, id, pattern, wanted, own, teams, shared]
                )
                .fetch_all(scope.connection()?)
                .await?
            }
            Sort::Oldest => {
                page!(
                    ["/* task_list_oldest */", "created_at", "ASC", ">", "$3"],
                    [user, &statuses, at, id, pattern, wanted, own, teams, shared]
                )
                .fetch_all(scope.connection()?)
                .await?
            }
            Sort::Title => {
                let title = after.title;
                // Postgres puts it into lower case, as it did the column: Rust's rules differ in some letters.
                page!(
                    ["/* task_list_title */", "title_key", "ASC", ">", "lower($3)"],
                    [user, &statuses, title, id, pattern, wanted, own, teams, shared]
                )
                .fetch_all(scope.connection()?)
                .await?
            }
        };
        let counts = match query.source {
            Source::All | Source::Own => scope.counts(query.source == Source::All).await?,
            Source::Shared | Source::Team(_) => None,
        };

        let page = usize::try_from(limit).unwrap_or(usize::MAX);
        let more = rows.len() > page;
        rows.truncate(page);
        let next = match rows.last() {
            Some(last) if more => Some(Cursor::after(sort, last).encode()?),
            _ => None,
        };
        let tasks = rows.into_iter().map(|row| row.seen_by(viewer.user_id)).collect();
        Ok(TaskPage { tasks, next, now: scope.now, counts })
    }
}

impl Scope {
    /// How many tasks the viewer has; `None` if `alone` is asked for and they see others besides.
    async fn counts(&mut self, alone: bool) -> Result<Option<Counts>> {
        let user = self.user();
        let counts = query_as!(
            Counts,
            r#"/* task_count */ SELECT own.total - own.completed AS "pending!", own.completed
               FROM user_counters own JOIN share_counters shared ON shared.user_id = own.user_id
               WHERE own.user_id = $1 AND NOT (
                   $2 AND (shared.view + shared.edit > 0 OR EXISTS (SELECT FROM team_members WHERE user_id = $1))
               )"#,
            user,
            alone
        )
        .fetch_optional(self.connection()?)
        .await?;
        Ok(counts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_has_digits_alone() {
        let text = Cursor::start(Sort::Title).encode().unwrap();
        assert!(Cursor::decode(&text, Sort::Title).is_ok());
        assert!(Cursor::decode(&format!("{text}+a"), Sort::Title).is_err(), "a line end, as a number with a sign");
    }

    #[test]
    fn wildcards_in_a_search_text_are_letters() {
        assert_eq!(like(r" 50%_\ "), r"%50\%\_\\%");
    }
}

#[cfg(test)]
mod fuzz {
    use super::*;
    use taskwire_fuzz::{check, produce, text};

    #[test]
    fn a_cursor_is_read_back_for_its_own_order_only() {
        let parts = (text(&["Plan", "\0", "\"", "\\", "😀"]), produce::<(i64, u32, u32)>());
        check!().with_generator(parts).for_each(|(title, (id, seconds, nanos))| {
            let at = DateTime::from_timestamp(i64::from(*seconds), nanos % 1_000_000_000).unwrap();
            let cursor = Cursor { sort: Sort::Title, at, title: title.clone(), id: *id };
            let text = cursor.encode().unwrap();
            match Cursor::decode(&text, Sort::Title) {
                Ok(found) => assert_eq!(found, cursor),
                Err(_) => assert!(title.contains('\0'), "a title that the database cannot have"),
            }
            assert!(Cursor::decode(&text, Sort::Newest).is_err());
        });
    }

    #[test]
    fn a_text_is_a_cursor_that_the_database_can_take_or_is_refused() {
        const PIECES: &[&str] = &[
            "{\"sort\":\"title\",\"at\":\"2026-03-04T10:00:00Z\",\"title\":\"",
            "\",\"id\":",
            "7",
            "}",
            "\\u0000",
            "\\ud800",
            "{\"sort\":\"title\",\"at\":\"+262000-03-04T10:00:00Z\",\"title\":\"",
            ",",
            " ",
            "-",
            "99999999999999999999",
        ];
        check!().with_generator((text(PIECES), produce::<(u8, u8)>())).for_each(|(json, (at, digit))| {
            let mut text: String = json.bytes().map(|byte| format!("{byte:02x}")).collect();
            if usize::from(*at) < text.len() {
                text.replace_range(usize::from(*at)..=usize::from(*at), &char::from(*digit).to_string());
            }
            match Cursor::decode(&text, Sort::Title) {
                Ok(cursor) => {
                    assert!(text.chars().all(|c| c.is_ascii_hexdigit()), "{text}");
                    assert!(!cursor.title.contains('\0') && cursor.sort == Sort::Title);
                    assert!((DateTime::UNIX_EPOCH..=FAR_FUTURE).contains(&cursor.at));
                    assert_eq!(Cursor::decode(&cursor.encode().unwrap(), Sort::Title).unwrap(), cursor);
                }
                Err(Error::Refused(refusal)) => assert!(refusal.about("cursor").is_some()),
                Err(other) => panic!("{other:?}"),
            }
        });
    }

    /// What Postgres takes a pattern for: the text between its first and its last sign, if those alone are wildcards.
    fn unescaped(pattern: &str) -> Option<String> {
        let mut inner = pattern.strip_prefix('%')?.strip_suffix('%')?.chars();
        let mut text = String::new();
        while let Some(c) = inner.next() {
            text.push(match c {
                '%' | '_' => return None,
                '\\' => inner.next()?,
                other => other,
            });
        }
        Some(text)
    }

    #[test]
    fn a_search_text_is_looked_for_letter_by_letter() {
        check!().with_generator(text(&["%", "_", "\\", "a", " ", "50 %"])).for_each(|search| {
            assert_eq!(unescaped(&like(search)).as_deref(), Some(search.trim()));
        });
    }
}
