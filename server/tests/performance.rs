//! What administrators see of how the server performs (O1): from the program itself, because what is measured is a whole
//! process's.

#![expect(clippy::indexing_slicing, reason = "a test that cannot go on has failed")]

use super::support::program::{Program, command, data_dir};
use serde_json::Value;
use std::path::Path;

/// What the page is made of.
async fn read(program: &Program, cookie: &str, query: &str) -> Value {
    let answer = program.request_as(cookie, &format!("GET /rpc/performance/read{query}"), "").await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200"), "{answer}");
    serde_json::from_str(body).unwrap()
}

fn found<'a>(list: &'a Value, name: &str, wanted: &str) -> &'a Value {
    let found = list.as_array().unwrap().iter().find(|row| row[name] == wanted);
    found.unwrap_or_else(|| panic!("{wanted} is not in {list}"))
}

async fn add_tasks(program: &Program, cookie: &str, count: usize) {
    for n in 0..count {
        assert!(program.add(cookie, &format!("Task+{n}")).await);
    }
}

async fn shows_the_last_hour(settings: &[(&str, &str)]) {
    let dir = data_dir();
    let program = Program::serve_with(dir.path(), settings).await;
    let cookie = program.sign_up().await;
    add_tasks(&program, &cookie, 7).await;
    for _ in 0..3 {
        let answer = program.request_as(&cookie, "GET /rpc/task/get?id=4711", "").await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 404"), "{answer}");
    }
    let shown = read(&program, &cookie, "").await;
    let created = found(&shown["routes"], "route", "/rpc/task/create");
    assert_eq!(
        (&created["method"], &created["timing"]["count"], &created["refused"]),
        (&"POST".into(), &7.into(), &0.into())
    );
    let missing = found(&shown["routes"], "route", "/rpc/task/get");
    assert_eq!(
        (&missing["timing"]["count"], &missing["refused"], &missing["failed"]),
        (&3.into(), &3.into(), &0.into())
    );
    let inserted = &found(&shown["statements"], "name", "task_insert")["timing"];
    assert_eq!(inserted["count"], 7);
    let times = ["median_ms", "p95_ms", "p99_ms", "max_ms", "total_ms"].map(|name| inserted[name].as_f64().unwrap());
    assert!(times.is_sorted() && times[0] > 0.0, "{inserted}");
    let requests = shown["requests"]["count"].as_i64().unwrap();
    let slices = shown["slices"].as_array().unwrap();
    assert_eq!(slices.iter().map(|slice| slice["requests"].as_i64().unwrap()).sum::<i64>(), requests);
    assert!(requests >= 11, "{shown}");
    assert_eq!((&shown["connections"]["most"], &shown["failures"]["fault"]), (&10.into(), &0.into()));
    assert!(shown["waiting"]["count"].as_i64().unwrap() >= 10, "{shown}");
    assert_eq!(shown["plan"], Value::Null);

    let shown = read(&program, &cookie, "?statement=task_insert").await;
    let plan = &shown["plan"];
    assert!(plan["plan"].as_str().unwrap().contains("Insert on tasks"), "{plan}");
    assert!(plan["text"].as_str().unwrap().starts_with("WITH task AS (\n    INSERT INTO tasks"), "{plan}");
    // The statement that opens a scope bears ids.
    assert!(!shown.to_string().contains("scope_open('"), "{shown}");
    assert_eq!(read(&program, &cookie, "?statement=scope_open").await["plan"], Value::Null);
    assert_eq!(read(&program, &cookie, "?statement=%27%3B+DROP+TABLE+tasks").await["plan"], Value::Null);
}

#[tokio::test]
async fn it_shows_the_last_hour() {
    shows_the_last_hour(&[]).await;
}

#[tokio::test]
async fn it_shows_the_same_beside_prometheus() {
    shows_the_last_hour(&[("TASKWIRE_METRICS_TOKEN", "a token that is only used in tests")]).await;
}

#[tokio::test]
async fn the_page_needs_no_javascript() {
    let dir = data_dir();
    let program = Program::serve(dir.path()).await;
    let cookie = program.sign_up().await;
    add_tasks(&program, &cookie, 1).await;
    let page = async |path: &str| {
        let html = "accept: text/html\r\n";
        let headers = format!("{html}cookie: {cookie}\r\n");
        program.request_with(&headers, &format!("GET {path}"), "").await.unwrap()
    };
    let answer = page("/admin/performance").await;
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("POST /rpc/task/create"), "{answer}");
    assert!(answer.contains("href=\"/admin/performance?statement=task_insert#plan\""), "{answer}");
    let answer = page("/admin/performance?statement=task_insert").await;
    assert!(answer.contains("Insert on tasks") && answer.contains("INSERT INTO tasks"), "{answer}");
    assert!(page("/settings").await.contains("href=\"/admin/performance\""));
}

async fn admin(dir: &Path, args: &[&str]) -> (String, bool) {
    command(dir, &[&["admin"], args].concat(), &[]).await
}

fn said(text: &str, well: bool) -> (String, bool) {
    (format!("{text}\n"), well)
}

#[tokio::test]
async fn administrators_are_named_on_the_command_line_while_the_server_runs() {
    let dir = data_dir();
    let (nothing, well) = admin(dir.path(), &["list"]).await;
    assert!(!well && nothing.contains("There is no database in"), "{nothing}");
    let program = Program::serve(dir.path()).await;
    assert_eq!(admin(dir.path(), &["list"]).await, said("There is no administrator.", true));
    program.sign_up().await;
    assert_eq!(admin(dir.path(), &["list"]).await, said("ada@example.org (Ada)", true));
    let (unknown, well) = admin(dir.path(), &["add", "bob@example.org"]).await;
    assert!(!well && unknown.contains("Nobody has signed up as bob@example.org"), "{unknown}");
    let (wrong, well) = admin(dir.path(), &["add", "bob"]).await;
    assert!(!well && wrong.contains("not an email address"), "{wrong}");
    let form = "email=bob%40example.org&password=Correct-horse-1&name=Bob";
    let answer = program.request("POST /rpc/account/sign_up", form).await.unwrap();
    let (_, cookie) = answer.split_once("taskwire_session=").unwrap();
    let cookie = format!("taskwire_session={}", cookie.split(';').next().unwrap());
    let ask = async || program.request_as(&cookie, "GET /rpc/performance/read", "").await.unwrap();
    assert!(ask().await.starts_with("HTTP/1.1 403"));
    assert_eq!(
        admin(dir.path(), &["add", "Bob@example.org"]).await,
        said("Bob@example.org is an administrator now.", true)
    );
    assert!(ask().await.starts_with("HTTP/1.1 200"));
    let again = said("bob@example.org is an administrator already.", true);
    assert_eq!(admin(dir.path(), &["add", "bob@example.org"]).await, again);
    let removed = said("bob@example.org is no administrator any more.", true);
    assert_eq!(admin(dir.path(), &["remove", "bob@example.org"]).await, removed);
    assert!(ask().await.starts_with("HTTP/1.1 403"));
}
