//! What must be confirmed, in both ways.

use super::{ALL_SCOPES, Agent, Person};
use crate::support::App;
use axum::http::Method;
use serde_json::{Value, json};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

/// What a tool asks before it does what it is asked, and the confirmation that goes with the question.
pub async fn asked(agent: &Agent, tool: &str, arguments: Value) -> (String, Value) {
    let answer = agent.done(tool, arguments).await;
    assert!(answer.get("done").is_none(), "{answer}");
    let required = &answer["confirmation_required"];
    assert_eq!(required["expires_in"], 300);
    (required["question"].as_str().unwrap().to_owned(), required["confirmation"].clone())
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn a_confirmation_is_good_for_one_thing_of_one_person(_: PgPoolOptions, db: PgConnectOptions) {
    let app = App::on(db).await;
    let ada = Person::sign_up(&app, "Ada").await;
    let agent = ada.agent(&app, ALL_SCOPES).await;
    let other = Person::sign_up(&app, "Bob").await.agent(&app, ALL_SCOPES).await;
    let id = agent.done("add_task", json!({ "title": "Old" })).await["task"]["id"].clone();
    let second = agent.done("add_task", json!({ "title": "Older" })).await["task"]["id"].clone();
    let foreign = other.done("add_task", json!({ "title": "Bob's" })).await["task"]["id"].clone();
    let (question, confirmation) = asked(&agent, "delete_task", json!({ "task": id })).await;
    assert!(question.contains("“Old”") && question.contains("30 days"), "{question}");
    agent.done("get_task", json!({ "task": id })).await;

    let word = confirmation.as_str().unwrap();
    let broken = format!("{}{}", if word.starts_with('x') { "y" } else { "x" }, &word[1..]);
    for (agent, task, confirmation) in [
        (&agent, &second, word),
        (&other, &foreign, word),
        (&agent, &id, &word[..word.len() - 1]),
        (&agent, &id, &broken),
        (&agent, &id, ""),
    ] {
        let refused = agent.refused("delete_task", json!({ "task": task, "confirmation": confirmation })).await;
        assert!(refused.contains("This confirmation"), "{refused}");
    }
    // What was agreed to is the task as it was.
    agent.done("update_task", json!({ "task": id, "title": "Precious" })).await;
    let refused = agent.refused("delete_task", json!({ "task": id, "confirmation": confirmation })).await;
    assert!(refused.contains("This confirmation"), "{refused}");
    let (_, confirmation) = asked(&agent, "delete_task", json!({ "task": id })).await;
    agent.done("delete_task", json!({ "task": id, "confirmation": confirmation })).await;
    agent.done("get_task", json!({ "task": second })).await;
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn several_at_once_must_be_confirmed(_: PgPoolOptions, db: PgConnectOptions) {
    let app = App::on(db).await;
    let agent = Person::sign_up(&app, "Ada").await.agent(&app, ALL_SCOPES).await;
    let mut ids = vec![];
    for title in ["a", "b", "c"] {
        ids.push(agent.done("add_task", json!({ "title": title })).await["task"]["id"].clone());
    }
    let (question, confirmation) = asked(&agent, "complete_tasks", json!({ "tasks": ids })).await;
    assert!(question.contains("Complete 3 tasks") && question.contains("“a”"), "{question}");
    let more = agent.refused("complete_tasks", json!({ "tasks": ids[..2], "confirmation": confirmation })).await;
    assert!(more.contains("This confirmation"), "others than those that were named: {more}");
    let done = agent.done("complete_tasks", json!({ "tasks": ids, "confirmation": confirmation })).await;
    assert_eq!(done["done"]["changed"], json!(ids));
    // The same tasks, but not as they were when the person agreed.
    let again = agent.refused("complete_tasks", json!({ "tasks": ids, "confirmation": confirmation })).await;
    assert!(again.contains("This confirmation"), "{again}");
    let missing = agent.refused("complete_tasks", json!({ "tasks": [ids[0], 9_000_000] })).await;
    assert!(
        missing.contains("Task 9000000") && missing.contains("does not exist"),
        "before anybody is asked: {missing}"
    );
    let (_, confirmation) = asked(&agent, "reopen_tasks", json!({ "tasks": ["a", "b"] })).await;
    let done = agent.done("reopen_tasks", json!({ "tasks": ["a", "b"], "confirmation": confirmation })).await;
    assert_eq!(done["done"]["changed"], json!(ids[..2]));
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn a_client_that_shows_forms_is_asked_by_the_protocol(_: PgPoolOptions, db: PgConnectOptions) {
    let app = App::on(db).await;
    let agent = Person::sign_up(&app, "Ada").await.agent(&app, ALL_SCOPES).await.showing_forms();
    let id = agent.done("add_task", json!({ "title": "Old" })).await["task"]["id"].clone();
    let call = json!({ "name": "delete_task", "arguments": { "task": id } });
    let asked = agent.ask("tools/call", call.clone()).await;
    assert_eq!(asked["resultType"], "input_required", "{asked}");
    let request = &asked["inputRequests"]["confirm"];
    assert_eq!(request["method"], "elicitation/create");
    assert!(request["params"]["message"].as_str().unwrap().contains("“Old”"), "{asked}");

    let answer = |action: &str, state: &Value| {
        let mut call = call.clone();
        call["inputResponses"] = json!({ "confirm": { "action": action, "content": {} } });
        call["requestState"] = state.clone();
        call
    };
    for no in ["decline", "cancel"] {
        let refused = agent.ask("tools/call", answer(no, &asked["requestState"])).await;
        assert_eq!(refused["isError"], true);
        assert!(refused["content"][0]["text"].as_str().unwrap().contains("did not agree"), "{refused}");
    }
    let forged = agent.ask("tools/call", answer("accept", &json!("rs2.forged"))).await;
    assert_eq!(forged["isError"], true);
    agent.done("get_task", json!({ "task": id })).await;
    let done = agent.ask("tools/call", answer("accept", &asked["requestState"])).await;
    assert_eq!(done["structuredContent"]["done"]["id"], id);
    // Where a form is not known, the question comes as text.
    let old = agent.legacy();
    let id = old.done("add_task", json!({ "title": "New" })).await["task"]["id"].clone();
    assert!(old.done("delete_task", json!({ "task": id })).await["confirmation_required"].is_object());
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn a_confirmation_is_good_for_one_person_one_tool_and_one_way(_: PgPoolOptions, db: PgConnectOptions) {
    let app = App::on(db).await;
    let (ada, bob) = (Person::sign_up(&app, "Ada").await, Person::sign_up(&app, "Bob").await);
    let team = ada.send(Method::POST, "/api/teams", &json!({ "name": "Operations" })).await.json()["id"].clone();
    let member = json!({ "email": "bob@example.org", "role": "admin" });
    ada.send(Method::POST, &format!("/api/teams/{}/members", team.as_str().unwrap()), &member).await;
    let (hers, his) = (ada.agent(&app, ALL_SCOPES).await, bob.agent(&app, ALL_SCOPES).await);
    let mut ids = vec![];
    for title in ["a", "b"] {
        ids.push(hers.done("add_task", json!({ "title": title, "team": team })).await["task"]["id"].clone());
    }
    // Both may do it, to the same tasks: only she has agreed, and only to complete them.
    let (_, confirmation) = asked(&hers, "complete_tasks", json!({ "tasks": ids })).await;
    let call = json!({ "tasks": ids, "confirmation": confirmation });
    for (agent, tool) in [(&his, "complete_tasks"), (&hers, "reopen_tasks")] {
        let refused = agent.refused(tool, call.clone()).await;
        assert!(refused.contains("This confirmation"), "{refused}");
    }
    // What was sealed for a form, which shows that the person has seen it, is not to be had as text, nor the other way.
    let form = hers.showing_forms();
    let asked_by_form =
        form.ask("tools/call", json!({ "name": "complete_tasks", "arguments": { "tasks": ids } })).await;
    let state = &asked_by_form["requestState"];
    let refused = hers.refused("complete_tasks", json!({ "tasks": ids, "confirmation": state })).await;
    assert!(refused.contains("This confirmation"), "{refused}");
    hers.done("complete_tasks", call).await;
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn nobody_is_asked_for_what_is_then_refused(_: PgPoolOptions, db: PgConnectOptions) {
    let app = App::on(db).await;
    let (ada, bob) = (Person::sign_up(&app, "Ada").await, Person::sign_up(&app, "Bob").await);
    let writing = ada.agent(&app, ALL_SCOPES).await;
    let id = writing.done("add_task", json!({ "title": "Hers" })).await["task"]["id"].clone();
    writing.done("share_task", json!({ "task": id, "with": "bob@example.org", "permission": "edit" })).await;
    let his = bob.agent(&app, ALL_SCOPES).await;
    let refused = his.refused("delete_task", json!({ "task": id })).await;
    assert!(refused.contains("not allowed"), "{refused}");
    for agent in [writing.reading(), ada.agent(&app, &["tasks:read"]).await] {
        let refused = agent.refused("delete_task", json!({ "task": id })).await;
        assert!(refused.contains("tasks:write"), "{refused}");
    }
}
