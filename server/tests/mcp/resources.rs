//! Resources, prompts, completion, and being told of changes.

use super::{ALL_SCOPES, Agent, MODERN, Person};
use crate::support::{App, eventually};
use axum::{
    body::{Body, BodyDataStream},
    http::{Method, StatusCode},
};
use futures::StreamExt;
use serde_json::{Value, json};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use std::time::Duration;

impl Agent {
    async fn read(&self, uri: &str) -> Value {
        let result = self.ask("resources/read", json!({ "uri": uri })).await;
        let contents = &result["contents"][0];
        assert_eq!((&contents["uri"], &contents["mimeType"]), (&json!(uri), &json!("application/json")));
        let content: Value = serde_json::from_str(contents["text"].as_str().unwrap()).unwrap();
        assert!(content["note"].as_str().unwrap().contains("data"), "{content}");
        content["data"].clone()
    }

    async fn completed(&self, reference: Value, argument: &str, value: &str) -> Value {
        let params = json!({ "ref": reference, "argument": { "name": argument, "value": value } });
        self.ask("completion/complete", params).await["completion"]["values"].clone()
    }
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn resources_hold_what_one_sees(_: PgPoolOptions, db: PgConnectOptions) {
    let app = App::on(db).await;
    let ada = Person::sign_up(&app, "Ada").await;
    let bob = Person::sign_up(&app, "Bob").await;
    let team = ada.send(Method::POST, "/api/teams", &json!({ "name": "Operations" })).await.json();
    let of_team = format!("tasks://team/{}", team["id"].as_str().unwrap());
    let agent = ada.agent(&app, ALL_SCOPES).await;
    let task =
        agent.done("add_task", json!({ "title": "Oil the doors", "team": "Operations" })).await["task"]["id"].clone();
    let theirs = bob.agent(&app, ALL_SCOPES).await;
    for agent in [agent.clone(), agent.legacy()] {
        let listed = agent.ask("resources/list", json!({})).await;
        let uris: Vec<_> = listed["resources"].as_array().unwrap().iter().map(|it| it["uri"].clone()).collect();
        assert_eq!(json!(uris), json!(["dashboard://me", "tasks://mine", of_team]));
        let templates = agent.ask("resources/templates/list", json!({})).await;
        assert_eq!(templates["resourceTemplates"][0]["uriTemplate"], "task://{id}");
        assert_eq!(agent.read(&format!("task://{task}")).await["title"], "Oil the doors");
        assert_eq!(agent.read("tasks://mine").await["tasks"][0]["id"], task);
        assert_eq!(agent.read(&of_team).await["tasks"][0]["id"], task);
        assert_eq!(agent.read("dashboard://me").await["tasks"]["total"], 1);
        for uri in [&format!("task://{task}"), &of_team, "task://9000000", "task://x", "file:///etc/passwd"] {
            let other = Agent { version: agent.version, ..theirs.clone() };
            let error = other.send("resources/read", json!({ "uri": uri })).await.json()["error"].clone();
            let code = if agent.version == MODERN { -32602 } else { -32002 };
            assert_eq!((&error["code"], &error["data"]["uri"]), (&json!(code), &json!(uri)), "{error}");
        }
    }
    assert_eq!(theirs.read("tasks://mine").await["tasks"], json!([]));
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn what_somebody_begins_to_type_is_completed(_: PgPoolOptions, db: PgConnectOptions) {
    let app = App::on(db).await;
    let ada = Person::sign_up(&app, "Ada").await;
    let agent = ada.agent(&app, ALL_SCOPES).await;
    let other = Person::sign_up(&app, "Bob").await.agent(&app, ALL_SCOPES).await;
    let team = ada.send(Method::POST, "/api/teams", &json!({ "name": "Operations" })).await.json()["id"].clone();
    let id = agent.done("add_task", json!({ "title": "Oil the doors" })).await["task"]["id"].to_string();
    let tasks = || json!({ "type": "ref/resource", "uri": "task://{id}" });
    assert_eq!(agent.completed(tasks(), "id", "doors").await, json!([id]));
    assert_eq!(agent.completed(tasks(), "id", &id).await, json!([id]));
    assert_eq!(agent.completed(tasks(), "id", "").await, json!([id]));
    assert_eq!(agent.completed(tasks(), "id", "windows").await, json!([]));
    assert_eq!(other.completed(tasks(), "id", "doors").await, json!([]));
    let teams = json!({ "type": "ref/resource", "uri": "tasks://team/{id}" });
    assert_eq!(agent.completed(teams.clone(), "id", "oper").await, json!([team]));
    assert_eq!(other.completed(teams, "id", "oper").await, json!([]));
    let prompt = json!({ "type": "ref/prompt", "name": "weekly_report" });
    assert_eq!(agent.completed(prompt, "team", "Op").await, json!(["Operations"]));
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn prompts_come_with_what_they_are_about(_: PgPoolOptions, db: PgConnectOptions) {
    let app = App::on(db).await;
    let ada = Person::sign_up(&app, "Ada").await;
    let agent = ada.agent(&app, ALL_SCOPES).await;
    ada.send(Method::POST, "/api/teams", &json!({ "name": "Operations" })).await;
    agent.done("add_task", json!({ "title": "Oil the doors", "team": "Operations" })).await;
    let listed = agent.ask("prompts/list", json!({})).await;
    let names: Vec<_> = listed["prompts"].as_array().unwrap().iter().map(|prompt| prompt["name"].clone()).collect();
    assert_eq!(json!(names), json!(["daily_review", "weekly_report", "triage", "plan_my_day"]));
    for name in names {
        let prompt = agent.ask("prompts/get", json!({ "name": name })).await;
        let messages = prompt["messages"].as_array().unwrap();
        assert!(messages.len() >= 2 && messages[0]["content"]["text"].as_str().unwrap().len() > 100, "{prompt}");
        let about = messages[1]["content"]["resource"]["text"].as_str().unwrap();
        assert!(serde_json::from_str::<Value>(about).unwrap()["note"].is_string(), "it is marked as data");
    }
    let of_team = agent.ask("prompts/get", json!({ "name": "triage", "arguments": { "team": "operations" } })).await;
    assert!(
        of_team["messages"][1]["content"]["resource"]["text"].as_str().unwrap().contains("Oil the doors"),
        "{of_team}"
    );
    for wrong in [
        json!({ "name": "conquer" }),
        json!({ "name": "triage", "arguments": { "team": "Marketing" } }),
        json!({ "name": "daily_review", "arguments": { "team": "Operations" } }),
    ] {
        let error = agent.send("prompts/get", wrong.clone()).await.json()["error"].clone();
        assert!(error["message"].is_string(), "{wrong}: {error}");
    }
}

/// What comes over a stream, message by message.
struct Stream(BodyDataStream, String);

impl Stream {
    async fn listen(agent: &Agent, notifications: Value) -> Self {
        let params = json!({
            "notifications": notifications,
            "_meta": {
                "io.modelcontextprotocol/protocolVersion": MODERN,
                "io.modelcontextprotocol/clientCapabilities": {},
            },
        });
        let message = json!({ "jsonrpc": "2.0", "id": 7, "method": "subscriptions/listen", "params": params });
        let browser = agent
            .browser
            .with("mcp-protocol-version", MODERN)
            .with("mcp-method", "subscriptions/listen")
            .with("accept", "application/json, text/event-stream");
        let answer = browser.begin_with(Method::POST, "/mcp", Body::from(message.to_string())).await;
        assert_eq!(answer.status(), StatusCode::OK);
        let mut stream = Self(answer.into_body().into_data_stream(), String::new());
        let first = stream.next().await.unwrap();
        assert_eq!(first["method"], "notifications/subscriptions/acknowledged", "{first}");
        stream
    }

    /// The next message; `None` at the end.
    async fn next(&mut self) -> Option<Value> {
        loop {
            if let Some((event, rest)) = self.1.split_once("\n\n") {
                let data = event.lines().find_map(|line| line.strip_prefix("data: ").map(str::to_owned));
                self.1 = rest.to_owned();
                match data.filter(|data| !data.is_empty()) {
                    Some(data) => return Some(serde_json::from_str(&data).unwrap()),
                    None => continue,
                }
            }
            let piece = tokio::time::timeout(Duration::from_secs(30), self.0.next()).await.unwrap()?;
            self.1.push_str(std::str::from_utf8(&piece.unwrap()).unwrap());
        }
    }

    /// These resources are told of next.
    async fn tells(&mut self, uris: &[&str]) {
        for uri in uris {
            assert_eq!(self.next().await.unwrap()["params"]["uri"], *uri);
        }
    }

    /// The resources that are told of until the stream ends.
    async fn rest(mut self) -> Vec<String> {
        let mut told = Vec::new();
        while let Some(message) = self.next().await {
            if let Some(uri) = message["params"]["uri"].as_str() {
                told.push(uri.to_owned());
            }
        }
        told
    }
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn whoever_listens_is_told_of_what_they_see_and_of_nothing_else(_: PgPoolOptions, db: PgConnectOptions) {
    let app = App::on(db).await;
    let (ada, bob) = (Person::sign_up(&app, "Ada").await, Person::sign_up(&app, "Bob").await);
    let agent = ada.agent(&app, ALL_SCOPES).await;
    let other = bob.agent(&app, ALL_SCOPES).await;
    let id = agent.done("add_task", json!({ "title": "Oil the doors" })).await["task"]["id"].clone();
    let uri = format!("task://{id}");
    let all = json!({ "resourceSubscriptions": [uri, "tasks://mine", "dashboard://me", "file:///etc/passwd"] });
    let mut hers = Stream::listen(&agent, all.clone()).await;
    let mut his = Stream::listen(&other, all).await;
    // At the beginning of what there is for each of them, and then of what changes.
    let (seen_by_her, seen_by_him) =
        ([uri.as_str(), "tasks://mine", "dashboard://me"], ["tasks://mine", "dashboard://me"]);
    hers.tells(&seen_by_her).await;
    his.tells(&seen_by_him).await;
    agent.done("update_task", json!({ "task": id, "title": "Oil the windows" })).await;
    hers.tells(&seen_by_her).await;
    // What he does not see he is not told of, nor is she of what is his.
    other.done("add_task", json!({ "title": "Bob's own" })).await;
    his.tells(&seen_by_him).await;
    app.stopping.cancel();
    assert_eq!((hers.rest().await, his.rest().await), (vec![], vec![]));
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn what_goes_and_comes_back_is_told_of(_: PgPoolOptions, db: PgConnectOptions) {
    let app = App::on(db).await;
    let (ada, bob) = (Person::sign_up(&app, "Ada").await, Person::sign_up(&app, "Bob").await);
    let id = ada.send(Method::POST, "/api/me/tasks", &json!({ "title": "Plan" })).await.json()["id"].clone();
    let uri = format!("task://{id}");
    let wish = json!({ "resourceSubscriptions": [uri, uri, "tasks://team/01900000-0000-7000-8000-000000000001"] });
    let mut hers = Stream::listen(&ada.agent(&app, ALL_SCOPES).await, wish.clone()).await;
    hers.tells(&[&uri]).await;
    // Not there for him yet, and that he listens for it is no attempt to read it.
    let mut his = Stream::listen(&bob.agent(&app, ALL_SCOPES).await, wish).await;
    ada.send(Method::DELETE, &format!("/api/me/tasks/{id}"), &Value::Null).await;
    hers.tells(&[&uri]).await;
    ada.send(Method::POST, &format!("/api/me/tasks/{id}/restore"), &Value::Null).await;
    hers.tells(&[&uri]).await;
    let with_bob = json!({ "email": "bob@example.org", "permission": "view" });
    ada.send(Method::POST, &format!("/api/tasks/{id}/share"), &with_bob).await;
    his.tells(&[&uri]).await;
    let log = bob.get("/api/audit").await;
    let denied = log.as_array().unwrap().iter().filter(|line| line["action"].as_str().unwrap().contains("denied"));
    assert_eq!(denied.count(), 0, "{log}");
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn what_another_instance_writes_is_told_a_little_later(_: PgPoolOptions, db: PgConnectOptions) {
    let (app, elsewhere) = (App::on(db.clone()).await, App::on(db).await);
    let ada = Person::sign_up(&app, "Ada").await;
    let agent = ada.agent(&app, ALL_SCOPES).await;
    let mut stream =
        Stream::listen(&agent, json!({ "resourceSubscriptions": ["tasks://mine"], "resourcesListChanged": true }))
            .await;
    stream.tells(&["tasks://mine"]).await;
    assert_eq!(stream.next().await.unwrap()["method"], "notifications/resources/list_changed");
    let there = Agent { browser: elsewhere.browser(), ..agent.clone() };
    let token = agent.browser.sent("authorization");
    let there = Agent {
        browser: there.browser.with("content-type", "application/json").with("authorization", &token),
        ..there
    };
    there.done("add_task", json!({ "title": "from there" })).await;
    stream.tells(&["tasks://mine"]).await;
    ada.send(Method::POST, "/api/teams", &json!({ "name": "Operations" })).await;
    assert_eq!(stream.next().await.unwrap()["method"], "notifications/resources/list_changed");
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn a_stream_ends_with_its_token_and_nobody_has_too_many(_: PgPoolOptions, db: PgConnectOptions) {
    let app = App::on(db).await;
    let ada = Person::sign_up(&app, "Ada").await;
    let agent = ada.agent(&app, ALL_SCOPES).await;
    let wish = json!({ "resourceSubscriptions": ["tasks://mine"] });
    let mut streams = Vec::new();
    for _ in 0..10 {
        streams.push(Stream::listen(&agent, wish.clone()).await);
    }
    let mut one_more = Stream::listen(&agent, wish.clone()).await;
    let refusal = one_more.next().await.unwrap();
    assert!(refusal["error"]["message"].as_str().unwrap().contains("10"), "{refusal}");
    streams.pop();
    // Whoever hangs up makes room.
    eventually("room for another stream", || async {
        let mut stream = Stream::listen(&agent, wish.clone()).await;
        agent.done("add_task", json!({ "title": "something to tell" })).await;
        stream.next().await.filter(|told| told.get("error").is_none())
    })
    .await;
    let tokens = ada.get("/api/auth/tokens").await;
    ada.send(Method::DELETE, &format!("/api/auth/tokens/{}", tokens[0]["id"].as_str().unwrap()), &Value::Null).await;
    for stream in streams {
        stream.rest().await;
    }
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn a_stream_with_nothing_to_tell_ends_with_its_token_too(_: PgPoolOptions, db: PgConnectOptions) {
    let app = App::on(db).await;
    let ada = Person::sign_up(&app, "Ada").await;
    let agent = ada.agent(&app, ALL_SCOPES).await;
    let stream = Stream::listen(&agent, json!({ "resourceSubscriptions": [] })).await;
    let tokens = ada.get("/api/auth/tokens").await;
    ada.send(Method::DELETE, &format!("/api/auth/tokens/{}", tokens[0]["id"].as_str().unwrap()), &Value::Null).await;
    assert_eq!(stream.rest().await, [""; 0]);
}
