//! What was recorded, and taking it back.

use super::{ALL_SCOPES, Agent, Person};
use crate::support::App;
use axum::http::Method;
use serde_json::{Value, json};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

async fn confirmed(agent: &Agent, tool: &str, mut arguments: Value) -> Value {
    let asked = agent.done(tool, arguments.clone()).await;
    arguments["confirmation"] = asked["confirmation_required"]["confirmation"].clone();
    agent.done(tool, arguments).await["done"].clone()
}

async fn undo(agent: &Agent, action: &Value) -> Value {
    agent.done("undo_action", json!({ "action_id": action })).await["done"].clone()
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn each_kind_of_change_is_taken_back(_: PgPoolOptions, db: PgConnectOptions) {
    let app = App::on(db).await;
    let ada = Person::sign_up(&app, "Ada").await;
    let bob = Person::sign_up(&app, "Bob").await;
    let agent = ada.agent(&app, ALL_SCOPES).await;
    let made = agent.done("add_task", json!({ "title": "Plan", "description": "Trees" })).await;
    let id = made["task"]["id"].clone();
    let task = || async { ada.get(&format!("/api/me/tasks/{id}")).await };

    let changed = agent
        .done("update_task", json!({ "task": id, "title": "Plot", "description": "", "status": "completed" }))
        .await;
    assert_eq!(undo(&agent, &changed["action_id"]).await["undone"], json!([changed["action_id"]]));
    let now = task().await;
    assert_eq!(
        (&now["title"], &now["description"], &now["status"]),
        (&json!("Plan"), &json!("Trees"), &json!("pending"))
    );
    assert_eq!(now["completed_at"], Value::Null);

    let shared = agent.done("share_task", json!({ "task": id, "with": "bob@example.org", "permission": "view" })).await;
    let wider = agent.done("share_task", json!({ "task": id, "with": "Bob", "permission": "edit" })).await;
    let stranger =
        agent.done("share_task", json!({ "task": id, "with": "new@example.org", "permission": "view" })).await;
    let unshared = confirmed(&agent, "unshare_task", json!({ "task": id, "from": "bob@example.org" })).await;
    let bobs = || async { bob.get("/api/tasks/shared-with-me").await };
    assert_eq!(bobs().await, json!([]));
    undo(&agent, &unshared["action_id"]).await;
    assert_eq!(bobs().await[0]["access"], "edit");
    undo(&agent, &wider["action_id"]).await;
    assert_eq!(bobs().await[0]["access"], "view");

    let deleted = confirmed(&agent, "delete_task", json!({ "task": id })).await;
    assert_eq!(bobs().await, json!([]));
    undo(&agent, &deleted["action_id"]).await;
    assert_eq!(bobs().await[0]["access"], "view", "it came back with its shares");
    undo(&agent, &shared["action_id"]).await;
    undo(&agent, &stranger["action_id"]).await;
    assert_eq!((bobs().await, ada.get(&format!("/api/tasks/{id}/shares")).await), (json!([]), json!([])));

    undo(&agent, &made["action_id"]).await;
    assert_eq!(task().await["code"], "NOT_FOUND");
    let twice = undo(&agent, &made["action_id"]).await;
    assert_eq!(twice["refused"][0]["reason"], "It has been undone already.");
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn what_somebody_has_changed_since_stays(_: PgPoolOptions, db: PgConnectOptions) {
    let app = App::on(db).await;
    let ada = Person::sign_up(&app, "Ada").await;
    let agent = ada.agent(&app, ALL_SCOPES).await;
    let made = agent.done("add_task", json!({ "title": "Plan" })).await;
    let path = format!("/api/me/tasks/{}", made["task"]["id"]);
    let changed = agent.done("update_task", json!({ "task": made["task"]["id"], "title": "Plot" })).await;
    ada.send(Method::PATCH, &path, &json!({ "description": "mine" })).await;
    for action in [&changed["action_id"], &made["action_id"]] {
        let answer = undo(&agent, action).await;
        assert_eq!(answer["undone"], json!([]));
        assert!(answer["refused"][0]["reason"].as_str().unwrap().contains("Somebody has changed"), "{answer}");
    }
    assert_eq!(ada.get(&path).await["title"], "Plot");
    ada.send(Method::DELETE, &path, &Value::Null).await;
    let answer = undo(&agent, &changed["action_id"]).await;
    assert!(answer["refused"][0]["reason"].as_str().unwrap().contains("is gone"), "{answer}");
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn all_that_one_client_did_in_a_time_is_taken_back(_: PgPoolOptions, db: PgConnectOptions) {
    let app = App::on(db).await;
    let ada = Person::sign_up(&app, "Ada").await;
    let agent = ada.agent(&app, ALL_SCOPES).await;
    let other = agent.legacy();
    let kept = other.done("add_task", json!({ "title": "of another client" })).await;
    let mut ids = vec![];
    for title in ["a", "b", "c"] {
        ids.push(agent.done("add_task", json!({ "title": title })).await["task"]["id"].clone());
    }
    let first = agent.done("update_task", json!({ "task": ids[0], "title": "A" })).await;
    agent.done("update_task", json!({ "task": ids[0], "title": "AA" })).await;
    confirmed(&agent, "complete_tasks", json!({ "tasks": ids })).await;
    ada.send(Method::PATCH, &format!("/api/me/tasks/{}", ids[1]), &json!({ "title": "mine now" })).await;

    // From the first change of a title on: the tasks that were made before stay.
    let done = agent.done("get_activity", json!({})).await;
    let actions = done["actions"].as_array().unwrap();
    let since = actions.iter().find(|it| it["action_id"] == first["action_id"]).unwrap()["at"].clone();
    assert_eq!(actions[0]["tool"], "complete_tasks");
    assert_eq!((&actions[0]["client"], actions[0]["changed"].as_array().unwrap().len()), (&json!("test-client"), 3));
    let answer = confirmed(&agent, "undo_action", json!({ "since": since })).await;
    // One of three completed tasks was changed since, so they stay completed, and with them the titles before.
    assert_eq!(
        (answer["undone"].as_array().unwrap().len(), answer["refused"].as_array().unwrap().len()),
        (0, 3),
        "{answer}"
    );
    ada.send(Method::PATCH, &format!("/api/me/tasks/{}", ids[1]), &json!({ "title": "b" })).await;
    let answer = confirmed(&agent, "undo_action", json!({ "since": since })).await;
    assert_eq!(
        (answer["undone"].as_array().unwrap().len(), answer["refused"].as_array().unwrap().len()),
        (3, 0),
        "{answer}"
    );
    for (id, title) in ids.iter().zip(["a", "b", "c"]) {
        let task = ada.get(&format!("/api/me/tasks/{id}")).await;
        assert_eq!((&task["title"], &task["status"]), (&json!(title), &json!("pending")));
    }
    assert_eq!(ada.get(&format!("/api/me/tasks/{}", kept["task"]["id"])).await["title"], "of another client");
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn every_call_is_recorded_with_what_it_came_to(_: PgPoolOptions, db: PgConnectOptions) {
    let app = App::on(db).await;
    let agent = Person::sign_up(&app, "Ada").await.agent(&app, ALL_SCOPES).await;
    agent.done("list_tasks", json!({})).await;
    agent.refused("get_task", json!({ "task": "nothing\u{0}" })).await;
    let id = agent.done("add_task", json!({ "title": "x" })).await["task"]["id"].clone();
    agent.done("delete_task", json!({ "task": id })).await;
    let all = agent.done("get_activity", json!({ "all": true })).await;
    let told: Vec<_> = all["actions"].as_array().unwrap().iter().map(|it| json!([it["tool"], it["outcome"]])).collect();
    assert_eq!(
        json!(told),
        json!([["delete_task", "asked"], ["add_task", "done"], ["get_task", "refused"], ["list_tasks", "done"]])
    );
    assert!(all["actions"][2]["detail"].as_str().unwrap().contains("control characters"), "{all}");
    let other = Person::sign_up(&app, "Bob").await.agent(&app, ALL_SCOPES).await;
    assert_eq!(other.done("get_activity", json!({ "all": true })).await["actions"], json!([]));
    let nobody = json!({ "since": "-9999-01-01T00:00:00Z", "client": "nothing\u{0}" });
    assert_eq!(confirmed(&agent, "undo_action", nobody).await, json!({ "undone": [], "refused": [] }));
    let foreign = other.refused("undo_action", json!({ "action_id": all["actions"][1]["action_id"] })).await;
    assert!(foreign.contains("does not exist"), "{foreign}");
}
