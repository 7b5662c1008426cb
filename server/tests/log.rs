//! What the log tells an operator (requirements O1, O7).

use super::support::{
    eventually,
    program::{Program, data_dir},
};
use nix::sys::signal::Signal;
use serde_json::Value;

/// The lines of a log that must be JSON, every one of them.
fn lines(program: &Program) -> Vec<Value> {
    program.log().lines().map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("no JSON: {line}"))).collect()
}

#[tokio::test]
async fn slow_requests_and_statements_are_logged_as_json_with_route_and_statement() {
    let dir = data_dir();
    // So that everything counts as slow.
    let settings =
        [("TASKWIRE_LOG_FORMAT", "json"), ("TASKWIRE_SLOW_ENDPOINT", "1ns"), ("TASKWIRE_SLOW_STATEMENT", "1ns")];
    let mut program = Program::serve_with(dir.path(), &settings).await;
    program.sign_up().await;

    let find = async |wanted: fn(&str) -> bool| {
        eventually("a line in the log", async || lines(&program).into_iter().find(|line| wanted(&line.to_string())))
            .await
    };
    let endpoint = find(|line| line.contains("slow endpoint") && line.contains("/rpc/account/sign_up")).await;
    assert_eq!(endpoint["level"], "WARN");
    assert!(endpoint.to_string().contains("total_ms") && endpoint.to_string().contains("db_ms"), "{endpoint}");
    let request = find(|line| line.contains("answered") && line.contains("/rpc/account/sign_up")).await;
    let id = |line: &Value| line["span"]["request_id"].as_str().map(str::to_owned);
    assert!(id(&request).is_some_and(|id| id.len() == 36), "{request}");
    assert_eq!(id(&request), id(&endpoint), "both lines belong to one request");
    assert!(request["status"] == 200 && request["latency_ms"].is_number(), "{request}");
    let statement = find(|line| line.contains("slow statement") && line.contains("INSERT INTO users")).await;
    assert_eq!(statement["level"], "WARN");

    program.signal(Signal::SIGTERM);
    assert!(program.wait().await.success());
    for line in lines(&program) {
        assert!(line["timestamp"].is_string() && line["level"].is_string(), "{line}");
    }
}

#[tokio::test]
async fn a_level_that_is_none_is_refused_with_its_setting() {
    let dir = data_dir();
    let mut program = Program::start(dir.path(), &[("TASKWIRE_LOG", "info,sqlx=loud")]);
    assert!(!program.wait().await.success());
    assert!(program.log().contains("TASKWIRE_LOG") && program.log().contains("loud"), "{}", program.log());
}

#[tokio::test]
async fn by_default_a_quick_request_is_not_called_slow() {
    let dir = data_dir();
    let program =
        Program::serve_with(dir.path(), &[("TASKWIRE_SLOW_ENDPOINT", "60s"), ("TASKWIRE_SLOW_STATEMENT", "60s")]).await;
    program.sign_up().await;
    eventually("the request's line", async || program.log().contains("/rpc/account/sign_up").then_some(())).await;
    assert!(!program.log().contains("slow"), "{}", program.log());
}
