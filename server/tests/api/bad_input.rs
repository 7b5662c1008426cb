//! What no program should send, and some do.

use super::*;

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn bad_input_is_named_and_loses_nothing(_: PgPoolOptions, db: PgConnectOptions) {
    let app = App::on(db).await;
    let ada = Program::signed_in(&app, "ada@example.org").await;
    let id = ada.task("Kept").await["id"].clone();
    let deep = format!("{{\"title\": {}1{}}}", "[".repeat(500), "]".repeat(500));
    let long = format!("{{\"title\": \"{}\"}}", "x".repeat(201));
    let bodies: [(&[u8], u16, &str, &[&str]); 16] = [
        (b"", 400, "BAD_REQUEST", &[]),
        (b"{\"title\": ", 400, "BAD_REQUEST", &[]),
        (b"{\"title\": \"a\"} {}", 400, "BAD_REQUEST", &[]),
        (b"{\"title\": \"\xff\"}", 400, "BAD_REQUEST", &[]),
        (b"{\"title\": \"\\ud800\"}", 400, "BAD_REQUEST", &[]),
        (deep.as_bytes(), 422, "VALIDATION_ERROR", &["title"]),
        (b"[]", 422, "VALIDATION_ERROR", &["body"]),
        (b"[\"by place\", \"and not by name\"]", 422, "VALIDATION_ERROR", &["body"]),
        (b"null", 422, "VALIDATION_ERROR", &["body"]),
        (b"{}", 422, "VALIDATION_ERROR", &["body"]),
        (b"{\"title\": 7}", 422, "VALIDATION_ERROR", &["title"]),
        (b"{\"title\": \"a\", \"owner\": 1}", 422, "VALIDATION_ERROR", &["owner"]),
        (b"{\"title\": \"a\", \"title\": \"b\"}", 422, "VALIDATION_ERROR", &["body"]),
        (b"{\"title\": \"a\", \"status\": \"open\"}", 422, "VALIDATION_ERROR", &["status"]),
        (b"{\"title\": \"a\\u0000\"}", 422, "VALIDATION_ERROR", &["title"]),
        (long.as_bytes(), 422, "VALIDATION_ERROR", &["title"]),
    ];
    for (body, status, code, fields) in bodies {
        let answer = ada.send(Method::POST, "/api/me/tasks", body.to_vec()).await;
        assert_eq!(refused(&answer), refusal(status, code, fields), "{}", String::from_utf8_lossy(body));
    }
    let queries: [(&str, &str); 9] = [
        ("status=open", "status"),
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("limit=99999999999999999999", "limit"),
        ("sort=random", "sort"),
        ("team_id=7", "team_id"),
        ("cursor=nonsense", "cursor"),
        ("owner=me", "owner"),
        ("team_id=00000000-0000-0000-0000-000000000000&shared=true", "shared"),
    ];
    for (query, field) in queries {
        let answer = ada.get(&format!("/api/me/tasks?{query}")).await;
        assert_eq!(refused(&answer), refusal(422, "VALIDATION_ERROR", &[field]), "{query}");
    }
    for id in ["abc", "1.5", "-", "99999999999999999999", "%00", "1%2F2"] {
        let answer = ada.get(&format!("/api/me/tasks/{id}")).await;
        assert_eq!(refused(&answer), refusal(422, "VALIDATION_ERROR", &["id"]), "{id}");
    }
    let plain = Program(app.browser().with("content-type", "text/plain"));
    let answer = plain.post("/api/auth/signin", &json!({ "email": "ada@example.org", "password": "x" })).await;
    assert_eq!(refused(&answer), refusal(415, "UNSUPPORTED_MEDIA_TYPE", &[]));
    let tagged = ada.with("if-match", "1").delete(&format!("/api/me/tasks/{id}")).await;
    assert_eq!(
        refused(&tagged),
        refusal(412, "PRECONDITION_FAILED", &[]),
        "not in quotation marks, so it is no version"
    );
    let titles = ada.get("/api/me/tasks").await.json();
    assert_eq!(titles.as_array().unwrap().iter().map(|task| &task["title"]).collect::<Vec<_>>(), ["Kept"]);
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn ids_and_numbers_of_every_wrong_kind_are_named(_: PgPoolOptions, db: PgConnectOptions) {
    let app = App::on(db).await;
    let ada = Program::signed_in(&app, "ada@example.org").await;
    let invalid = |field: &str| refusal(422, "VALIDATION_ERROR", &[field]);
    for ids in ["7", "null", "{}", "[1.5]", "[\"7\"]", "[null]", "[[7]]", "[1e3]", "[99999999999999999999]", "[true]"] {
        let body = format!("{{\"action\": \"complete\", \"ids\": {ids}}}");
        let answer = ada.send(Method::POST, "/api/me/tasks/bulk", body).await;
        let (status, code, fields) = refused(&answer);
        assert_eq!((status, &*code), (422, "VALIDATION_ERROR"), "{ids}");
        assert!(fields[0].starts_with("ids"), "{ids}: {fields:?}");
    }
    let beyond = ada.send(Method::POST, "/api/me/tasks", "{\"title\": 1e999}").await;
    assert_eq!(refused(&beyond), refusal(400, "BAD_REQUEST", &[]), "no number has that size");
    for id in ["0", "-1", "9223372036854775807", "-9223372036854775808"] {
        let answer = ada.get(&format!("/api/me/tasks/{id}")).await;
        assert_eq!(refused(&answer), refusal(404, "NOT_FOUND", &[]), "{id}");
    }
    for id in
        ["7", "me", "00000000-0000-0000-0000-00000000000g", "00000000-0000-0000-0000-0000000000000", "%F0%9F%8E%89"]
    {
        for path in ["/api/teams/{}", "/api/auth/sessions/{}", "/api/auth/tokens/{}"] {
            let answer = ada.delete(&path.replace("{}", id)).await;
            assert_eq!(refused(&answer), invalid("id"), "{path} {id}");
        }
        let answer = ada.delete(&format!("/api/tasks/1/share/{id}")).await;
        assert_eq!(refused(&answer), invalid("user_id"), "{id}");
    }
    for (path, part) in [("/api/me/tasks?q=%ff", "query"), ("/api/me/tasks/%ff", "path"), ("/api/%c3%28/tasks", "path")]
    {
        assert_eq!(refused(&ada.get(path).await), invalid(part), "{path} is no UTF-8");
    }
    let twice = ada.get("/api/me/tasks?limit=1&limit=2").await;
    assert_eq!((twice.status.as_u16(), &twice.json()["code"]), (422, &json!("VALIDATION_ERROR")));
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn a_nul_is_refused_wherever_it_stands(_: PgPoolOptions, db: PgConnectOptions) {
    let app = App::on(db).await;
    let ada = Program::signed_in(&app, "ada@example.org").await;
    let id = ada.task("Kept").await["id"].clone();
    let tried = [
        ada.post(
            "/api/auth/signup",
            &json!({ "email": "a\0@example.org", "password": "Correct-horse-1", "name": "A" }),
        )
        .await,
        ada.patch("/api/auth/me", &json!({ "name": "A\0" })).await,
        ada.post("/api/auth/tokens", &json!({ "name": "A\0", "scopes": ["tasks:read"] })).await,
        ada.post("/api/teams", &json!({ "name": "A\0" })).await,
        ada.post("/api/teams", &json!({ "name": "A", "description": "\0" })).await,
        ada.post("/api/me/tasks", &json!({ "title": "A", "description": "a\0b" })).await,
        ada.patch(&format!("/api/me/tasks/{id}"), &json!({ "description": "\0" })).await,
        ada.post(&format!("/api/tasks/{id}/share"), &json!({ "email": "a\0@b.org", "permission": "view" })).await,
        ada.send(Method::PUT, "/api/auth/me/time-zone", json!({ "time_zone": "UTC\0" }).to_string()).await,
        ada.get("/api/me/tasks?q=a%00b").await,
        ada.get("/api/me/tasks?cursor=%00").await,
        ada.get("/api/dashboard/activity?tz=UTC%00").await,
        ada.delete(&format!("/api/tasks/{id}/invitations/a%00@b.org")).await,
    ];
    for (n, answer) in tried.iter().enumerate() {
        let (status, code, fields) = refused(answer);
        assert_eq!((status, &*code, fields.len()), (422, "VALIDATION_ERROR", 1), "{n}: {}", answer.text());
    }
    // It is no account's, so it opens none; and a password with one is as wrong as any other.
    for (email, password) in [("ada\0@example.org", "Correct-horse-1"), ("ada@example.org", "Correct\0-horse-1")] {
        let answer = ada.post("/api/auth/signin", &json!({ "email": email, "password": password })).await;
        assert_eq!(refused(&answer), refusal(401, "UNAUTHORIZED", &[]));
    }
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn strange_but_lawful_texts_come_back_as_they_were(_: PgPoolOptions, db: PgConnectOptions) {
    let app = App::on(db).await;
    let ada = Program::signed_in(&app, "ada@example.org").await;
    for text in [
        "\u{202e}gnp.exe",
        "a\u{200b}b\u{feff}c",
        "👩‍👩‍👧‍👦".repeat(20).as_str(),
        "<script>'\"&amp;",
        "مرحبا עולם",
        "e\u{301}\u{fe0f}",
    ] {
        let made = ada.post("/api/me/tasks", &json!({ "title": text, "description": text })).await;
        assert_eq!((made.status, &made.json()["title"]), (StatusCode::CREATED, &json!(text)), "{text:?}");
        let seen = ada.get(made.header("location")).await;
        assert_eq!((&seen.json()["title"], &seen.json()["description"]), (&json!(text), &json!(text)));
    }
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn only_what_is_said_to_be_json_is_read(_: PgPoolOptions, db: PgConnectOptions) {
    let app = App::on(db).await;
    let ada = Program::signed_in(&app, "ada@example.org").await;
    let task = json!({ "title": "Said to be" }).to_string();
    let sent = async |media_type: &str| {
        let program = Program(ada.0.without("content-type").with("content-type", media_type));
        program.send(Method::POST, "/api/me/tasks", task.clone()).await
    };
    for media_type in ["application/json; charset=utf-8", "Application/JSON", "application/vnd.taskwire+json"] {
        assert_eq!(sent(media_type).await.status, StatusCode::CREATED, "{media_type}");
    }
    for media_type in
        ["", "text/json", "application/jsonp", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"]
    {
        assert_eq!(refused(&sent(media_type).await), refusal(415, "UNSUPPORTED_MEDIA_TYPE", &[]), "{media_type}");
    }
    let packed =
        Program(ada.0.with("content-encoding", "gzip")).send(Method::POST, "/api/me/tasks", "\x1f\u{8b}").await;
    assert_eq!(refused(&packed), refusal(415, "UNSUPPORTED_MEDIA_TYPE", &[]));
    let marked = ada.send(Method::POST, "/api/me/tasks", format!("\u{feff}{task}")).await;
    assert_eq!(refused(&marked), refusal(400, "BAD_REQUEST", &[]), "a byte order mark begins no JSON (RFC 8259)");
}
