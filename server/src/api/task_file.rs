//! The caller's tasks as a file, written page by page.

use super::tasks::TaskBody;
use axum::BoxError;
use csv::{Terminator, WriterBuilder};
use taskwire_backend::task_file::{BYTE_ORDER_MARK, COLUMNS, guarded};
use taskwire_domain::task::{FileFormat, Task};

/// Writes a file, a page of tasks after the other.
pub struct Writer {
    format: FileFormat,
    begun: bool,
}

impl Writer {
    pub fn new(format: FileFormat) -> Self {
        Self { format, begun: false }
    }

    /// The next part of the file.
    pub fn page(&mut self, tasks: Vec<Task>) -> Result<Vec<u8>, BoxError> {
        match self.format {
            FileFormat::Json => self.json(tasks),
            FileFormat::Csv => self.csv(tasks),
        }
    }

    /// What stands behind the last page.
    pub fn end(format: FileFormat) -> &'static str {
        match format {
            FileFormat::Json => "]\n",
            FileFormat::Csv => "",
        }
    }

    /// Whether this is the beginning of the file.
    fn begins(&mut self) -> bool {
        !std::mem::replace(&mut self.begun, true)
    }

    fn json(&mut self, tasks: Vec<Task>) -> Result<Vec<u8>, BoxError> {
        let mut part = Vec::new();
        let mut separator: &[u8] = if self.begins() { b"[" } else { b",\n" };
        for task in tasks {
            part.extend_from_slice(separator);
            serde_json::to_writer(&mut part, &TaskBody::from(task))?;
            separator = b",\n";
        }
        // Nobody has tasks, or the last ones went while the file was written.
        if separator == b"[" {
            part.extend_from_slice(separator);
        }
        Ok(part)
    }

    fn csv(&mut self, tasks: Vec<Task>) -> Result<Vec<u8>, BoxError> {
        let begins = self.begins();
        let part = if begins { BYTE_ORDER_MARK.into() } else { Vec::new() };
        let mut writer = WriterBuilder::new().terminator(Terminator::CRLF).from_writer(part);
        if begins {
            writer.write_record(COLUMNS)?;
        }
        for task in tasks {
            let time = |time: chrono::DateTime<chrono::Utc>| time.to_rfc3339();
            writer.write_record([
                &*task.id.to_string(),
                &guarded(&task.title),
                &guarded(&task.description),
                task.status.as_str(),
                &guarded(task.team.as_deref().unwrap_or_default()),
                &time(task.created_at),
                &time(task.updated_at),
                &task.completed_at.map(time).unwrap_or_default(),
            ])?;
        }
        Ok(writer.into_inner()?)
    }
}

#[cfg(test)]
mod fuzz {
    use super::*;
    use taskwire_backend::task_file::read;
    use taskwire_domain::{
        TaskId, UserId,
        task::{Access, NewTask, Status},
    };
    use taskwire_fuzz::{check, produce, text};
    use uuid::Uuid;

    fn task(new: NewTask, id: i64, team: Option<String>, completed: bool) -> Task {
        let at = chrono::DateTime::UNIX_EPOCH;
        Task {
            id: TaskId(id),
            user_id: UserId(Uuid::nil()),
            owner: None,
            team_id: None,
            team,
            title: new.title,
            description: new.description,
            status: if completed { Status::Completed } else { Status::Pending },
            access: Access::Owner,
            version: 1,
            created_at: at,
            updated_at: at,
            completed_at: completed.then_some(at),
        }
    }

    #[test]
    fn an_export_is_imported_as_what_it_was() {
        const PIECES: &[&str] =
            &["=1+1", "@", "'", "\"", ";", ",", "\n", "\t", "Plan", " ", "\u{feff}", "ä", "-", "\\", "＝"];
        let texts = || (text(PIECES), text(PIECES), produce::<bool>());
        check!().with_generator((texts(), texts(), text(PIECES), produce::<bool>())).for_each(
            |(one, other, team, pages)| {
                let new = |(title, description, completed): &(String, String, bool)| {
                    Some((NewTask::parse(title, description, None).ok()?, *completed))
                };
                let tasks: Vec<_> = [one, other].into_iter().filter_map(new).collect();
                if tasks.is_empty() {
                    return;
                }
                let exported = (1..).zip(tasks.clone());
                let exported: Vec<_> =
                    exported.map(|(id, (new, completed))| task(new, id, Some(team.clone()), completed)).collect();
                for format in FileFormat::ALL {
                    let mut writer = Writer::new(*format);
                    let mut file = Vec::new();
                    for page in exported.chunks(if *pages { 1 } else { 2 }) {
                        file.extend(writer.page(page.to_vec()).unwrap());
                    }
                    file.extend_from_slice(Writer::end(*format).as_bytes());
                    let read = read(*format, &file).unwrap().into_iter().map(|line| line.task.unwrap());
                    let read: Vec<_> = read.map(|task| (task.title, task.description, task.status)).collect();
                    let wanted: Vec<_> =
                        exported.iter().cloned().map(|task| (task.title, task.description, task.status)).collect();
                    assert_eq!(read, wanted, "{format}");
                }
            },
        );
    }
}
