//! Teams and shares.

use super::*;

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn a_team_from_its_making_to_its_end(_: PgPoolOptions, db: PgConnectOptions) {
    let app = App::on(db).await;
    let ada = Program::signed_in(&app, "ada@example.org").await;
    let bob = Program::signed_in(&app, "bob@example.org").await;
    let (ada_id, bob_id) = (ada.id().await, bob.id().await);

    let made = ada.post("/api/teams", &json!({ "name": " Crew ", "description": "Line\nby line" })).await;
    let team = made.json();
    let path = format!("/api/teams/{}", team["id"].as_str().unwrap());
    let first = made.header("etag").to_owned();
    assert_eq!((made.status, made.header("location")), (StatusCode::CREATED, &*path));
    assert_eq!(
        team,
        json!({
            "id": team["id"], "name": "Crew", "description": "Line\nby line", "role": "owner", "members": 1,
            "version": 1, "created_at": team["created_at"]
        })
    );
    assert_eq!((ada.get(&path).await.json(), ada.get("/api/teams").await.json()), (team.clone(), json!([team])));
    let taken = bob.post("/api/teams", &json!({ "name": "crew" })).await;
    assert_eq!(refused(&taken), refusal(409, "CONFLICT", &[]));

    let changed = ada.with("if-match", &first).patch(&path, &json!({ "description": "" })).await;
    let second = changed.header("etag").to_owned();
    assert_eq!(changed.status, StatusCode::OK);
    assert_eq!((&changed.json()["name"], &changed.json()["description"]), (&json!("Crew"), &json!("")));
    let stale = ada.with("if-match", &first).patch(&path, &json!({ "name": "Late" })).await;
    assert_eq!(refused(&stale), refusal(412, "PRECONDITION_FAILED", &[]));
    let stale = ada.with("if-match", &first).delete(&path).await;
    assert_eq!(refused(&stale), refusal(412, "PRECONDITION_FAILED", &[]));
    let known = ada.with("if-none-match", &second);
    assert_eq!(known.get(&path).await.status, StatusCode::NOT_MODIFIED);

    let members = format!("{path}/members");
    let (one_of_bob, both) = (
        json!({ "email": "bob@example.org", "role": "member" }),
        json!({ "email": "bob@example.org", "user_id": bob_id, "role": "member" }),
    );
    assert_eq!(refused(&ada.post(&members, &both).await), refusal(422, "VALIDATION_ERROR", &["email"]));
    let unknown = ada.post(&members, &json!({ "user_id": bob_id, "role": "member" })).await;
    assert_eq!(refused(&unknown), refusal(422, "VALIDATION_ERROR", &["user_id"]), "they have nothing in common yet");
    let added = ada.post(&members, &one_of_bob).await;
    assert_eq!(
        (added.status, added.header("location"), added.json()),
        (StatusCode::CREATED, &*members, json!({ "added": "now" }))
    );
    assert_eq!(refused(&ada.post(&members, &one_of_bob).await), refusal(409, "CONFLICT", &[]));
    assert_eq!(known.get(&path).await.json()["members"], 2, "no other version, and yet news");
    for role in ["owner", "king"] {
        let given = ada.post(&members, &json!({ "email": "new@example.org", "role": role })).await;
        assert_eq!(refused(&given), refusal(422, "VALIDATION_ERROR", &["role"]), "{role}");
    }
    let of_bob = format!("{members}/{bob_id}");
    assert_eq!(refused(&bob.patch(&of_bob, &json!({ "role": "admin" })).await), refusal(403, "FORBIDDEN", &[]));
    assert_eq!(ada.patch(&of_bob, &json!({ "role": "admin" })).await.status, StatusCode::NO_CONTENT);
    let people = bob.get(&members).await.json();
    let people: Vec<_> = people.as_array().unwrap().iter().map(|one| (&one["user_id"], &one["role"])).collect();
    assert_eq!(people, [(&json!(ada_id), &json!("owner")), (&json!(bob_id), &json!("admin"))]);

    let invited = bob.post(&members, &json!({ "email": "New+one@example.org", "role": "viewer" })).await;
    assert_eq!((invited.status, invited.json()), (StatusCode::CREATED, json!({ "added": "invited" })));
    let invitations = format!("{path}/invitations");
    assert_eq!(ada.get(&invitations).await.json()[0]["email"], "new+one@example.org");
    let gone = ada.delete(&format!("{invitations}/new%2Bone%40example.org")).await;
    assert_eq!((gone.status, ada.get(&invitations).await.json()), (StatusCode::NO_CONTENT, json!([])));

    let leave = format!("{path}/leave");
    assert_eq!(refused(&ada.post(&leave, &json!({})).await), refusal(409, "CONFLICT", &[]), "its owner");
    let transfer = format!("{path}/transfer");
    assert_eq!(ada.post(&transfer, &json!({ "user_id": bob_id })).await.status, StatusCode::NO_CONTENT);
    assert_eq!(refused(&ada.delete(&path).await), refusal(403, "FORBIDDEN", &[]));
    assert_eq!(ada.send(Method::POST, &leave, Body::empty()).await.status, StatusCode::NO_CONTENT);
    for lost in [ada.get(&path).await, ada.get(&members).await, ada.get(&invitations).await] {
        assert_eq!(refused(&lost), refusal(404, "NOT_FOUND", &[]));
    }
    assert_eq!(refused(&bob.delete(&of_bob).await), refusal(409, "CONFLICT", &[]), "the owner by now");
    assert_eq!(bob.delete(&path).await.status, StatusCode::NO_CONTENT);
    assert_eq!(bob.get("/api/teams").await.json(), json!([]));
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn a_task_is_shared_changed_and_given_back(_: PgPoolOptions, db: PgConnectOptions) {
    let app = App::on(db).await;
    let ada = Program::signed_in(&app, "ada@example.org").await;
    let bob = Program::signed_in(&app, "bob@example.org").await;
    let bob_id = bob.id().await;
    let id = ada.task("Plan").await["id"].clone();
    let (share, shares) = (format!("/api/tasks/{id}/share"), format!("/api/tasks/{id}/shares"));

    let given = ada.post(&share, &json!({ "email": "bob@example.org", "permission": "view" })).await;
    assert_eq!(
        (given.status, given.header("location"), given.json()),
        (StatusCode::CREATED, &*shares, json!({ "added": "now" }))
    );
    let seen = bob.get("/api/tasks/shared-with-me").await.json();
    assert_eq!((&seen[0]["id"], &seen[0]["access"]), (&id, &json!("view")));
    assert_eq!(seen, bob.get("/api/me/tasks?shared=true").await.json());
    let elsewhere = bob.get(&format!("/api/tasks/shared-with-me?team_id={}", uuid::Uuid::nil())).await;
    assert_eq!(refused(&elsewhere), refusal(422, "VALIDATION_ERROR", &["team_id"]));
    assert_eq!(refused(&bob.get(&shares).await), refusal(403, "FORBIDDEN", &[]));
    let task = format!("/api/me/tasks/{id}");
    let known = bob.with("if-none-match", bob.get(&task).await.header("etag"));
    assert_eq!(known.get(&task).await.status, StatusCode::NOT_MODIFIED);
    // They know each other by now.
    let change = json!({ "user_id": bob_id, "permission": "edit" });
    assert_eq!(ada.patch(&share, &change).await.status, StatusCode::NO_CONTENT);
    assert_eq!(known.get(&task).await.json()["access"], "edit", "no other version, and yet news");
    let list = ada.get(&shares).await.json();
    let created = &list[0]["created_at"];
    assert_eq!(
        list,
        json!([{
            "user_id": bob_id, "name": "Ada", "email": "bob@example.org", "permission": "edit", "created_at": created
        }])
    );
    for (body, code, fields) in [
        (json!({ "email": "ada@example.org", "permission": "view" }), 409, vec![]),
        (json!({ "email": "nobody", "permission": "own" }), 422, vec!["email", "permission"]),
        (json!({ "permission": "view" }), 422, vec!["email"]),
        (json!({ "user_id": 7, "permission": "view" }), 422, vec!["user_id"]),
    ] {
        let name = if code == 409 { "CONFLICT" } else { "VALIDATION_ERROR" };
        assert_eq!(refused(&ada.post(&share, &body).await), refusal(code, name, &fields), "{body}");
    }
    let nobody = ada.patch(&share, &json!({ "email": "new@example.org", "permission": "view" })).await;
    assert_eq!(refused(&nobody), refusal(409, "CONFLICT", &[]), "there is nothing to change");

    let invited = ada.post(&share, &json!({ "email": "new@example.org", "permission": "view" })).await;
    assert_eq!(invited.json(), json!({ "added": "invited" }));
    let by_me = ada.get("/api/tasks/shared-by-me").await.json();
    let have: Vec<_> = by_me[0]["shares"].as_array().unwrap().iter().map(|share| &share["user_id"]).collect();
    assert_eq!((&by_me[0]["id"], have), (&id, vec![&json!(bob_id), &Value::Null]));
    let withdrawn = ada.delete(&format!("/api/tasks/{id}/invitations/new@example.org")).await;
    assert_eq!(withdrawn.status, StatusCode::NO_CONTENT);

    let of_bob = format!("{share}/{bob_id}");
    for _ in 0..2 {
        assert_eq!(ada.delete(&of_bob).await.status, StatusCode::NO_CONTENT, "also twice");
    }
    assert_eq!(refused(&bob.delete(&of_bob).await), refusal(404, "NOT_FOUND", &[]));
    ada.post(&share, &json!({ "email": "bob@example.org", "permission": "view" })).await;
    assert_eq!(bob.delete(&of_bob).await.status, StatusCode::NO_CONTENT, "given back");
    assert_eq!(
        (bob.get("/api/tasks/shared-with-me").await.json(), ada.get(&shares).await.json()),
        (json!([]), json!([]))
    );

    // A deleted task comes back as it was.
    assert_eq!(ada.delete(&task).await.status, StatusCode::NO_CONTENT);
    assert_eq!(ada.get(&format!("{task}/deleted")).await.json()["title"], "Plan");
    let restored = ada.send(Method::POST, &format!("{task}/restore"), Body::empty()).await;
    assert_eq!((restored.status, &restored.json()["title"]), (StatusCode::OK, &json!("Plan")));
    assert_eq!(refused(&ada.get(&format!("{task}/deleted")).await), refusal(404, "NOT_FOUND", &[]));
}
