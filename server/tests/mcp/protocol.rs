//! Who gets in, and what is there.

use super::{ALL_SCOPES, Agent, LEGACY, MODERN, Person};
use crate::support::App;
use axum::{
    body::Body,
    http::{Method, StatusCode},
};
use serde_json::{Value, json};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use std::collections::BTreeSet;

const IN_ORDER: [&str; 15] = [
    "add_task",
    "list_tasks",
    "search_tasks",
    "get_task",
    "update_task",
    "complete_tasks",
    "reopen_tasks",
    "delete_task",
    "share_task",
    "unshare_task",
    "list_shared_tasks",
    "list_teams",
    "get_dashboard",
    "get_activity",
    "undo_action",
];
const READING: [&str; 7] =
    ["list_tasks", "search_tasks", "get_task", "list_shared_tasks", "list_teams", "get_dashboard", "get_activity"];

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn whoever_bears_no_token_that_holds_is_challenged(_: PgPoolOptions, db: PgConnectOptions) {
    let app = App::on(db).await;
    let ada = Person::sign_up(&app, "Ada").await;
    let agent = ada.agent(&app, ALL_SCOPES).await;
    let nobody = Agent { browser: agent.browser.without("authorization"), ..agent.clone() };
    let with_a_cookie = Agent { browser: ada.browser.with("content-type", "application/json"), ..agent.clone() };
    for stranger in [nobody, with_a_cookie] {
        let answer = stranger.send("tools/list", json!({})).await;
        assert_eq!((answer.status, answer.header("www-authenticate")), (StatusCode::UNAUTHORIZED, "Bearer"));
        assert_eq!(answer.json()["code"], "UNAUTHORIZED");
    }
    for token in ["x", "taskwire_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", ""] {
        for agent in [Agent::with_token(&app, token), Agent::with_token(&app, token).legacy()] {
            let answer = agent.send("tools/list", json!({})).await;
            let challenge = r#"Bearer error="invalid_token""#;
            assert_eq!((answer.status, answer.header("www-authenticate")), (StatusCode::UNAUTHORIZED, challenge));
        }
    }

    let tokens = ada.get("/api/auth/tokens").await;
    let path = format!("/api/auth/tokens/{}", tokens[0]["id"].as_str().unwrap());
    assert_eq!(agent.tools().await, IN_ORDER);
    assert_eq!(ada.send(Method::DELETE, &path, &Value::Null).await.status, StatusCode::NO_CONTENT);
    assert_eq!(agent.send("tools/list", json!({})).await.status, StatusCode::UNAUTHORIZED, "it was revoked");
    // As whoever is signed in, too.
    let signed_in = Agent::with_token(&app, ada.browser.token());
    assert_eq!(signed_in.tools().await, IN_ORDER);
    assert_eq!(ada.browser.clone().call("/rpc/account/sign_out", &[]).await.status, StatusCode::OK);
    let answer = signed_in.send("tools/call", json!({ "name": "list_tasks" })).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "and no longer than that");
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn only_what_a_token_is_good_for_is_listed_and_always_in_one_order(_: PgPoolOptions, db: PgConnectOptions) {
    let app = App::on(db).await;
    let ada = Person::sign_up(&app, "Ada").await;
    let all = ada.agent(&app, ALL_SCOPES).await;
    for agent in [&all, &all.legacy()] {
        assert_eq!(agent.tools().await, IN_ORDER);
        assert_eq!(agent.reading().tools().await, READING);
    }
    let listed = all.ask("tools/list", json!({})).await;
    assert_eq!(listed["cacheScope"], "private", "another token may see others");

    let teams = ada.agent(&app, &["teams:read"]).await;
    assert_eq!(teams.tools().await, ["list_teams"]);
    let reads = ada.agent(&app, &["tasks:read"]).await;
    assert_eq!(reads.tools().await, ["list_tasks", "search_tasks", "get_task", "list_shared_tasks", "get_activity"]);
    let refused = reads.refused("add_task", json!({ "title": "no" })).await;
    assert!(refused.contains("tasks:write"), "{refused}");
    let refused = all.reading().refused("add_task", json!({ "title": "no" })).await;
    assert!(refused.contains("tasks:write"), "{refused}");
    assert_eq!(all.done("list_tasks", json!({})).await, json!({ "tasks": [] }));
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn tools_say_what_they_take_give_and_do(_: PgPoolOptions, db: PgConnectOptions) {
    let app = App::on(db).await;
    let agent = Person::sign_up(&app, "Ada").await.agent(&app, ALL_SCOPES).await;
    let listed = agent.ask("tools/list", json!({})).await;
    for tool in listed["tools"].as_array().unwrap() {
        let name = tool["name"].as_str().unwrap();
        assert!(tool["title"].is_string() && tool["description"].as_str().unwrap().len() > 40, "{name}");
        let hints = tool["annotations"].as_object().unwrap();
        for hint in ["readOnlyHint", "destructiveHint", "idempotentHint", "openWorldHint"] {
            assert!(hints[hint].is_boolean(), "{name} has no {hint}");
        }
        assert_eq!(hints["readOnlyHint"] == true, READING.contains(&name), "{name}");
        for schema in [&tool["inputSchema"], &tool["outputSchema"]] {
            assert_eq!(schema["type"], "object", "{name}");
            let mut names = BTreeSet::new();
            keys(schema, &mut names);
            for odd in ["$ref", "$defs", "anyOf", "oneOf", "allOf", "format", "nullable"] {
                assert!(!names.contains(odd), "{name} has {odd}: {schema}");
            }
            assert!(!schema.to_string().contains("null"), "{name}: {schema}");
        }
        assert_eq!(tool["inputSchema"]["additionalProperties"], false, "{name}");
        assert!(tool["inputSchema"]["properties"].get("user_id").is_none(), "{name}: whose it is says the token");
    }
}

/// A model reads the whole list before anything else.
#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn the_list_of_tools_is_short(_: PgPoolOptions, db: PgConnectOptions) {
    let app = App::on(db).await;
    let agent = Person::sign_up(&app, "Ada").await.agent(&app, ALL_SCOPES).await;
    let listed = agent.ask("tools/list", json!({})).await["tools"].to_string();
    let tokens = tiktoken_rs::o200k_base().unwrap().encode_with_special_tokens(&listed).len();
    assert!(tokens < 8000, "{tokens} tokens");
}

fn keys(value: &Value, names: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                names.insert(name.clone());
                keys(value, names);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| keys(item, names)),
        _ => {}
    }
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn both_eras_find_out_what_is_there(_: PgPoolOptions, db: PgConnectOptions) {
    let app = App::on(db).await;
    let agent = Person::sign_up(&app, "Ada").await.agent(&app, ALL_SCOPES).await;
    let found = agent.ask("server/discover", json!({})).await;
    let versions = found["supportedVersions"].as_array().unwrap();
    for version in [MODERN, LEGACY, "2025-06-18", "2025-03-26"] {
        assert!(versions.contains(&json!(version)), "{versions:?}");
    }
    assert!(found["instructions"].as_str().unwrap().contains("undo_action"));
    for version in [LEGACY, "2025-06-18", "2025-03-26"] {
        let params = json!({
            "protocolVersion": version, "capabilities": {}, "clientInfo": { "name": "old", "version": "1" },
        });
        let started = Agent { version, ..agent.clone() }.ask("initialize", params).await;
        assert_eq!(
            (&started["protocolVersion"], &started["serverInfo"]["name"]),
            (&json!(version), &json!("taskwire"))
        );
        assert_eq!(Agent { version, ..agent.clone() }.tools().await, IN_ORDER);
    }
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn what_is_asked_under_another_name_or_from_another_site_is_refused(_: PgPoolOptions, db: PgConnectOptions) {
    let app = App::on(db).await;
    let agent = Person::sign_up(&app, "Ada").await.agent(&app, ALL_SCOPES).await;
    for origin in ["https://evil.example", "null", "http://tasks.test.evil.example"] {
        let page = Agent { browser: agent.browser.with("origin", origin), ..agent.clone() };
        assert_eq!(page.send("tools/list", json!({})).await.status, StatusCode::FORBIDDEN, "{origin}");
    }
    let own = Agent { browser: agent.browser.with("origin", "https://tasks.test"), ..agent.clone() };
    assert_eq!(own.tools().await, IN_ORDER);
    let rebound = Agent { browser: agent.browser.with("host", "evil.example"), ..agent.clone() };
    assert_eq!(rebound.send("tools/list", json!({})).await.status, StatusCode::FORBIDDEN);
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn what_is_no_request_is_refused_as_the_protocol_says(_: PgPoolOptions, db: PgConnectOptions) {
    let app = App::on(db).await;
    let agent = Person::sign_up(&app, "Ada").await.agent(&app, ALL_SCOPES).await;
    for method in [Method::GET, Method::DELETE] {
        let mut browser = agent.browser.with("mcp-protocol-version", MODERN);
        let answer = browser.send(method.clone(), "/mcp", "text/event-stream", Body::empty()).await;
        assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "{method}");
    }
    let unknown = agent.send("tools/call", json!({ "name": "drop_tables", "arguments": {} })).await.json();
    assert_eq!(unknown["error"]["code"], -32602);
    let nonsense = agent.send("tasks/conquer", json!({})).await;
    assert_eq!((nonsense.status, &nonsense.json()["error"]["code"]), (StatusCode::NOT_FOUND, &json!(-32601)));
    let mut browser = agent.browser.clone();
    let large = Body::from(format!("{{\"jsonrpc\":\"2.0\",\"id\":1,\"x\":\"{}\"}}", "x".repeat(70_000)));
    let accept = "application/json, text/event-stream";
    assert_eq!(browser.send(Method::POST, "/mcp", accept, large).await.status, StatusCode::PAYLOAD_TOO_LARGE);
}
