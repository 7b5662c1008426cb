//! Every statement begins with a name of its own, by which metrics and Postgres' log tell it from the others.

use std::{collections::BTreeSet, fs};

#[test]
fn every_recorded_statement_begins_with_a_name_of_its_own() {
    let mut names = BTreeSet::new();
    // One file for each text.
    for entry in fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../.sqlx")).unwrap() {
        let recorded: serde_json::Value = serde_json::from_slice(&fs::read(entry.unwrap().path()).unwrap()).unwrap();
        let statement = recorded["query"].as_str().unwrap();
        let begin = statement.strip_prefix("/* ").and_then(|rest| rest.split_once(" */ "));
        let name = begin.map_or("", |(name, _)| name);
        let is_name = !name.is_empty() && name.bytes().all(|byte| byte == b'_' || byte.is_ascii_lowercase());
        assert!(is_name, "no name: {statement}");
        assert!(names.insert(name.to_owned()), "the name of another: {statement}");
    }
    assert!(!names.is_empty(), "no statement is recorded");
}
