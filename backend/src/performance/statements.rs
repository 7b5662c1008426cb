//! How long each statement took, by its name: sqlx tells of every one.

use super::Recent;
use metrics::histogram;
use std::{fmt, time::Duration};
use tracing::{
    Event, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::{
    Layer,
    filter::{LevelFilter, Targets},
    layer::Context,
    registry::LookupSpan,
};

/// Where sqlx tells of statements.
pub const RAN: &str = "sqlx::query";

/// What is told of a statement when it is done.
#[derive(Debug)]
pub struct Ran {
    /// The name that begins it; `other` for one that has none.
    pub name: String,
    /// How long it took, on its way there and back included.
    pub elapsed: Duration,
}

impl Ran {
    /// Reads what stands at [`RAN`].
    pub fn told_by(event: &Event<'_>) -> Self {
        let mut ran = Self { name: "other".to_owned(), elapsed: Duration::ZERO };
        event.record(&mut ran);
        ran
    }
}

impl Visit for Ran {
    fn record_str(&mut self, field: &Field, value: &str) {
        // The beginning of its text: our own begin with their names, as comments.
        if field.name() == "summary"
            && let Some((name, _)) = named(value)
        {
            name.clone_into(&mut self.name);
        }
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        if field.name() == "elapsed_secs" {
            self.elapsed = Duration::try_from_secs_f64(value).unwrap_or_default();
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn fmt::Debug) {}
}

/// Records every statement's time, and keeps the texts of those that have a plan.
pub fn statements<S: Subscriber + for<'a> LookupSpan<'a>>(recent: Recent) -> impl Layer<S> {
    Statements(recent).with_filter(Targets::new().with_target(RAN, LevelFilter::TRACE))
}

struct Statements(Recent);

impl<S: Subscriber> Layer<S> for Statements {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let Ran { name, elapsed } = Ran::told_by(event);
        histogram!("taskwire_db_statement_duration_seconds", "statement" => name).record(elapsed);
        event.record(&mut Text(&self.0));
    }
}

/// Takes up the text of a statement.
struct Text<'a>(&'a Recent);

impl Visit for Text<'_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "db.statement"
            && let Some((name, text)) = named(value)
        {
            self.0.note_text(name, text);
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn fmt::Debug) {}
}

/// A statement's name, and the rest of it.
fn named(text: &str) -> Option<(&str, &str)> {
    let (name, rest) = text.trim().strip_prefix("/* ")?.split_once(" */")?;
    Some((name, rest.trim_start()))
}

/// How a statement begins that has a plan. All others stay unknown: those that open a scope bear the viewer's id.
const PLANNED: [&str; 5] = ["SELECT", "INSERT", "UPDATE", "DELETE", "WITH"];

impl Recent {
    /// Notes the text of a statement, unless it has no plan.
    pub fn note_text(&self, name: &str, text: &str) {
        if text.split_whitespace().next().is_some_and(|word| PLANNED.contains(&word)) {
            self.keep_text(name, text);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_has_a_plan_is_kept() {
        let recent = Recent::default();
        for text in ["SELECT 1", "WITH a AS (SELECT 1) SELECT * FROM a", "INSERT INTO a VALUES ($1)", "SELECT\n    1"] {
            recent.note_text(text, text);
            assert_eq!(recent.text(text).as_deref(), Some(text));
        }
        for text in ["BEGIN; SELECT scope_open('0192b1c8')", "COMMIT", "SELECTED", ""] {
            recent.note_text(text, text);
            assert_eq!(recent.text(text), None);
        }
    }

    #[test]
    fn a_statement_begins_with_its_name() {
        assert_eq!(
            named("\n\n/* task_get */ SELECT id\n  FROM tasks\n"),
            Some(("task_get", "SELECT id\n  FROM tasks"))
        );
        assert_eq!(named("SELECT /* task_get */ 1"), None);
    }
}
