//! Signing in and out, and tokens that are not what they seem (A2, A3, I3).

use super::support::{App, SECRET, Setup, browser::Browser};
use axum::http::StatusCode;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

const SIGN_IN: &[(&str, &str)] = &[("email", "ADA@example.org"), ("password", "Correct-horse-1")];

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn sign_up_sign_out_and_in_again_without_javascript(_: PgPoolOptions, db: PgConnectOptions) {
    let app = App::on(db).await;
    let mut browser = app.browser();

    let fields = [("email", "ada@example.org"), ("password", "Correct-horse-1"), ("name", "Ada"), ("next", "/tasks")];
    let answer = browser.submit("/rpc/account/sign_up", &fields).await;
    assert_eq!((answer.status, answer.header("location")), (StatusCode::SEE_OTHER, "/tasks"));
    let cookie = answer.header("set-cookie");
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax") && !cookie.contains("Secure"), "{cookie}");
    assert_eq!(browser.page("/tasks").await.status, StatusCode::OK);

    let answer = browser.submit("/rpc/account/sign_out", &[]).await;
    assert_eq!((answer.status, answer.header("location")), (StatusCode::SEE_OTHER, "/sign-in"));
    let away = browser.page("/tasks?status=pending").await;
    assert_eq!(away.status, StatusCode::FOUND);
    assert!(
        away.header("location").starts_with("/sign-in?next=/tasks%3Fstatus%3Dpending"),
        "{}",
        away.header("location")
    );

    let answer = browser.submit("/rpc/account/sign_in", SIGN_IN).await;
    assert_eq!((answer.status, answer.header("location")), (StatusCode::SEE_OTHER, "/dashboard"));
    assert_eq!(browser.page("/dashboard").await.status, StatusCode::OK);
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn an_account_is_deleted_with_and_without_javascript(_: PgPoolOptions, db: PgConnectOptions) {
    let app = App::on(db).await;
    for with_javascript in [false, true] {
        let mut browser = app.browser();
        browser.sign_up("ada@example.org").await;
        let page = browser.page("/settings").await.text();
        assert!(page.contains("/settings?confirm=delete#delete") && !page.contains("Delete account<"), "{page}");
        assert!(browser.page("/settings?confirm=delete").await.text().contains("Delete account<"));
        let mut send = async |password| {
            let fields = [("password", password), ("page", "/settings?confirm=delete")];
            match with_javascript {
                true => browser.call("/rpc/account/delete", &fields).await,
                false => browser.submit("/rpc/account/delete", &fields).await,
            }
        };
        let refused = send("Wrong-horse-1").await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(refused.text().contains("This is not your current password."), "{}", refused.text());
        assert!(!refused.text().contains("Wrong-horse-1"), "{}", refused.text());
        let done = send("Correct-horse-1").await;
        let status = if with_javascript { StatusCode::OK } else { StatusCode::SEE_OTHER };
        assert_eq!((done.status, done.header("location")), (status, "/sign-in?done=account-deleted"));
        assert_eq!(browser.token(), "", "the browser keeps nothing");
        assert!(browser.page(done.header("location")).await.text().contains("Your account was deleted."));
        assert_eq!(browser.call("/rpc/account/sign_in", SIGN_IN).await.status, StatusCode::UNAUTHORIZED);
    }
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn strangers_who_fail_keep_nobody_out_of_a_browser_that_is_known(_: PgPoolOptions, db: PgConnectOptions) {
    let mut setup = Setup::default();
    setup.sign_ins.1 = "1:3".parse().unwrap();
    setup.limits.https = true;
    let app = App::with(db, setup).await;
    let (mut ada, mut bob) = (app.browser(), app.browser());
    bob.sign_up("bob@example.org").await;
    let account = [("email", "ada@example.org"), ("password", "Correct-horse-1"), ("name", "Ada")];
    let signed_up = ada.call("/rpc/account/sign_up", &account).await;
    let mut cookies = signed_up.headers.get_all("set-cookie").iter().map(|cookie| cookie.to_str().unwrap());
    let device = cookies.find(|cookie| cookie.starts_with("taskwire_device=")).unwrap();
    for attribute in ["HttpOnly", "SameSite=Lax", "Secure", "Path=/rpc/account", "Expires="] {
        assert!(device.contains(attribute), "{attribute} is not in {device}");
    }
    let sign_in = async |browser: &mut Browser, password: &str| {
        browser.call("/rpc/account/sign_in", &[("email", "ada@example.org"), ("password", password)]).await.status
    };
    assert_eq!(ada.call("/rpc/account/sign_out", &[]).await.status, StatusCode::OK);
    let mut stranger = app.browser();
    // Signing up was the first try.
    for wanted in [StatusCode::UNAUTHORIZED, StatusCode::UNAUTHORIZED, StatusCode::TOO_MANY_REQUESTS] {
        assert_eq!(sign_in(&mut stranger, "Wrong-horse-1").await, wanted);
    }
    assert_eq!(
        sign_in(&mut app.browser(), "Correct-horse-1").await,
        StatusCode::TOO_MANY_REQUESTS,
        "a browser of hers"
    );
    assert_eq!(sign_in(&mut bob, "Correct-horse-1").await, StatusCode::TOO_MANY_REQUESTS, "known to another account");
    let mut thief = ada.clone();
    assert_eq!(sign_in(&mut ada, "Correct-horse-1").await, StatusCode::OK);
    // She has used one of the three herself.
    for wanted in [StatusCode::UNAUTHORIZED, StatusCode::UNAUTHORIZED, StatusCode::TOO_MANY_REQUESTS] {
        assert_eq!(sign_in(&mut thief, "Wrong-horse-1").await, wanted, "a stolen cookie");
    }
    assert_eq!(sign_in(&mut ada, "Correct-horse-1").await, StatusCode::OK, "hers is a new one since");

    let fields = [("password", "Correct-horse-1")];
    assert_eq!(ada.call("/rpc/account/delete", &fields).await.status, StatusCode::OK);
    assert_eq!(ada.cookies["taskwire_device"], "", "nothing is left in the browser");
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn a_wrong_password_and_an_unknown_email_get_the_same_answer(_: PgPoolOptions, db: PgConnectOptions) {
    let app = App::on(db).await;
    let mut browser = app.browser();
    browser.sign_up("ada@example.org").await;
    let wrong =
        browser.call("/rpc/account/sign_in", &[("email", "ada@example.org"), ("password", "Wrong-horse-1")]).await;
    let unknown =
        browser.call("/rpc/account/sign_in", &[("email", "eve@example.org"), ("password", "Wrong-horse-1")]).await;
    assert_eq!(wrong.status, StatusCode::UNAUTHORIZED);
    assert_eq!((wrong.status, wrong.text()), (unknown.status, unknown.text()));
    let fields = [("email", "ada@example.org"), ("password", "Wrong-horse-1"), ("page", "/sign-in")];
    let page = app.browser().submit("/rpc/account/sign_in", &fields).await;
    assert_eq!(page.status, StatusCode::UNAUTHORIZED);
    assert!(page.text().contains("Email or password is not right."), "{}", page.text());
    assert!(page.text().contains("ada@example.org") && !page.text().contains("Wrong-horse-1"));
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn a_token_of_an_ended_session_is_refused(_: PgPoolOptions, db: PgConnectOptions) {
    let app = App::on(db).await;
    let mut browser = app.browser();
    browser.sign_up("ada@example.org").await;
    let mut thief = browser.clone();
    assert_eq!(thief.read("/rpc/dashboard/read").await.status, StatusCode::OK);
    assert_eq!(browser.call("/rpc/account/sign_out", &[]).await.status, StatusCode::OK);
    for path in ["/rpc/dashboard/read", "/rpc/task/list", "/rpc/session/list", "/rpc/account/get"] {
        let answer = thief.read(path).await;
        assert_eq!(
            (answer.status, answer.json()),
            (StatusCode::UNAUTHORIZED, json!({"refused": "unauthorized"})),
            "{path}"
        );
    }
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn a_bad_token_opens_nothing(_: PgPoolOptions, db: PgConnectOptions) {
    let app = App::on(db).await;
    let mut browser = app.browser();
    browser.sign_up("ada@example.org").await;
    let token = browser.token().to_owned();
    let claims = claims(&token);
    let with = |name: &str, value: Value| {
        let mut claims = claims.clone();
        claims[name] = value;
        claims
    };
    let (head, rest) = token.split_once('.').unwrap();
    let (body, signature) = rest.split_once('.').unwrap();
    let now = claims["iat"].as_i64().unwrap();

    // The same claims, signed as they should be, are accepted: what follows is refused for the right reason.
    assert_eq!(read(&browser, &signed(&claims, SECRET, Algorithm::HS256)).await, StatusCode::OK);
    for (what, token) in [
        ("empty", String::new()),
        ("not a token", "x".to_owned()),
        ("truncated", token[..token.len() - 5].to_owned()),
        ("without signature", format!("{head}.{body}.")),
        ("another's signature", signed(&claims, "a secret that somebody else has made up", Algorithm::HS256)),
        ("another algorithm", signed(&claims, SECRET, Algorithm::HS512)),
        ("alg none", format!("eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.{body}.")),
        ("alg none with the old signature", format!("eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.{body}.{signature}")),
        ("expired", signed(&with("exp", json!(now - 3600)), SECRET, Algorithm::HS256)),
        ("another session", signed(&with("sid", json!(uuid::Uuid::new_v4())), SECRET, Algorithm::HS256)),
        ("another user", signed(&with("sub", json!(uuid::Uuid::new_v4())), SECRET, Algorithm::HS256)),
    ] {
        assert_eq!(read(&browser, &token).await, StatusCode::UNAUTHORIZED, "{what}");
    }
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn a_token_may_come_as_a_bearer(_: PgPoolOptions, db: PgConnectOptions) {
    let app = App::on(db).await;
    let (mut ada, mut eve) = (app.browser(), app.browser());
    ada.sign_up("ada@example.org").await;
    eve.sign_up("eve@example.org").await;
    let email = async |browser: &Browser, authorization: &str| {
        let answer = browser.with("authorization", authorization).read("/rpc/account/get").await;
        (answer.status == StatusCode::OK).then(|| answer.json()["email"].clone()).ok_or(answer.status)
    };
    let nobody = app.browser();
    for scheme in ["Bearer", "bearer", "BEARER"] {
        assert_eq!(email(&nobody, &format!("{scheme} {}", ada.token())).await, Ok(json!("ada@example.org")));
    }
    // It comes before a cookie, also when it is wrong.
    assert_eq!(email(&eve, &format!("Bearer {}", ada.token())).await, Ok(json!("ada@example.org")));
    for wrong in ["Bearer", "Bearer x", "Bearer \u{e9}"] {
        assert_eq!(email(&eve, wrong).await, Err(StatusCode::UNAUTHORIZED), "{wrong}");
    }
    // What a proxy in front asks for is none of ours.
    assert_eq!(email(&eve, "Basic ZXZlOmV2ZQ==").await, Ok(json!("eve@example.org")));
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn another_programs_cookie_locks_nobody_out(_: PgPoolOptions, db: PgConnectOptions) {
    let app = App::on(db).await;
    let mut browser = app.browser();
    browser.sign_up("ada@example.org").await;
    let foreign = ["caf\u{e9}", "%ff", "=;,", ""].map(|value| ("a_foreign_one", value));
    for (name, value) in foreign.into_iter().chain([("tz", "%00"), ("tz", "Mars/Olympus")]) {
        browser.cookies.insert(name.to_owned(), value.to_owned());
        assert_eq!(browser.read("/rpc/dashboard/read").await.status, StatusCode::OK, "{name}={value}");
    }
}

async fn read(browser: &Browser, token: &str) -> StatusCode {
    let mut browser = browser.clone();
    browser.cookies.insert("taskwire_session".to_owned(), token.to_owned());
    browser.read("/rpc/dashboard/read").await.status
}

fn signed(claims: &Value, secret: &str, algorithm: Algorithm) -> String {
    encode(&Header::new(algorithm), claims, &EncodingKey::from_secret(secret.as_bytes())).unwrap()
}

fn claims(token: &str) -> Value {
    jsonwebtoken::dangerous::insecure_decode::<Value>(token).unwrap().claims
}
