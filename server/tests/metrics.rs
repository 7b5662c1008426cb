//! What Prometheus reads (O1, O7): from the program itself, because what is recorded is a whole process's.

use super::support::{
    SECRET,
    program::{Program, data_dir, database_in},
    tls::Authority,
};
use std::{collections::BTreeSet, path::Path};

const TOKEN: &str = "a token that is only used in tests";

async fn measured(dir: &Path) -> Program {
    Program::serve_with(dir, &[("TASKWIRE_METRICS_TOKEN", TOKEN)]).await
}

async fn read(program: &Program, authorization: &str) -> String {
    let header = format!("authorization: {authorization}\r\n");
    program.request_with(&header, "GET /metrics", "").await.unwrap()
}

async fn metrics(program: &Program) -> String {
    let answer = read(program, &format!("Bearer {TOKEN}")).await;
    assert!(
        answer.starts_with("HTTP/1.1 200") && answer.contains("content-type: text/plain; version=0.0.4"),
        "{answer}"
    );
    answer
}

/// The value of a series, spelt as it stands there.
fn value(metrics: &str, series: &str) -> Option<f64> {
    metrics.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' ')?.parse().ok())
}

/// Every word in a text that is a metric of ours, without what a histogram adds.
fn named(text: &str) -> BTreeSet<String> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let words = text.split(|c| !is_part(c)).filter(|word| word.starts_with("taskwire_"));
    let suffixes = ["_bucket", "_count", "_sum"];
    words.map(|word| suffixes.iter().find_map(|suffix| word.strip_suffix(suffix)).unwrap_or(word).to_owned()).collect()
}

#[tokio::test]
async fn only_the_token_opens_them() {
    let dir = data_dir();
    let program = measured(dir.path()).await;
    metrics(&program).await;
    for authorization in ["", "Bearer", "Bearer x", "Basic eDp4", &format!("Bearer {TOKEN}x"), &TOKEN[1..]] {
        let answer = read(&program, authorization).await;
        assert!(answer.starts_with("HTTP/1.1 401") && !answer.contains("taskwire_http"), "{authorization}: {answer}");
    }
    assert!(program.get("/metrics").await.unwrap().starts_with("HTTP/1.1 401"));
}

#[tokio::test]
async fn without_a_token_there_are_none() {
    let dir = data_dir();
    let program = Program::serve(dir.path()).await;
    assert!(read(&program, "Bearer ").await.starts_with("HTTP/1.1 404"));
    assert!(read(&program, &format!("Bearer {TOKEN}")).await.starts_with("HTTP/1.1 404"));
}

#[tokio::test]
async fn what_happens_is_counted_by_route_statement_and_action() {
    let dir = data_dir();
    let program = measured(dir.path()).await;
    let cookie = program.sign_up().await;
    for _ in 0..2 {
        program.request_as(&cookie, "GET /rpc/dashboard/read", "").await.unwrap();
    }
    program.request("POST /rpc/account/sign_in", "email=ada%40example.org&password=Wrong-horse-1").await.unwrap();
    program.get("/an/address/that/nobody/has/%22%0Ataskwire_invented%201").await.unwrap();
    program.request("INVENT /tasks", "").await.unwrap();

    let metrics = metrics(&program).await;
    for (series, least) in [
        (r#"taskwire_http_request_duration_seconds_count{method="GET",route="/rpc/dashboard/read",status="200"}"#, 2.0),
        (r#"taskwire_http_request_duration_seconds_count{method="GET",route="none",status="404"}"#, 1.0),
        (r#"taskwire_http_request_duration_seconds_bucket{method="GET",route="none",status="404",le="+Inf"}"#, 1.0),
        ("taskwire_http_requests_in_flight", 1.0),
        (r#"taskwire_db_statement_duration_seconds_count{statement="dashboard_read"}"#, 1.0),
        (r#"taskwire_db_statement_duration_seconds_count{statement="scope_commit"}"#, 1.0),
        (r#"taskwire_dashboard_answers_total{from="database"}"#, 1.0),
        (r#"taskwire_dashboard_answers_total{from="memory"}"#, 1.0),
        (r#"taskwire_audit_events_total{action="account.sign_up"}"#, 1.0),
        (r#"taskwire_audit_events_total{action="account.sign_in_failed"}"#, 1.0),
        ("taskwire_db_connections_max", 10.0),
        ("process_resident_memory_bytes", 1e6),
    ] {
        let value = value(&metrics, series);
        assert!(value.is_some_and(|value| value >= least), "{series} is {value:?} in\n{metrics}");
    }
    assert_eq!(value(&metrics, "taskwire_http_panics_total"), Some(0.0), "there before the first");
    assert!(metrics.contains(r#"method="other""#), "{metrics}");
    for invented in ["nobody", "INVENT", "taskwire_invented", "ada@", "Ada"] {
        assert!(!metrics.contains(invented), "{invented} in\n{metrics}");
    }
}

#[tokio::test]
async fn a_database_that_is_away_is_counted_and_told() {
    let dir = data_dir();
    let database = database_in(dir.path()).await;
    let settings = [("TASKWIRE_METRICS_TOKEN", TOKEN), ("DATABASE_URL", &database.url()), ("AUTH_SECRET", SECRET)];
    let program = Program::serve_with(dir.path(), &settings).await;
    let cookie = program.sign_up().await;
    let series = r#"taskwire_db_failures_total{kind="unavailable"}"#;
    assert_eq!(value(&metrics(&program).await, series), Some(0.0));
    database.stop().await;
    let answer = program.request_as(&cookie, "GET /rpc/task/list", "").await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
    assert!(value(&metrics(&program).await, series) >= Some(1.0));
}

/// The guide names every metric; the rules and the dashboard name none that is not there.
#[tokio::test]
async fn the_guide_the_rules_and_the_dashboard_know_them() {
    let dir = data_dir();
    let end = rcgen::date_time_ymd(2999, 1, 1);
    Authority::new().certify_with(|params| params.not_after = end).write(dir.path());
    let [certificate, key] = ["cert.pem", "key.pem"].map(|name| dir.path().join(name).to_str().unwrap().to_owned());
    let settings = [
        ("TASKWIRE_METRICS_TOKEN", TOKEN),
        ("TASKWIRE_TLS_CERT", &*certificate),
        ("TASKWIRE_TLS_KEY", &*key),
        // As whom the tests ask.
        ("TASKWIRE_HOSTS", "test"),
    ];
    let program = Program::serve_with(&dir.path().join("data"), &settings).await;
    let cookie = program.sign_up().await;
    program.request_as(&cookie, "GET /rpc/dashboard/read", "").await.unwrap();
    let headers = format!(
        "authorization: Bearer {}\r\ncontent-type: application/json\r\naccept: application/json, text/event-stream\r\n",
        cookie.trim_start_matches("taskwire_session=")
    );
    let call = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"list_tasks"}}"#;
    let called = program.request_with(&headers, "POST /mcp", call).await.unwrap();
    assert!(called.contains("structuredContent"), "{called}");
    let metrics = metrics(&program).await;
    let series = r#"taskwire_tool_call_duration_seconds_count{tool="list_tasks",outcome="done"}"#;
    assert_eq!(value(&metrics, series), Some(1.0));
    let expiry = value(&metrics, "taskwire_tls_certificate_expiry_timestamp_seconds");
    assert_eq!(expiry, Some(end.unix_timestamp() as f64));
    let there: BTreeSet<String> =
        metrics.lines().filter_map(|line| line.strip_prefix("# TYPE ")).flat_map(named).collect();
    let guide = include_str!("../../docs/operations.md");
    let rows = guide.lines().filter(|line| line.starts_with("| `taskwire_")).collect::<String>();
    assert_eq!(named(&rows), there);
    for text in [include_str!("../../deploy/prometheus/rules.yml"), include_str!("../../deploy/grafana/taskwire.json")]
    {
        let unknown: Vec<_> = named(text).difference(&there).cloned().collect();
        assert!(unknown.is_empty(), "{unknown:?}");
    }
}
