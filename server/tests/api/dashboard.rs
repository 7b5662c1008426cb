//! The dashboard, the account and the audit log.

use super::*;

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn the_dashboard_counts_and_a_poll_that_finds_nothing_new_is_short(_: PgPoolOptions, db: PgConnectOptions) {
    let app = App::on(db).await;
    let ada = Program::signed_in(&app, "ada@example.org").await;
    for n in 0..3 {
        ada.task(&format!("Task {n}")).await;
    }
    let first = ada.get("/api/dashboard/statistics").await;
    let (counts, etag) = (first.json(), first.header("etag").to_owned());
    assert_eq!(
        (&counts["statistics"], &counts["cached"]),
        (&json!({ "total_tasks": 3, "pending_tasks": 3, "completed_tasks": 0, "shared_tasks": 0 }), &json!(false))
    );
    assert!(counts["computed_at"].is_string());
    let kept = ada.get("/api/dashboard/statistics").await;
    assert_eq!((&kept.json()["cached"], &kept.json()["computed_at"]), (&json!(true), &counts["computed_at"]));
    assert_eq!(kept.header("etag"), etag, "the same numbers");
    let poll = ada.with("if-none-match", &etag);
    let again = poll.get("/api/dashboard/statistics").await;
    assert_eq!((again.status, again.header("etag"), again.body.len()), (StatusCode::NOT_MODIFIED, &*etag, 0));
    assert_eq!(again.header("cache-control"), "private, no-cache");
    ada.post("/api/me/tasks", &json!({ "title": "Done", "status": "completed" })).await;
    let news = poll.get("/api/dashboard/statistics").await;
    assert_eq!((news.status, &news.json()["statistics"]["completed_tasks"]), (StatusCode::OK, &json!(1)));

    assert_eq!(
        ada.get("/api/dashboard/activity?tz=Asia/Kathmandu").await.json(),
        json!({
            "tasks_created_today": 4, "tasks_completed_today": 1, "tasks_created_this_week": 4,
            "tasks_completed_this_week": 1, "completion_rate": 25.0
        })
    );
    assert_eq!(
        ada.get("/api/dashboard/activity?tz=Etc/UTC").await.status,
        StatusCode::OK,
        "offered to nobody, but known"
    );
    let nowhere = ada.get("/api/dashboard/activity?tz=Middle/Earth").await;
    assert_eq!(refused(&nowhere), refusal(422, "VALIDATION_ERROR", &["tz"]));
    assert_eq!(ada.get("/api/dashboard/breakdown").await.json(), json!({ "pending": 3, "completed": 1, "total": 4 }));
    assert_eq!(
        ada.get("/api/dashboard/shared").await.json(),
        json!({ "total_shared": 0, "view_only": 0, "can_edit": 0 })
    );
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn an_account_is_changed_and_its_log_tells_of_it(_: PgPoolOptions, db: PgConnectOptions) {
    let app = App::on(db).await;
    let ada = Program::signed_in(&app, "ada@example.org").await;
    assert_eq!(ada.patch("/api/auth/me", &json!({ "name": " Countess " })).await.json()["name"], "Countess");
    let blank = ada.patch("/api/auth/me", &json!({ "name": " " })).await;
    assert_eq!(refused(&blank), refusal(422, "VALIDATION_ERROR", &["name"]));

    let zone = async |body: Value| ada.send(Method::PUT, "/api/auth/me/time-zone", body.to_string()).await;
    assert!(ada.get("/api/auth/time-zones").await.json().as_array().unwrap().contains(&json!("Europe/Berlin")));
    for chosen in [json!("Europe/Berlin"), Value::Null] {
        assert_eq!(zone(json!({ "time_zone": chosen })).await.status, StatusCode::NO_CONTENT);
    }
    for wrong in [json!({ "time_zone": "Middle/Earth" }), json!({})] {
        let answer = zone(wrong).await;
        assert_eq!(
            (answer.status, &answer.json()["code"]),
            (StatusCode::UNPROCESSABLE_ENTITY, &json!("VALIDATION_ERROR"))
        );
    }

    let change = |current: &str| json!({ "current_password": current, "new_password": "Another-horse-2" });
    let wrong = ada.post("/api/auth/password", &change("Wrong-horse-1")).await;
    assert_eq!(refused(&wrong), refusal(422, "VALIDATION_ERROR", &["current_password"]));
    assert_eq!(ada.post("/api/auth/password", &change("Correct-horse-1")).await.status, StatusCode::NO_CONTENT);
    let sessions = ada.get("/api/auth/sessions").await.json();
    assert_eq!(sessions.as_array().unwrap().len(), 1, "a new password ends all others");
    let proof = json!({ "email": "ada@example.org", "password": "Another-horse-2" });
    assert_eq!(ada.post("/api/auth/signin", &proof).await.status, StatusCode::OK);
    let ended = ada.delete("/api/auth/sessions").await;
    assert_eq!((ended.status, ended.json()), (StatusCode::OK, json!({ "ended": 1 })));

    // More than a page.
    for n in 0..50 {
        ada.patch("/api/auth/me", &json!({ "name": format!("Countess {n}") })).await;
    }
    let mut path = "/api/audit".to_owned();
    let mut actions = Vec::new();
    loop {
        let page = ada.get(&path).await;
        actions.extend(page.json().as_array().unwrap().iter().map(|line| line["action"].as_str().unwrap().to_owned()));
        let Some(next) = page.header("link").strip_prefix('<').and_then(|link| link.strip_suffix(">; rel=\"next\""))
        else {
            break;
        };
        path = next.to_owned();
    }
    let oldest: Vec<_> = actions.iter().rev().map(String::as_str).collect();
    assert_eq!(oldest[0], "account.sign_up", "{oldest:?}");
    for action in ["account.update", "account.password_change", "session.end_others"] {
        assert!(oldest.contains(&action), "{action} is not in {oldest:?}");
    }
    let not_mine = ada.get("/api/audit?team_id=00000000-0000-0000-0000-000000000000").await;
    assert_eq!(refused(&not_mine), refusal(404, "NOT_FOUND", &[]));
}
