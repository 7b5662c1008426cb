//! Tasks as a file: what an import reads, in JSON or in CSV (RFC 4180), and how a text stands in a cell.
//!
//! A spreadsheet takes a cell that begins like a formula for one, whoever wrote it. In CSV such a text, or such
//! a part of one, has an apostrophe put in front (OWASP, CSV Injection), which reading takes off again.

use csv::{ReaderBuilder, StringRecord, Trim};
use serde::{
    Deserialize, Deserializer,
    de::{Error as _, IgnoredAny, SeqAccess, Visitor},
};
use serde_json::{Value, error::Category, value::RawValue};
use std::fmt::{self, Formatter};
use taskwire_domain::{
    Error, FieldError, Result,
    task::{FileFormat, IMPORT_MAX, NewTask, Status},
};

/// With what a cell begins that spreadsheets calculate, also in the wide forms that some of them take for the same.
const FORMULA: [char; 10] = ['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠'];
/// After what a spreadsheet may see another cell begin, whatever we meant: many languages separate cells by semicolons.
const SEPARATORS: [char; 5] = [';', '\t', '\r', '\n', '"'];

fn begins_like_a_formula(text: &str) -> bool {
    text.trim_start_matches('\'').starts_with(FORMULA)
}

/// With an apostrophe before whatever a spreadsheet might calculate.
pub fn guarded(text: &str) -> String {
    let mut cell = String::with_capacity(text.len() + 1);
    let mut rest = text;
    loop {
        if begins_like_a_formula(rest) {
            cell.push('\'');
        }
        let Some((part, after)) = split_after_separator(rest) else { return cell + rest };
        cell += part;
        rest = after;
    }
}

/// Without those apostrophes.
fn unguarded(cell: &str) -> String {
    let mut text = String::with_capacity(cell.len());
    let mut rest = cell;
    loop {
        rest = rest.strip_prefix('\'').filter(|bare| begins_like_a_formula(bare)).unwrap_or(rest);
        let Some((part, after)) = split_after_separator(rest) else { return text + rest };
        text += part;
        rest = after;
    }
}

fn split_after_separator(text: &str) -> Option<(&str, &str)> {
    let (at, separator) = text.match_indices(SEPARATORS).next()?;
    text.split_at_checked(at + separator.len())
}

/// By this a spreadsheet knows UTF-8.
pub const BYTE_ORDER_MARK: &str = "\u{feff}";

/// The columns in CSV; of them an import reads the second to the fourth.
pub const COLUMNS: [&str; 8] =
    ["id", "title", "description", "status", "team", "created_at", "updated_at", "completed_at"];

/// What is read of a task, and what an export says of it besides. Anything else is perhaps a name that was misspelt: its
/// text would be lost.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    title: String,
    #[serde(default)]
    description: Option<String>,
    #[serde(default, deserialize_with = "status")]
    status: Option<Status>,
    #[serde(default, rename = "id")]
    _id: IgnoredAny,
    #[serde(default, rename = "user_id")]
    _user_id: IgnoredAny,
    #[serde(default, rename = "team_id")]
    _team_id: IgnoredAny,
    #[serde(default, rename = "team")]
    _team: IgnoredAny,
    #[serde(default, rename = "access")]
    _access: IgnoredAny,
    #[serde(default, rename = "version")]
    _version: IgnoredAny,
    #[serde(default, rename = "created_at")]
    _created_at: IgnoredAny,
    #[serde(default, rename = "updated_at")]
    _updated_at: IgnoredAny,
    #[serde(default, rename = "completed_at")]
    _completed_at: IgnoredAny,
}

/// What people misspell most, so it is refused in our own words.
fn status<'de, D: Deserializer<'de>>(word: D) -> Result<Option<Status>, D::Error> {
    let word = Option::<String>::deserialize(word)?;
    word.map(|word| word.parse()).transpose().map_err(|_| {
        let words: Vec<_> = Status::ALL.iter().map(|status| format!("“{status}”")).collect();
        D::Error::custom(format!("The status is {}", words.join(" or ")))
    })
}

/// The task that an entry would make.
fn task<'de, D: Deserializer<'de>>(entry: D) -> Result<NewTask> {
    let Entry { title, description, status, .. } = serde_path_to_error::deserialize(entry).map_err(|error| {
        let field = match error.path().to_string() {
            path if path == "." => "line".to_owned(),
            path => path,
        };
        FieldError::new(&field, format!("{}.", error.inner()))
    })?;
    let new = NewTask::parse(&title, &description.unwrap_or_default(), None)?;
    Ok(NewTask { status: status.unwrap_or(Status::Pending), ..new })
}

/// A line of a file, as it was read.
#[derive(Debug)]
pub struct Line {
    /// Where it begins, from 1; in JSON the number of the entry.
    pub number: u64,
    /// The task that it would make, or why it makes none.
    pub task: Result<NewTask>,
}

/// Reads a file of 1 to [`IMPORT_MAX`] tasks, and no further.
///
/// # Errors
/// If it is not of this format at all, or has other columns; what is wrong with a line is in the line.
pub fn read(format: FileFormat, file: &[u8]) -> Result<Vec<Line>> {
    let lines = match format {
        FileFormat::Json => read_json(file)?,
        FileFormat::Csv => read_csv(file)?,
    };
    match lines.len() {
        1..=IMPORT_MAX => Ok(lines),
        _ => Err(Error::invalid("file", format!("A file has 1 to {IMPORT_MAX} tasks."))),
    }
}

/// The entries of a list, unread.
struct Entries<'a>(Vec<&'a RawValue>);

impl<'de: 'a, 'a> Deserialize<'de> for Entries<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(Few)
    }
}

struct Few;

impl<'de> Visitor<'de> for Few {
    type Value = Entries<'de>;

    fn expecting(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        write!(formatter, "a list of at most {IMPORT_MAX} tasks")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Entries<'de>, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = list.next_element()? {
            entries.push(entry);
            if entries.len() > IMPORT_MAX {
                return Err(A::Error::invalid_length(entries.len(), &self));
            }
        }
        Ok(Entries(entries))
    }
}

fn read_json(file: &[u8]) -> Result<Vec<Line>> {
    let Entries(entries) = serde_json::from_slice(file).map_err(|error| match error.classify() {
        Category::Data => Error::invalid("file", format!("The file must be a list of 1 to {IMPORT_MAX} tasks.")),
        _ => Error::invalid("file", format!("The file is not JSON: {error}.")),
    })?;
    let lines = (1..).zip(entries).map(|(number, entry)| Line { number, task: json_task(entry.get()) });
    Ok(lines.collect())
}

fn json_task(entry: &str) -> Result<NewTask> {
    // Whose fields would be taken from a list as well, in their order.
    if !entry.starts_with('{') {
        return Err(Error::invalid("line", "A task is an object with a “title”."));
    }
    task(&mut serde_json::Deserializer::from_str(entry))
}

fn read_csv(file: &[u8]) -> Result<Vec<Line>> {
    let mut reader = ReaderBuilder::new().trim(Trim::Headers).from_reader(file);
    let names = reader.headers().map(|names| names.iter().map(str::to_lowercase).collect::<StringRecord>());
    let names = names.unwrap_or_default();
    for (at, name) in names.iter().enumerate() {
        if !COLUMNS.contains(&name) || names.iter().take(at).any(|before| before == name) {
            let rule = format!("The columns are {}, each at most once.", COLUMNS.join(", "));
            return Err(Error::invalid(name, rule));
        }
    }
    if !names.iter().any(|name| name == "title") {
        let rule =
            "The first line must name the columns in UTF-8: “title”, and if you like “description” and “status”.";
        return Err(Error::invalid("title", rule));
    }
    let mut lines = Vec::new();
    let mut record = StringRecord::new();
    let mut place = Place { rest: file, byte: 0, line: 1 };
    loop {
        let number = place.line_at(reader.position().byte());
        let task = match reader.read_record(&mut record) {
            Ok(false) => return Ok(lines),
            Ok(true) => task(entry(&record, &names)),
            Err(error) => Err(fault(&error)),
        };
        lines.push(Line { number, task });
        if lines.len() > IMPORT_MAX {
            return Ok(lines);
        }
    }
}

/// How far a file was read. The reader itself counts no lines that end in CR alone, as old spreadsheets write them.
struct Place<'a> {
    rest: &'a [u8],
    byte: usize,
    line: u64,
}

impl Place<'_> {
    /// The line that begins at this byte, or behind the line ends there: empty lines, and what is left of a CRLF.
    fn line_at(&mut self, byte: u64) -> u64 {
        let read = usize::try_from(byte).unwrap_or(usize::MAX).saturating_sub(self.byte);
        let ends = self.rest.iter().skip(read).take_while(|byte| b"\r\n".contains(byte)).count();
        let (before, rest) = self.rest.split_at_checked(read + ends).unwrap_or((self.rest, &[]));
        let ends = before.iter().filter(|byte| b"\r\n".contains(byte)).count();
        let pairs = before.windows(2).filter(|pair| *pair == b"\r\n").count();
        self.line += (ends - pairs) as u64;
        (self.byte, self.rest) = (self.byte + before.len(), rest);
        self.line
    }
}

/// A line as the entry of a list that it would be; what stands in no cell is not said.
fn entry(record: &StringRecord, names: &StringRecord) -> Value {
    let said = names.iter().zip(record).filter(|(name, cell)| *name == "title" || !cell.is_empty());
    Value::Object(said.map(|(name, cell)| (name.to_owned(), unguarded(cell).into())).collect())
}

/// Why a line cannot be read.
fn fault(error: &csv::Error) -> Error {
    let message = match error.kind() {
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            format!("The line has {len} cells instead of {expected_len}.")
        }
        csv::ErrorKind::Utf8 { .. } => "The line is not text in UTF-8.".to_owned(),
        _ => "The line cannot be read.".to_owned(),
    };
    FieldError::new("line", message).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    type Seen = (String, String, Status);

    fn outcomes(format: FileFormat, file: &[u8]) -> Vec<(u64, Result<Seen, String>)> {
        let seen = |task: NewTask| (task.title, task.description, task.status);
        let complaint = |error: Error| match error {
            Error::Invalid(fields) => fields.iter().map(|one| format!("{}: {}", one.field, one.message)).collect(),
            other => other.to_string(),
        };
        let lines = read(format, file).unwrap().into_iter();
        lines.map(|line| (line.number, line.task.map(seen).map_err(complaint))).collect()
    }

    #[test]
    fn a_table_is_read_line_by_line() {
        let file = "\u{feff} Title ,ID,status,description\r\n\
                    Plan,1,,\"Two\r\nlines\"\r\n'=Sum,2,completed,'it is\r\n ,3,pending,\r\nDone,4,done,\r\nShort,5\r\n\r\n";
        let mut file = file.as_bytes().to_vec();
        file.extend_from_slice(b"\xff,6,,\r\nLast,7,,\r\n");
        let task = |title: &str, description: &str, status| Ok((title.to_owned(), description.to_owned(), status));
        let wrong = |text: &str| Err(text.to_owned());
        assert_eq!(
            outcomes(FileFormat::Csv, &file),
            [
                (2, task("Plan", "Two\nlines", Status::Pending)),
                (4, task("=Sum", "'it is", Status::Completed)),
                (5, wrong("title: The title must not be empty.")),
                (6, wrong("status: The status is “pending” or “completed”.")),
                (7, wrong("line: The line has 2 cells instead of 4.")),
                (9, wrong("line: The line is not text in UTF-8.")),
                (10, task("Last", "", Status::Pending)),
            ]
        );
        let numbers =
            |file: &[u8]| outcomes(FileFormat::Csv, file).iter().map(|(number, _)| *number).collect::<Vec<_>>();
        assert_eq!(numbers(b"title\rPlan\r\r\"Go\rnow\"\rDone"), [2, 4, 6], "lines end as on an old Macintosh");
        assert!(read(FileFormat::Csv, b"").is_err());
        assert!(read(FileFormat::Csv, b"name\nPlan\n").is_err());
    }

    #[test]
    fn a_list_is_read_entry_by_entry() {
        let file = r#"[{ "title": "Plan", "id": 7 }, { "title": 7 }, { "status": "completed" }, 7,
                       { "title": "'=Sum", "description": null, "status": "completed" }]"#;
        let found = outcomes(FileFormat::Json, file.as_bytes());
        assert_eq!(
            found.iter().map(|(number, task)| (*number, task.is_ok())).collect::<Vec<_>>(),
            [(1, true), (2, false), (3, false), (4, false), (5, true)]
        );
        assert_eq!(found[4].1, Ok(("'=Sum".to_owned(), String::new(), Status::Completed)), "it is no cell");
        assert!(read(FileFormat::Json, b"{}").is_err());
        assert!(read(FileFormat::Json, b"[").is_err());
    }
}

#[cfg(test)]
mod fuzz {
    use super::*;
    use taskwire_fuzz::{bytes, check, text};

    const TEXT: &[&str] =
        &["=", "+", "-", "@", "＝", "'", ";", "\"", ",", "\t", "\n", "\r\n", "a", "Plan", " ", "ä", "\0", "\u{feff}"];
    const CSV: &[&str] = &[
        "title",
        "description",
        "status",
        "id",
        "team",
        "\u{feff}",
        ",",
        ",",
        ",",
        "\n",
        "\n",
        "\r\n",
        "\r",
        "\"",
        "\"\"",
        "'",
        "=1",
        "pending",
        "completed",
        " ",
        "a",
    ];
    const JSON: &[&str] = &[
        "[",
        "]",
        "{",
        "}",
        ",",
        ":",
        "\"title\":",
        "\"description\":",
        "\"status\":",
        "\"id\":",
        "\"Plan\"",
        "\"pending\"",
        "null",
        "7",
        "{\"title\":\"Plan\"}",
        "{\"title\":\"Go\",\"status\":\"completed\"}",
        "\"\\u0000\"",
        "\\",
        " ",
        "\n",
    ];

    #[test]
    fn a_guarded_text_is_no_formula_and_is_read_back() {
        check!().with_generator(text(TEXT)).for_each(|text| {
            let cell = guarded(text);
            assert!(!cell.split(SEPARATORS).any(|part| part.starts_with(FORMULA)), "{cell:?}");
            assert_eq!(&unguarded(&cell), text);
        });
    }

    /// What holds of every file, whatever is in it; its lines.
    fn read_any(format: FileFormat, file: &[u8]) -> Vec<Line> {
        let lines = match read(format, file) {
            Ok(lines) => lines,
            Err(Error::Invalid(fields)) => {
                assert!(fields.iter().all(|one| !one.message.is_empty()));
                return Vec::new();
            }
            Err(other) => panic!("{other:?}"),
        };
        assert!((1..=IMPORT_MAX).contains(&lines.len()));
        assert!(lines.windows(2).all(|two| two[0].number < two[1].number), "{lines:?}");
        for Line { number, task } in &lines {
            assert!(*number >= 1);
            match task {
                Ok(task) => {
                    let again = NewTask::parse(&task.title, &task.description, None).unwrap();
                    assert_eq!(&NewTask { status: task.status, ..again }, task);
                }
                Err(Error::Invalid(fields)) => assert!(!fields.is_empty()),
                Err(other) => panic!("{other:?}"),
            }
        }
        lines
    }

    #[test]
    fn a_table_has_a_task_or_a_complaint_for_each_line() {
        check!().with_generator(bytes(CSV)).for_each(|file| {
            let lines = read_any(FileFormat::Csv, file);
            let ends = file.iter().filter(|byte| b"\r\n".contains(byte)).count() as u64;
            assert!(lines.last().is_none_or(|last| last.number <= ends + 1), "{lines:?}");
            assert!(lines.iter().all(|line| line.number >= 2), "the first names the columns: {lines:?}");
            for line in lines {
                let Err(error) = line.task else { continue };
                assert!(["title", "description", "status", "line"].iter().any(|field| error.about(field).is_some()));
            }
        });
    }

    #[test]
    fn a_list_has_a_task_or_a_complaint_for_each_entry() {
        check!().with_generator(bytes(JSON)).for_each(|file| {
            let lines = read_any(FileFormat::Json, file);
            let Ok(Value::Array(entries)) = serde_json::from_slice(file) else { return };
            assert_eq!(lines.len(), entries.len(), "all of them can be read");
            for (line, entry) in lines.iter().zip(&entries) {
                let said = |field: &str| entry.get(field).and_then(Value::as_str).unwrap_or_default();
                if let Ok(task) = &line.task {
                    let new = NewTask::parse(said("title"), said("description"), None).unwrap();
                    assert_eq!((&task.title, &task.description), (&new.title, &new.description));
                    assert!(entry.as_object().unwrap().keys().all(|key| COLUMNS.contains(&&**key)), "{entry}");
                }
            }
        });
    }

    #[test]
    fn what_is_written_is_read_back_in_both_formats() {
        check!().with_generator((text(TEXT), text(TEXT), text(&["pending", "completed"]))).for_each(
            |(title, description, status)| {
                let Ok(new) = NewTask::parse(title, description, None) else { return };
                let mut csv = csv::Writer::from_writer(BYTE_ORDER_MARK.as_bytes().to_vec());
                csv.write_record(["status", "description", "title"]).unwrap();
                csv.write_record([&**status, &guarded(&new.description), &guarded(&new.title)]).unwrap();
                let entry = serde_json::json!({ "title": new.title, "description": new.description, "status": status });
                for (format, file) in [
                    (FileFormat::Csv, csv.into_inner().unwrap()),
                    (FileFormat::Json, serde_json::to_vec(&[entry]).unwrap()),
                ] {
                    let wanted = match (status.as_str(), format) {
                        ("", FileFormat::Csv) => Ok(Status::Pending),
                        (word, _) => word.parse(),
                    };
                    let lines = read_any(format, &file);
                    assert_eq!(lines.len(), 1);
                    match (&lines[0].task, wanted) {
                        (Ok(task), Ok(status)) => assert_eq!(task, &NewTask { status, ..new.clone() }),
                        (Err(error), Err(_)) => assert!(error.about("status").is_some(), "{error:?}"),
                        (found, wanted) => panic!("{found:?} instead of {wanted:?}"),
                    }
                }
            },
        );
    }
}
