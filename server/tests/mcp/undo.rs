//! What was recorded, and taking it back.

use super::{ALL_SCOPES, Agent, Person, confirmation::asked};
use crate::support::{App, eventually};
use axum::http::Method;
use serde_json::{Value, json};
use sqlx::{
    PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
};

async fn confirmed(agent: &Agent, tool: &str, mut arguments: Value) -> Value {
    let asked = agent.done(tool, arguments.clone()).await;
    arguments["confirmation"] = asked["confirmation_required"]["confirmation"].clone();
    agent.done(tool, arguments).await["done"].clone()
}

async fn undo(agent: &Agent, action: &Value) -> Value {
    let arguments = json!({ "action_id": action });
    let answer = agent.done("undo_action", arguments.clone()).await;
    if answer.get("done").is_some() { answer["done"].clone() } else { confirmed(agent, "undo_action", arguments).await }
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

    let with_bob = json!({ "task": id, "with": "bob@example.org", "permission": "view" });
    let shared = agent.done("share_task", with_bob).await["done"].take();
    let wider = confirmed(&agent, "share_task", json!({ "task": id, "with": "Bob", "permission": "edit" })).await;
    let with_nobody = json!({ "task": id, "with": "new@example.org", "permission": "view" });
    let stranger = agent.done("share_task", with_nobody).await["done"].take();
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

    // It would delete the task.
    let asked = agent.done("undo_action", json!({ "action_id": made["action_id"] })).await;
    let question = asked["confirmation_required"]["question"].as_str().unwrap();
    assert!(question.contains("add_task of “test-client”"), "{question}");
    undo(&agent, &made["action_id"]).await;
    assert_eq!(task().await["code"], "NOT_FOUND");
    let twice = undo(&agent, &made["action_id"]).await;
    assert_eq!(twice["kept"][0]["reason"], "It has been undone already.");
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
        assert!(answer["kept"][0]["reason"].as_str().unwrap().contains("Somebody has changed"), "{answer}");
    }
    assert_eq!(ada.get(&path).await["title"], "Plot");
    ada.send(Method::DELETE, &path, &Value::Null).await;
    let answer = undo(&agent, &changed["action_id"]).await;
    assert!(answer["kept"][0]["reason"].as_str().unwrap().contains("is gone"), "{answer}");
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn what_a_person_deleted_themselves_stays_deleted(_: PgPoolOptions, db: PgConnectOptions) {
    let app = App::on(db).await;
    let ada = Person::sign_up(&app, "Ada").await;
    let agent = ada.agent(&app, ALL_SCOPES).await;
    let made = agent.done("add_task", json!({ "title": "Plan" })).await;
    let path = format!("/api/me/tasks/{}", made["task"]["id"]);
    let gone = confirmed(&agent, "delete_task", json!({ "task": made["task"]["id"] })).await;
    ada.send(Method::POST, &format!("{path}/restore"), &Value::Null).await;
    ada.send(Method::DELETE, &path, &Value::Null).await;
    let answer = undo(&agent, &gone["action_id"]).await;
    assert!(answer["kept"][0]["reason"].as_str().unwrap().contains("deleted it again"), "{answer}");
    // The same for what they have completed themselves.
    ada.send(Method::POST, &format!("{path}/restore"), &Value::Null).await;
    let completed = agent.done("update_task", json!({ "task": made["task"]["id"], "status": "completed" })).await;
    for status in ["pending", "completed"] {
        ada.send(Method::PATCH, &path, &json!({ "status": status })).await;
    }
    let answer = undo(&agent, &completed["action_id"]).await;
    assert!(answer["kept"][0]["reason"].as_str().unwrap().contains("Somebody has changed"), "{answer}");
    assert_eq!(ada.get(&path).await["status"], "completed");
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
        (answer["undone"].as_array().unwrap().len(), answer["kept"].as_array().unwrap().len()),
        (0, 3),
        "{answer}"
    );
    ada.send(Method::PATCH, &format!("/api/me/tasks/{}", ids[1]), &json!({ "title": "b" })).await;
    let answer = confirmed(&agent, "undo_action", json!({ "since": since })).await;
    assert_eq!(
        (answer["undone"].as_array().unwrap().len(), answer["kept"].as_array().unwrap().len()),
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
    // What has no name in its request goes by that of its program.
    let script = Agent { browser: agent.browser.with("user-agent", "a-script/1"), ..agent.legacy() };
    script.done("list_teams", json!({})).await;
    assert_eq!(agent.done("get_activity", json!({ "all": true })).await["actions"][0]["client"], "a-script/1");
    let other = Person::sign_up(&app, "Bob").await.agent(&app, ALL_SCOPES).await;
    assert_eq!(other.done("get_activity", json!({ "all": true })).await["actions"], json!([]));
    let nobody = json!({ "since": "-9999-01-01T00:00:00Z", "client": "nothing\u{0}" });
    let nothing = agent.done("undo_action", nobody).await;
    assert_eq!(nothing, json!({ "done": { "undone": [], "kept": [] } }), "nobody is asked about nothing");
    let foreign = other.refused("undo_action", json!({ "action_id": all["actions"][1]["action_id"] })).await;
    assert!(foreign.contains("does not exist"), "{foreign}");
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn whoever_hangs_up_has_changed_nothing(_: PgPoolOptions, db: PgConnectOptions) {
    let pool = PgPool::connect_with(db.clone()).await.unwrap();
    let app = App::on(db).await;
    let agent = Person::sign_up(&app, "Ada").await.agent(&app, ALL_SCOPES).await;
    let id = agent.done("add_task", json!({ "title": "Plan" })).await["task"]["id"].as_i64().unwrap();
    let mut held = pool.begin().await.unwrap();
    sqlx::query("SELECT FROM tasks WHERE id = $1 FOR UPDATE").bind(id).execute(&mut *held).await.unwrap();
    let waits = async || {
        let waiting = "SELECT count(*) FROM pg_locks JOIN pg_stat_activity USING (pid)
                       WHERE NOT granted AND datname = current_database()";
        let waiting: i64 = sqlx::query_scalar(waiting).fetch_one(&pool).await.unwrap();
        (waiting > 0).then_some(())
    };
    tokio::select! {
        result = agent.call("update_task", json!({ "task": id, "title": "Too late" })) => panic!("{result}"),
        () = eventually("a call that waits", waits) => {}
    }
    held.rollback().await.unwrap();
    let failed = async || {
        let actions = agent.done("get_activity", json!({ "all": true })).await["actions"].take();
        actions.as_array().unwrap().iter().any(|action| action["outcome"] == "failed").then_some(())
    };
    eventually("its end", failed).await;
    assert_eq!(agent.done("get_task", json!({ "task": id })).await["title"], "Plan");
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn a_whole_story_is_taken_back_at_once(_: PgPoolOptions, db: PgConnectOptions) {
    let app = App::on(db).await;
    let (ada, bob) = (Person::sign_up(&app, "Ada").await, Person::sign_up(&app, "Bob").await);
    let agent = ada.agent(&app, ALL_SCOPES).await;
    let old = ada.send(Method::POST, "/api/me/tasks", &json!({ "title": "Old" })).await.json()["id"].clone();
    let new = agent.done("add_task", json!({ "title": "New" })).await["task"]["id"].clone();
    for task in [&new, &old] {
        agent.done("share_task", json!({ "task": task, "with": "bob@example.org", "permission": "view" })).await;
        agent.done("share_task", json!({ "task": task, "with": "new@example.org", "permission": "view" })).await;
        agent.done("update_task", json!({ "task": task, "title": "Changed" })).await;
    }
    confirmed(&agent, "delete_task", json!({ "task": old })).await;
    // One that came, was shared and went again.
    let brief = agent.done("add_task", json!({ "title": "Brief" })).await["task"]["id"].clone();
    for email in ["bob@example.org", "new@example.org"] {
        agent.done("share_task", json!({ "task": brief, "with": email, "permission": "view" })).await;
    }
    confirmed(&agent, "delete_task", json!({ "task": brief })).await;
    let everything = json!({ "since": "2020-01-01T00:00:00Z" });
    let (question, confirmation) = asked(&agent, "undo_action", everything.clone()).await;
    assert!(
        question.contains("Undo 12 actions of “test-client”: bring back") && question.contains(" more"),
        "{question}"
    );
    // What was agreed to is just these.
    let later = agent.done("add_task", json!({ "title": "Later" })).await["task"]["id"].clone();
    let mut agreed = everything.clone();
    agreed["confirmation"] = confirmation;
    assert!(agent.refused("undo_action", agreed).await.contains("This confirmation"));
    agent.done("get_task", json!({ "task": later })).await;
    let answer = confirmed(&agent, "undo_action", everything).await;
    assert_eq!((answer["undone"].as_array().unwrap().len(), &answer["kept"]), (13, &json!([])));
    assert_eq!(ada.get(&format!("/api/me/tasks/{old}")).await["title"], "Old");
    assert_eq!(ada.get(&format!("/api/tasks/{old}/shares")).await, json!([]));
    assert_eq!(ada.get(&format!("/api/me/tasks/{new}")).await["code"], "NOT_FOUND");
    // What was shared only by the agent does not come back with the task.
    ada.send(Method::POST, &format!("/api/me/tasks/{new}/restore"), &Value::Null).await;
    assert_eq!(ada.get(&format!("/api/tasks/{new}/shares")).await, json!([]));
    assert_eq!(bob.get("/api/tasks/shared-with-me").await, json!([]));
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn what_is_no_longer_ones_own_to_change_stays(_: PgPoolOptions, db: PgConnectOptions) {
    let app = App::on(db).await;
    let (ada, bob) = (Person::sign_up(&app, "Ada").await, Person::sign_up(&app, "Bob").await);
    let task = ada.send(Method::POST, "/api/me/tasks", &json!({ "title": "Ada's" })).await.json()["id"].clone();
    let share = async |permission: &str| {
        let with = json!({ "email": "bob@example.org", "permission": permission });
        ada.send(Method::POST, &format!("/api/tasks/{task}/share"), &with).await
    };
    share("edit").await;
    let his = bob.agent(&app, ALL_SCOPES).await;
    let changed = his.done("update_task", json!({ "task": task, "title": "Bob's" })).await;
    share("view").await;
    let answer = undo(&his, &changed["action_id"]).await;
    assert!(answer["kept"][0]["reason"].as_str().unwrap().contains("no longer yours to change"), "{answer}");
    let hers = ada.agent(&app, ALL_SCOPES).await;
    assert!(hers.refused("undo_action", json!({ "action_id": changed["action_id"] })).await.contains("does not exist"));

    // A task that she has shared herself since is not taken from whom she has shared it with.
    let made = hers.done("add_task", json!({ "title": "Hers" })).await;
    let with_bob = json!({ "email": "bob@example.org", "permission": "view" });
    ada.send(Method::POST, &format!("/api/tasks/{}/share", made["task"]["id"]), &with_bob).await;
    let answer = undo(&hers, &made["action_id"]).await;
    assert!(answer["kept"][0]["reason"].as_str().unwrap().contains("Somebody has shared"), "{answer}");

    // What cannot be given back does not keep the rest from being undone.
    let team = ada.send(Method::POST, "/api/teams", &json!({ "name": "Operations" })).await.json()["id"].clone();
    let of_team = json!({ "title": "Oil the doors", "team_id": team });
    let of_team = ada.send(Method::POST, "/api/me/tasks", &of_team).await.json()["id"].clone();
    hers.done("share_task", json!({ "task": of_team, "with": "bob@example.org", "permission": "view" })).await;
    let taken = confirmed(&hers, "unshare_task", json!({ "task": of_team, "from": "bob@example.org" })).await;
    let gone = confirmed(&hers, "delete_task", json!({ "task": of_team })).await;
    let renamed = hers.done("update_task", json!({ "task": task, "title": "Ada's again" })).await;
    let member = json!({ "email": "bob@example.org", "role": "viewer" });
    ada.send(Method::POST, &format!("/api/teams/{}/members", team.as_str().unwrap()), &member).await;
    let answer = confirmed(&hers, "undo_action", json!({ "since": "2020-01-01T00:00:00Z" })).await;
    let kept: Vec<_> = answer["kept"].as_array().unwrap().iter().map(|it| it["action_id"].clone()).collect();
    assert_eq!(kept[0], taken["action_id"], "{answer}");
    assert!(answer["kept"][0]["reason"].as_str().unwrap().contains("sees it already"), "{answer}");
    assert_eq!(answer["undone"], json!([renamed["action_id"], gone["action_id"]]));
    assert_eq!(ada.get(&format!("/api/me/tasks/{of_team}")).await["title"], "Oil the doors");
    assert_eq!(ada.get(&format!("/api/me/tasks/{task}")).await["title"], "Bob's");
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn whoever_undoes_waits_for_whoever_writes(_: PgPoolOptions, db: PgConnectOptions) {
    let pool = PgPool::connect_with(db.clone()).await.unwrap();
    let app = App::on(db).await;
    let ada = Person::sign_up(&app, "Ada").await;
    let agent = ada.agent(&app, ALL_SCOPES).await;
    let made = agent.done("add_task", json!({ "title": "Plan" })).await;
    let id = made["task"]["id"].as_i64().unwrap();
    let changed = agent.done("update_task", json!({ "task": id, "title": "Plot" })).await;
    // Twice at once: once.
    let body = json!({ "id": changed["action_id"] });
    let (one, other) = tokio::join!(
        ada.send(Method::POST, "/api/tool-calls/undo", &body),
        ada.send(Method::POST, "/api/tool-calls/undo", &body)
    );
    let count = |answer: &Value| answer["undone"].as_array().unwrap().len();
    assert_eq!(count(&one.json()) + count(&other.json()), 1, "{} {}", one.text(), other.text());

    let changed = agent.done("update_task", json!({ "task": id, "title": "Plot" })).await;
    let mut writer = pool.begin().await.unwrap();
    let write = "UPDATE tasks SET title = 'Written meanwhile', version = version + 1 WHERE id = $1";
    sqlx::query(write).bind(id).execute(&mut *writer).await.unwrap();
    let commits = async {
        eventually("somebody who waits", async || {
            let waiting = "SELECT count(*) FROM pg_locks JOIN pg_stat_activity USING (pid)
                           WHERE NOT granted AND datname = current_database()";
            let waiting: i64 = sqlx::query_scalar(waiting).fetch_one(&pool).await.unwrap();
            (waiting > 0).then_some(())
        })
        .await;
        writer.commit().await.unwrap();
    };
    let (answer, ()) = tokio::join!(undo(&agent, &changed["action_id"]), commits);
    assert!(answer["kept"][0]["reason"].as_str().unwrap().contains("Somebody has changed"), "{answer}");
    assert_eq!(ada.get(&format!("/api/me/tasks/{id}")).await["title"], "Written meanwhile");
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn calls_are_kept_for_ninety_days_and_a_hundred_are_undone_at_once(_: PgPoolOptions, db: PgConnectOptions) {
    let pool = PgPool::connect_with(db.clone()).await.unwrap();
    let app = App::on(db).await;
    let agent = Person::sign_up(&app, "Ada").await.agent(&app, ALL_SCOPES).await;
    agent.done("add_task", json!({ "title": "Plan" })).await;
    let more = "INSERT INTO tool_calls (id, user_id, client, tool, arguments, outcome, called_at, duration_us, changed)
                SELECT gen_random_uuid(), user_id, client, tool, '{}', 'done', called_at, 1, true
                FROM tool_calls, generate_series(1, $1)";
    sqlx::query(more).bind(100).execute(&pool).await.unwrap();
    let refused = agent.refused("undo_action", json!({ "since": "2020-01-01T00:00:00Z" })).await;
    assert!(refused.contains("more than 100 calls"), "{refused}");
    let days = async |days: i32| {
        let passed = "UPDATE tool_calls SET called_at = called_at - make_interval(days => $1, mins => 1)";
        sqlx::query(passed).bind(days).execute(&pool).await.unwrap();
        app.backend.tool_calls_forget().await.unwrap();
        sqlx::query_scalar::<_, i64>("SELECT count(*) FROM tool_calls").fetch_one(&pool).await.unwrap()
    };
    assert!(days(89).await > 100);
    assert_eq!(days(1).await, 0);
    assert_eq!(
        sqlx::query_scalar::<_, i64>("SELECT count(*) FROM tool_call_changes").fetch_one(&pool).await.unwrap(),
        0
    );
}
