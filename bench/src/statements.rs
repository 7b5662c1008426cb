//! The product's own statements, as the compiler recorded them in `.sqlx`, so that what is measured is what it runs.

use anyhow::{Context, Result};
use std::{fs, path::Path};

/// The first page of the list by last change.
pub fn list(record: &Path) -> Result<String> {
    recorded(record, "task_list_updated")
}

/// What makes a task.
pub fn create(record: &Path) -> Result<String> {
    recorded(record, "task_insert")
}

/// The statement of this name.
fn recorded(record: &Path, name: &str) -> Result<String> {
    let begin = format!("/* {name} */ ");
    for entry in fs::read_dir(record).with_context(|| format!("reading {}", record.display()))? {
        let recorded: serde_json::Value = serde_json::from_slice(&fs::read(entry?.path())?)?;
        let statement = recorded.get("query").and_then(|query| query.as_str()).unwrap_or_default();
        if statement.starts_with(&begin) {
            return Ok(statement.to_owned());
        }
    }
    None.with_context(|| format!("no recorded statement is named {name}"))
}
