//! What every response carries (O1, O7, I5).

use super::support::{App, Setup, browser::Browser};
use axum::{
    body::Body,
    http::{Method, StatusCode},
};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn every_response_has_its_times_its_id_and_the_security_headers(_: PgPoolOptions, db: PgConnectOptions) {
    let app = App::on(db).await;
    let mut browser = app.browser();
    let mut seen = vec![];
    for (path, status) in [
        ("/sign-in", 200),
        ("/health", 200),
        ("/rpc/dashboard/read", 401),
        ("/no/such/page", 404),
        ("/pkg/none.js", 404),
        ("/rpc/task/create", 405),
    ] {
        let answer = browser.page(path).await;
        assert_eq!(answer.status, StatusCode::from_u16(status).unwrap(), "{path}");
        assert!(answer.header("x-response-time").ends_with("ms"), "{path}");
        assert!(answer.header("server-timing").contains("total;dur="), "{path}");
        assert!(answer.header("server-timing").contains("db;dur="), "{path}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(answer.header("x-frame-options"), "DENY", "{path}");
        assert_eq!(answer.header("referrer-policy"), "same-origin", "{path}");
        assert!(answer.header("content-security-policy").contains("frame-ancestors 'none'"), "{path}");
        assert!(answer.header("strict-transport-security").is_empty(), "{path}");
        seen.push(answer.header("x-request-id").to_owned());
    }
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 6, "every request has an id of its own");
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn a_page_names_its_scripts_by_a_nonce_that_is_never_used_again(_: PgPoolOptions, db: PgConnectOptions) {
    let app = App::on(db).await;
    let mut browser = app.browser();
    let mut nonces = vec![];
    for path in ["/sign-in", "/sign-in", "/no/such/page"] {
        let answer = browser.page(path).await;
        let policy = answer.header("content-security-policy").to_owned();
        let nonce = policy.split("'nonce-").nth(1).unwrap().split('\'').next().unwrap().to_owned();
        let html = answer.text();
        assert_eq!(html.matches("<script").count(), html.matches(&format!("nonce=\"{nonce}\"")).count(), "{html}");
        assert!(!html.contains(" style=") && !html.contains(" onclick="), "{html}");
        nonces.push(nonce);
    }
    nonces.sort();
    nonces.dedup();
    assert_eq!(nonces.len(), 3);
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn pages_and_calls_are_never_kept_by_a_cache(_: PgPoolOptions, db: PgConnectOptions) {
    let app = App::on(db).await;
    let mut browser = app.browser();
    for path in ["/sign-in", "/rpc/dashboard/read", "/health", "/no/such/page", "/pkg/none.js"] {
        assert_eq!(browser.page(path).await.header("cache-control"), "no-store", "{path}");
    }
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn over_https_browsers_are_told_to_stay_there(_: PgPoolOptions, db: PgConnectOptions) {
    let mut setup = Setup::default();
    setup.limits.https = true;
    let app = App::with(db, setup).await;
    let mut browser = app.browser();
    assert!(browser.page("/sign-in").await.header("strict-transport-security").contains("max-age="));
    let fields = [("email", "ada@example.org"), ("password", "Correct-horse-1"), ("name", "Ada")];
    let answer = browser.call("/rpc/account/sign_up", &fields).await;
    let cookie = answer.header("set-cookie");
    assert!(cookie.contains("Secure") && cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"), "{cookie}");
}

/// Each check of Mozilla's HTTP Observatory, and what it wants for full marks. Subresource integrity is for scripts of other
/// origins, and a redirection for a server that also speaks HTTP: there is neither.
#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn what_mozillas_observatory_grades_is_as_it_wants(_: PgPoolOptions, db: PgConnectOptions) {
    let mut setup = Setup::default();
    setup.limits.https = true;
    let app = App::with(db, setup).await;
    let mut browser = app.browser().with("origin", "https://observatory.example");
    for path in ["/sign-in", "/", "/docs", "/redoc", "/openapi.json", "/no/such/page"] {
        let answer = browser.page(path).await;

        let policy = answer.header("content-security-policy");
        let sources = |name: &str| {
            let directives = policy.split(';').map(str::trim);
            let found = directives.filter_map(|directive| directive.strip_prefix(name)?.strip_prefix(' ')).next();
            found.unwrap_or_default().split(' ').collect::<Vec<_>>()
        };
        assert!(matches!(sources("default-src")[..], ["'none'"] | ["'self'"]), "{path}: {policy}");
        for unsafe_one in ["'unsafe-inline'", "'unsafe-eval'", "http:", "https:", "*"] {
            assert!(!policy.split([' ', ';']).any(|source| source == unsafe_one), "{path}: {policy}");
        }
        assert!(!sources("script-src").contains(&"data:"), "{path}: {policy}");
        assert!(sources("object-src") == ["'none'"] || sources("default-src") == ["'none'"], "{path}: {policy}");
        assert_eq!([sources("base-uri"), sources("frame-ancestors")], [["'none'"]; 2], "{path}: {policy}");
        assert!(matches!(sources("form-action")[..], ["'none'"] | ["'self'"]), "{path}: {policy}");

        for cookie in answer.headers.get_all("set-cookie") {
            let cookie = cookie.to_str().unwrap();
            let all = ["Secure", "HttpOnly", "SameSite="].iter().all(|word| cookie.contains(word));
            assert!(all, "{path}: {cookie}");
        }

        assert_eq!(answer.header("access-control-allow-origin"), "", "{path}");
        assert_eq!(answer.header("cross-origin-resource-policy"), "same-origin", "{path}");
        assert_eq!(answer.header("referrer-policy"), "same-origin", "{path}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(answer.header("x-frame-options"), "DENY", "{path}");

        let age = answer.header("strict-transport-security").strip_prefix("max-age=").unwrap();
        let half_a_year = 15_768_000;
        assert!(age.split(';').next().unwrap().parse::<u32>().unwrap() >= half_a_year, "{path}: {age}");

        let html = answer.text();
        assert!(!html.contains("src=\"http") && !html.contains("src=\"//"), "{path}: {html}");
    }
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn a_clients_own_request_id_is_not_taken_over(_: PgPoolOptions, db: PgConnectOptions) {
    let app = App::on(db).await;
    let answer = app.browser().with("x-request-id", "mine").page("/health").await;
    assert_eq!(answer.header("x-request-id").len(), 36);
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn pages_of_other_sites_are_answered_only_where_a_setting_says_so(_: PgPoolOptions, db: PgConnectOptions) {
    let friend = "https://friend.example";
    let mut setup = Setup::default();
    setup.limits.origins = [friend.parse().unwrap()].into();
    let (closed, open) = (App::on(db.clone()).await, App::with(db, setup).await);
    let mut ada = open.browser();
    ada.sign_up("ada@example.org").await;
    let ask = async |app: &App, origin: &str, method: &str| {
        let browser = app.browser().with("access-control-request-method", method);
        let mut browser =
            browser.with("access-control-request-headers", "authorization,if-match").with("origin", origin);
        browser.send(Method::OPTIONS, "/api/me/tasks", "*/*", Body::empty()).await
    };
    let allowed = ask(&open, friend, "PATCH").await;
    assert_eq!(allowed.header("access-control-allow-origin"), friend);
    assert!(allowed.header("access-control-allow-methods").contains("PATCH"));
    assert!(allowed.header("access-control-allow-headers").contains("if-match"));
    assert_eq!(allowed.header("access-control-allow-credentials"), "", "no cookies");
    for refused in [ask(&open, "https://other.example", "PATCH").await, ask(&closed, friend, "PATCH").await] {
        assert_eq!(refused.header("access-control-allow-origin"), "");
    }

    let token = format!("Bearer {}", ada.token());
    let page = Browser::new(open.router.clone()).with("origin", friend).with("sec-fetch-site", "cross-site");
    let page = page.with("content-type", "application/json");
    let make = async |page: &Browser| {
        page.clone().send(Method::POST, "/api/me/tasks", "*/*", Body::from(r#"{"title":"From afar"}"#)).await
    };
    let made = make(&page.with("authorization", &token)).await;
    assert_eq!((made.status, made.header("access-control-allow-origin")), (StatusCode::CREATED, friend));
    assert!(made.header("access-control-expose-headers").contains("etag"));
    let nobody = make(&page.with("cookie", &format!("taskwire_session={}", ada.token()))).await;
    assert_eq!(nobody.status, StatusCode::UNAUTHORIZED, "a cookie is nothing that another site may act with");
    assert_eq!(nobody.header("access-control-allow-origin"), friend, "refusals can be read too");
}
