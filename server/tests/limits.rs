//! How often one may ask, and what becomes of requests that are too large or too slow (requirement P3).

use super::support::{
    App, Setup,
    browser::{Answer, Browser},
    program::{Program, data_dir},
};
use axum::{body::Body, http::Method, http::StatusCode};
use nix::sys::signal::Signal;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use taskwire::middleware::{Limits, client::Proxies};
use taskwire_backend::limit::Limit;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
};

/// One that nothing comes back of while a test runs.
fn limit(burst: u32) -> Limit {
    format!("1:{burst}").parse().unwrap()
}

async fn limited(db: PgConnectOptions, change: impl FnOnce(&mut Setup<'_>)) -> App {
    let mut setup = Setup::default();
    change(&mut setup);
    App::with(db, setup).await
}

/// What is left, as the headers say.
fn left(answer: &Answer) -> [&str; 3] {
    ["x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"].map(|name| answer.header(name))
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn each_person_has_a_burst_and_is_then_asked_to_wait(_: PgPoolOptions, db: PgConnectOptions) {
    let app = limited(db, |setup| setup.limits.by_user = limit(3)).await;
    let (mut ada, mut bob) = (app.browser(), app.browser());
    ada.sign_up("ada@example.org").await;
    bob.sign_up("bob@example.org").await;
    assert_eq!(left(&ada.read("/rpc/task/list").await), ["3", "2", "60"]);
    assert_eq!(left(&ada.page("/tasks").await), ["3", "1", "120"]);
    assert_eq!(left(&ada.read("/api/me/tasks").await), ["3", "0", "180"]);

    assert_eq!(left(&bob.read("/api/me/tasks/9000000").await), ["3", "2", "60"], "also of what is refused");
    assert_eq!(left(&bob.read("/api/me/tasks?limit=x").await), ["3", "1", "120"]);

    let refused = ada.read("/api/me/tasks").await;
    assert_eq!((refused.status, left(&refused)), (StatusCode::TOO_MANY_REQUESTS, ["3", "0", "180"]));
    assert_eq!((refused.header("retry-after"), &refused.json()["code"]), ("60", &"RATE_LIMITED".into()));
    assert!(refused.json()["detail"].as_str().unwrap().contains("60 seconds"), "{}", refused.text());
    let page = ada.page("/tasks").await;
    assert_eq!(page.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(page.text().contains("<h1>Too many requests</h1>"), "{}", page.text());
    let call = ada.read("/rpc/task/list").await;
    assert_eq!(call.json()["refused"]["rate_limited"]["retry_after"], 60, "{}", call.text());
    let elsewhere = Browser::new(app.router.clone()).with("authorization", &format!("Bearer {}", ada.token()));
    assert_eq!(elsewhere.clone().read("/api/me/tasks").await.status, StatusCode::TOO_MANY_REQUESTS, "by any way");
    assert_eq!(bob.read("/api/me/tasks").await.status, StatusCode::OK, "each for themselves");
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn agents_are_limited_like_everybody(_: PgPoolOptions, db: PgConnectOptions) {
    let app = limited(db, |setup| setup.limits.by_user = limit(2)).await;
    let mut ada = app.browser();
    ada.sign_up("ada@example.org").await;
    let bearer = format!("Bearer {}", ada.token());
    let mut agent = app.browser().with("authorization", &bearer).with("content-type", "application/json");
    let accept = "application/json, text/event-stream";
    let call = r#"{ "jsonrpc": "2.0", "id": 1, "method": "tools/list" }"#;
    let listed = agent.send(Method::POST, "/mcp", accept, Body::from(call)).await;
    assert_eq!((listed.status, left(&listed)), (StatusCode::OK, ["2", "1", "60"]), "{}", listed.text());
    let large = agent.send(Method::POST, "/mcp", accept, Body::from(" ".repeat(5 * 1024 * 1024))).await;
    assert_eq!((large.status, left(&large)), (StatusCode::PAYLOAD_TOO_LARGE, ["2", "0", "120"]));
    let refused = agent.send(Method::POST, "/mcp", accept, Body::from(call)).await;
    assert_eq!((refused.status, refused.header("retry-after")), (StatusCode::TOO_MANY_REQUESTS, "60"));
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn a_token_that_was_left_behind_uses_up_nothing(_: PgPoolOptions, db: PgConnectOptions) {
    let app = limited(db, |setup| setup.limits.by_user = limit(4)).await;
    let mut ada = app.browser();
    ada.sign_up("ada@example.org").await;
    let mut left_behind = ada.clone();
    assert_eq!(ada.call("/rpc/account/sign_out", &[]).await.status, StatusCode::OK);
    for n in 0..10 {
        let answer = left_behind.read("/api/me/tasks").await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
        // The first still has to be looked up, and counts.
        assert_eq!(left(&answer)[1], if n == 0 { "2" } else { "" });
    }
    let fields = [("email", "ada@example.org"), ("password", "Correct-horse-1")];
    assert_eq!(ada.call("/rpc/account/sign_in", &fields).await.status, StatusCode::OK);
    assert_eq!(left(&ada.read("/api/me/tasks").await)[1], "1");
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn each_address_has_a_burst_whoever_asks(_: PgPoolOptions, db: PgConnectOptions) {
    let app = limited(db, |setup| setup.limits.by_address = limit(2)).await;
    let mut here = app.browser().from("192.0.2.1");
    assert_eq!(left(&here.page("/sign-in").await), ["2", "1", "60"]);
    let nobody = here.read("/api/me/tasks").await;
    assert_eq!((nobody.status, left(&nobody)), (StatusCode::UNAUTHORIZED, ["2", "0", "120"]));
    let guess = here.with("authorization", "Bearer taskwire_guess");
    assert_eq!(guess.clone().read("/api/me/tasks").await.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(here.page("/sign-in").await.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(here.read("/health").await.status, StatusCode::OK, "a monitor is never refused");
    assert_eq!(here.page("/healthy").await.status, StatusCode::TOO_MANY_REQUESTS, "only a monitor");
    let file = guess.clone().read("/pkg/none.js").await;
    assert!(file.header("server-timing").ends_with("db;dur=0.0"), "what is not counted looks up no token");
    assert_eq!(app.browser().from("192.0.2.2").page("/sign-in").await.status, StatusCode::OK);

    let v6 = async |address: &str| app.browser().from(address).page("/sign-in").await.status;
    assert_eq!([v6("2001:db8::1").await, v6("2001:db8::2").await], [StatusCode::OK; 2]);
    assert_eq!(v6("2001:db8::3").await, StatusCode::TOO_MANY_REQUESTS, "one household");
    assert_eq!(v6("2001:db8:0:1::3").await, StatusCode::OK);
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn a_proxy_is_believed_only_where_it_is_trusted(_: PgPoolOptions, db: PgConnectOptions) {
    let app = limited(db, |setup| {
        let proxies = Proxies::from(&["10.0.0.0/8".parse().unwrap()][..]);
        setup.limits = Limits { by_address: limit(1), proxies, ..setup.limits.clone() };
    })
    .await;
    let through = async |proxy: &str, client: &str| {
        app.browser().from(proxy).with("x-forwarded-for", client).page("/sign-in").await.status
    };
    assert_eq!(through("10.0.0.1", "198.51.100.1").await, StatusCode::OK);
    assert_eq!(through("10.0.0.2", "198.51.100.2").await, StatusCode::OK, "others behind the proxy have their own");
    assert_eq!(through("10.0.0.2", "203.0.113.5, 198.51.100.1").await, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(through("192.0.2.1", "198.51.100.3").await, StatusCode::OK);
    assert_eq!(through("192.0.2.1", "198.51.100.4").await, StatusCode::TOO_MANY_REQUESTS, "no proxy of ours");
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn signing_in_is_limited_for_each_account_and_each_address(_: PgPoolOptions, db: PgConnectOptions) {
    let app = limited(db, |setup| setup.sign_ins = (limit(6), limit(3))).await;
    app.browser().sign_up("ada@example.org").await;
    let guess = async |address: &str, email: &str, password: &str| {
        let fields = [("email", email), ("password", password)];
        app.browser().from(address).call("/rpc/account/sign_in", &fields).await
    };
    for address in ["192.0.2.1", "192.0.2.2"] {
        assert_eq!(guess(address, "ada@example.org", "wrong").await.status, StatusCode::UNAUTHORIZED);
    }
    let third = guess("192.0.2.3", " ADA@example.org", "Correct-horse-1").await;
    assert_eq!(
        third.status,
        StatusCode::TOO_MANY_REQUESTS,
        "signing up was the first, and the right word comes too late"
    );
    assert_eq!((third.header("retry-after"), left(&third)), ("60", ["3", "0", "180"]));
    for n in 0..3 {
        let unknown = guess("192.0.2.9", "nobody@example.org", "wrong").await;
        assert_eq!(unknown.status, StatusCode::UNAUTHORIZED, "{n}");
    }
    let unknown = guess("192.0.2.9", "nobody@example.org", "wrong").await;
    assert_eq!(unknown.status, StatusCode::TOO_MANY_REQUESTS, "the same for an account that is not there");
    for n in 0..2 {
        let account = [("email", format!("new{n}@example.org")), ("password", "x".into()), ("name", "New".into())];
        let body = serde_json::to_string(&account.into_iter().collect::<std::collections::BTreeMap<_, _>>()).unwrap();
        let mut program = app.browser().from("192.0.2.9").with("content-type", "application/json");
        let answer = program.send(Method::POST, "/api/auth/signup", "*/*", Body::from(body)).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "what cannot be is not counted");
    }
    for (n, wanted) in
        [(0, StatusCode::UNAUTHORIZED), (1, StatusCode::UNAUTHORIZED), (2, StatusCode::TOO_MANY_REQUESTS)]
    {
        let guessed = guess("192.0.2.9", &format!("other{n}@example.org"), "wrong").await;
        assert_eq!(guessed.status, wanted, "{n}: one address, many accounts");
    }
    let page = app
        .browser()
        .from("192.0.2.9")
        .submit("/rpc/account/sign_in", &[("email", "ada@example.org"), ("password", "x")])
        .await;
    assert_eq!(page.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(page.text().contains("Please try again in"), "the form says so: {}", page.text());
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn an_address_that_is_too_long_is_refused_readably(_: PgPoolOptions, db: PgConnectOptions) {
    let app = App::on(db).await;
    let long = format!("/api/me/tasks?q={}", "x".repeat(8192));
    let answer = app.browser().read(&long).await;
    assert_eq!((answer.status, &answer.json()["code"]), (StatusCode::URI_TOO_LONG, &"URI_TOO_LONG".into()));
    let answer = app.browser().page(&long.replace("/api/me", "")).await;
    assert!(answer.text().contains("address is too long"), "{}", answer.text());
}

/// Sends what there is of a request and returns what comes back before the program hangs up.
async fn slowly(program: &Program, parts: &str) -> String {
    let mut stream = TcpStream::connect(program.address().unwrap()).await.unwrap();
    stream.write_all(parts.as_bytes()).await.unwrap();
    let mut answer = String::new();
    let read = tokio::time::timeout(std::time::Duration::from_secs(30), stream.read_to_string(&mut answer));
    // Hung up on or reset: either way it is over.
    let _ = read.await.unwrap();
    answer
}

/// A request whose body stops after its first byte.
const HALF_SENT: &str =
    "POST /api/auth/signin HTTP/1.1\r\nhost: test\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n{";

#[tokio::test]
async fn slow_clients_keep_nobody_waiting() {
    let dir = data_dir();
    // No time-out ends what they hold while the test runs.
    let settings = [("TASKWIRE_TRANSFER_TIMEOUT", "1h"), ("TASKWIRE_REQUESTS_IN_FLIGHT", "10")];
    let program = Program::serve_with(dir.path(), &settings).await;
    let mut slow = Vec::new();
    for _ in 0..300 {
        let mut stream = TcpStream::connect(program.address().unwrap()).await.unwrap();
        stream.write_all(HALF_SENT.as_bytes()).await.unwrap();
        slow.push(stream);
    }
    assert!(program.get("/health").await.unwrap().contains("healthy"), "neither a thread nor the database is taken");
    let page = program.get("/sign-in").await.unwrap();
    assert!(page.starts_with("HTTP/1.1 200"), "nor anybody's turn: {page}");
    drop(slow);
}

#[tokio::test]
async fn a_slow_or_endless_client_is_hung_up_on() {
    let dir = data_dir();
    let program = Program::serve_with(dir.path(), &[("TASKWIRE_TRANSFER_TIMEOUT", "300ms")]).await;
    assert_eq!(slowly(&program, "").await, "", "nothing is sent");
    assert_eq!(slowly(&program, "GET /health HTTP/1.1\r\nhost: te").await, "", "a head that never ends");
    let answer = slowly(&program, HALF_SENT).await;
    assert!(answer.starts_with("HTTP/1.1 408") && answer.contains("REQUEST_TIMEOUT"), "half a body: {answer}");
    let idle = slowly(&program, "GET /health HTTP/1.1\r\nhost: test\r\n\r\n").await;
    assert!(idle.starts_with("HTTP/1.1 200"), "an answer, and then no other request: {idle}");
    let large = format!("GET /health HTTP/1.1\r\nhost: test\r\nx-large: {}\r\n\r\n", "x".repeat(70_000));
    assert!(slowly(&program, &large).await.starts_with("HTTP/1.1 431"), "64 KiB of headers are enough");
    let many = format!("GET /health HTTP/1.1\r\nhost: test\r\n{}\r\n", "x-many: 1\r\n".repeat(200));
    assert!(slowly(&program, &many).await.starts_with("HTTP/1.1 431"), "and so are 100 of them");
    assert!(program.get("/health").await.unwrap().contains("healthy"));
}

#[tokio::test]
async fn how_long_an_address_and_a_head_may_be_are_settings() {
    let dir = data_dir();
    let limits =
        [("TASKWIRE_TARGET_LIMIT", "1024"), ("TASKWIRE_HEAD_LIMIT", "10000"), ("TASKWIRE_TRANSFER_TIMEOUT", "300ms")];
    let program = Program::serve_with(dir.path(), &limits).await;
    let ask = async |target: usize, head: usize| {
        let target = format!("{:x<target$}", "/health?");
        let request = format!("GET {target} HTTP/1.1\r\nhost: test\r\nx-large: {}\r\n\r\n", "x".repeat(head));
        slowly(&program, &request).await.split(' ').nth(1).unwrap_or_default().to_owned()
    };
    assert_eq!([ask(1024, 8_000).await, ask(1025, 8_000).await, ask(1024, 30_000).await], ["200", "414", "431"]);
}

#[tokio::test]
async fn who_does_not_take_the_answer_is_hung_up_on() {
    let dir = data_dir();
    let patience = [("TASKWIRE_TRANSFER_TIMEOUT", "300ms"), ("TASKWIRE_SHUTDOWN_GRACE", "1h")];
    let mut program = Program::serve_with(dir.path(), &patience).await;
    let cookie = program.sign_up().await;
    // More than the buffers between the two take.
    let many = "INSERT INTO tasks (user_id, title, description, created_at, updated_at)
                SELECT id, 'Long', repeat('x', 1000), now(), now() FROM users, generate_series(1, 20000)";
    let mut database = program.database().await;
    sqlx::query(many).execute(&mut database).await.unwrap();
    drop(database);
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    let mut stream = socket.connect(program.address().unwrap().parse().unwrap()).await.unwrap();
    let request = format!("GET /api/me/tasks/export HTTP/1.1\r\nhost: test\r\ncookie: {cookie}\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut begin = [0; 15];
    stream.read_exact(&mut begin).await.unwrap();
    assert_eq!(&begin, b"HTTP/1.1 200 OK");
    program.signal(Signal::SIGTERM);
    assert!(program.wait().await.success(), "it waits for every client that still takes its answer");
    assert!(!program.log().contains("did not finish"), "{}", program.log());
}
