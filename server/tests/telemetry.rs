//! What a collector of OpenTelemetry is sent (requirement O1), and what becomes of the server without one.

use super::support::{
    SECRET,
    collector::{Collector, Span, free_port},
    eventually,
    program::{Program, data_dir, database_in},
    tls::Authority,
};
use nix::sys::signal::Signal;
use std::{collections::BTreeMap, net::Ipv4Addr, path::Path};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

const ENDPOINT: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";
/// So that nothing waits for long.
const SOON: (&str, &str) = ("OTEL_BSP_SCHEDULE_DELAY", "50");

async fn sending(dir: &Path, to: &str, more: &[(&str, &str)]) -> Program {
    Program::serve_with(dir, &[&[(ENDPOINT, to), SOON], more].concat()).await
}

async fn stop(program: &mut Program) {
    program.signal(Signal::SIGTERM);
    assert!(program.wait().await.success());
}

fn attributes(expected: &[(&str, &str)]) -> BTreeMap<String, String> {
    expected.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

#[tokio::test]
async fn a_request_and_its_statements_are_one_trace() {
    let (dir, collector) = (data_dir(), Collector::start().await);
    let mut program = sending(dir.path(), &collector.endpoint(), &[]).await;
    let cookie = program.sign_up().await;
    let answer = program.request_as(&cookie, "POST /rpc/task/create", "title=hunter2").await.unwrap();
    stop(&mut program).await;
    // What a monitor asks for all the time makes no line either, as without traces.
    assert_eq!(program.log().matches("answered").count(), 2, "{}", program.log());

    let request = collector.span("POST /rpc/task/create").await;
    let (_, id) = answer.split_once("x-request-id: ").unwrap();
    let id = format!("Slice(Str({}))", id.lines().next().unwrap());
    assert_eq!((&*request.kind, &*request.parent, &*request.status), ("SERVER", "", "UNSET"));
    let expected = [
        ("http.request.method", "Str(POST)"),
        ("http.route", "Str(/rpc/task/create)"),
        ("http.response.status_code", "Int(200)"),
        ("http.response.header.x-request-id", &id),
    ];
    assert_eq!(request.attributes, attributes(&expected));

    let spans = collector.spans();
    let statements: Vec<&Span> = spans.iter().filter(|span| span.parent == request.id).collect();
    for name in ["scope_open", "task_insert", "scope_commit"] {
        assert!(statements.iter().any(|statement| statement.name == name), "no {name} in {statements:?}");
    }
    for statement in &statements {
        assert_eq!((&*statement.kind, &statement.trace), ("CLIENT", &request.trace));
        let name = format!("Str({})", statement.name);
        let expected = [("db.system.name", "Str(postgresql)"), ("db.query.summary", &*name)];
        assert_eq!(statement.attributes, attributes(&expected));
        // sqlx takes the time by another clock than the one that says when.
        let slack = 1_000_000;
        let times = [request.start, statement.start + slack, statement.end + slack, request.end + 2 * slack];
        assert!(times.is_sorted(), "{statement:?} in {request:?}");
    }
    for span in &spans {
        let belongs = spans.iter().any(|other| other.id == span.parent && other.trace == span.trace);
        assert_eq!(belongs, span.kind == "CLIENT", "a request is nobody's, a statement a request's: {span:?}");
    }
    let mut traces: Vec<_> = spans.iter().filter(|span| span.kind == "SERVER").map(|span| &span.trace).collect();
    let requests = traces.len();
    traces.sort();
    traces.dedup();
    assert_eq!(traces.len(), requests, "each its own");
}

#[tokio::test]
async fn nothing_goes_out_that_tells_of_people() {
    let (dir, collector) = (data_dir(), Collector::start().await);
    let resource = ("OTEL_RESOURCE_ATTRIBUTES", "service.name=passed-over,deployment.environment.name=tests");
    let more = [("OTEL_SERVICE_NAME", "tasks"), resource, ("TASKWIRE_LOG", "trace")];
    let mut program = sending(dir.path(), &collector.endpoint(), &more).await;
    let cookie = program.sign_up().await;
    assert!(program.add(&cookie, "hunter2-title").await);
    program.request_as(&cookie, "GET /tasks?q=hunter2-query", "").await.unwrap();
    program.request_as(&cookie, "GET /tasks/1", "").await.unwrap();
    program.request("POST /rpc/account/sign_in", "email=ada%40example.org&password=hunter2-password").await.unwrap();
    program.get("/hunter2-path?hunter2-query").await.unwrap();
    program.request("HUNTER /tasks", "").await.unwrap();
    let foreign = "0af7651916cd43dd8448eb211c80319c";
    let headers =
        format!("traceparent: 00-{foreign}-b7ad6b7169203331-01\r\ntracestate: hunter2=1\r\nbaggage: hunter2=1\r\n");
    program.request_with(&headers, "GET /tasks", "").await.unwrap();
    let mut database = program.database().await;
    let ids: Vec<String> = sqlx::query_scalar("SELECT id::text FROM users UNION SELECT id::text FROM sessions")
        .fetch_all(&mut database)
        .await
        .unwrap();
    drop(database);
    stop(&mut program).await;

    collector.span("GET /tasks/{id}").await;
    let nowhere = collector.span("GET").await;
    let id = nowhere.attributes["http.response.header.x-request-id"].clone();
    let expected = [
        ("http.request.method", "Str(GET)"),
        ("http.response.status_code", "Int(404)"),
        ("http.response.header.x-request-id", &id),
    ];
    assert_eq!(nowhere.attributes, attributes(&expected));
    let invented = collector.span("HTTP /tasks").await;
    assert_eq!(invented.attributes["http.request.method"], "Str(_OTHER)");

    let received = collector.received();
    let version = format!("service.version: Str({})", env!("CARGO_PKG_VERSION"));
    for wanted in ["service.name: Str(tasks)", "deployment.environment.name: Str(tests)", &version] {
        assert!(received.contains(wanted), "no {wanted}");
    }
    let token = cookie.split_once('=').unwrap().1;
    let private = ["hunter2", "HUNTER", "Ada", "example.org", "Correct-horse", "SELECT", "127.0.0.1", token, foreign];
    for private in private.into_iter().chain(ids.iter().map(String::as_str)) {
        assert!(!received.contains(private), "{private} was sent");
    }
    assert!(ids.len() >= 2 && !received.contains("/health") && !received.contains("Event"));
}

#[tokio::test]
async fn a_failure_of_ours_is_an_error() {
    let (dir, collector) = (data_dir(), Collector::start().await);
    let database = database_in(dir.path()).await;
    let url = database.url();
    let mut program =
        sending(dir.path(), &collector.endpoint(), &[("DATABASE_URL", &url), ("AUTH_SECRET", SECRET)]).await;
    let cookie = program.sign_up().await;
    program.request_as(&cookie, "GET /rpc/task/get?id=1", "").await.unwrap();
    database.stop().await;
    program.request_as(&cookie, "GET /rpc/task/list", "").await.unwrap();
    let failed = collector.span("GET /rpc/task/list").await;
    assert_eq!(failed.status, "ERROR");
    assert_eq!(failed.attributes["http.response.status_code"], "Int(503)");
    assert_eq!(failed.attributes["error.type"], "Str(503)");
    let refused = collector.span("GET /rpc/task/get").await;
    assert_eq!((&*refused.status, &*refused.attributes["http.response.status_code"]), ("UNSET", "Int(404)"));
    stop(&mut program).await;
}

#[tokio::test]
async fn requests_are_sampled_whole() {
    let (dir, collector) = (data_dir(), Collector::start().await);
    let never =
        [("OTEL_SERVICE_NAME", "never"), ("OTEL_TRACES_SAMPLER", "traceidratio"), ("OTEL_TRACES_SAMPLER_ARG", "0")];
    for more in [&never[..], &[("OTEL_SERVICE_NAME", "always"), ("OTEL_TRACES_SAMPLER", "always_on")]] {
        let mut program = sending(dir.path(), &collector.endpoint(), more).await;
        program.get("/").await.unwrap();
        stop(&mut program).await;
    }
    collector.span("GET /").await;
    let received = collector.received();
    assert!(received.contains("Str(always)") && !received.contains("Str(never)"), "{received}");
}

#[tokio::test]
async fn a_collector_that_is_away_is_told_once_and_disturbs_nobody() {
    let dir = data_dir();
    let mut program = sending(dir.path(), &format!("http://127.0.0.1:{}", free_port().await), &[]).await;
    let cookie = program.sign_up().await;
    eventually("a line in the log", async || program.log().contains("traces were lost").then_some(())).await;
    for n in 0..20 {
        assert!(program.add(&cookie, &format!("task-{n}")).await);
    }
    let told = program.log().matches("traces were lost").count();
    assert_eq!(told, 1, "and no more for a while");
    stop(&mut program).await;
    let log = program.log();
    assert!(log.contains("Connection refused"), "with the cause");
    assert_eq!(log.matches("traces were lost").count(), 2, "and the rest at the end");
    assert!(!log.contains("opentelemetry"), "the SDK says nothing of its own");
}

#[tokio::test]
async fn a_collector_that_never_answers_keeps_nobody_waiting() {
    let dir = data_dir();
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let to = format!("http://{}", listener.local_addr().unwrap());
    let patient = [("OTEL_EXPORTER_OTLP_TIMEOUT", "600000"), ("OTEL_BSP_MAX_QUEUE_SIZE", "10")];
    let mut program = sending(dir.path(), &to, &patient).await;
    let cookie = program.sign_up().await;
    let _kept_waiting = listener.accept().await.unwrap();
    for n in 0..20 {
        assert!(program.add(&cookie, &format!("task-{n}")).await);
    }
    // `stop` waits for a minute at most, and the collector would keep it for ten.
    stop(&mut program).await;
    let log = program.log();
    assert!(log.contains("the last traces were not delivered within") && log.contains("traces were lost"), "{log}");
}

#[tokio::test]
async fn a_collector_is_trusted_by_its_certificate_and_gets_its_headers() {
    let dir = data_dir();
    let authority = Authority::new().certify();
    authority.write(dir.path());
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let to = format!("https://localhost:{}/otlp/", listener.local_addr().unwrap().port());
    let certificate = dir.path().join("cert.pem");
    let more = [
        ("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Bearer%20hunter2"),
        ("OTEL_EXPORTER_OTLP_CERTIFICATE", certificate.to_str().unwrap()),
    ];
    let data = dir.path().join("data");
    let mut program = sending(&data, &to, &more).await;
    program.get("/").await.unwrap();
    let (stream, _) = listener.accept().await.unwrap();
    let mut stream = authority.acceptor().accept(stream).await.unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").await.unwrap();
    stream.shutdown().await.unwrap();
    drop((stream, listener));
    let head = String::from_utf8(head).unwrap().to_lowercase();
    assert!(head.starts_with("post /otlp/v1/traces http/1.1\r\n"), "{head}");
    assert!(head.contains("authorization: bearer hunter2\r\n"), "{head}");
    assert!(head.contains("content-type: application/x-protobuf\r\n"), "{head}");
    stop(&mut program).await;
    assert!(!program.log().contains("hunter2"));
}

#[tokio::test]
async fn what_cannot_be_read_is_told_at_the_start() {
    let dir = data_dir();
    let to = (ENDPOINT, "http://127.0.0.1:4318");
    for (settings, told) in [
        (vec![(ENDPOINT, "localhost:4318")], ENDPOINT),
        (vec![to, ("OTEL_TRACES_SAMPLER", "sometimes")], "OTEL_TRACES_SAMPLER must be one of always_on"),
        (vec![to, ("OTEL_EXPORTER_OTLP_CERTIFICATE", "not-there.pem")], "OTEL_EXPORTER_OTLP_CERTIFICATE"),
        (vec![to, ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")], "OTEL_EXPORTER_OTLP_PROTOCOL"),
    ] {
        let mut program = Program::start(dir.path(), &settings);
        assert!(!program.wait().await.success(), "{told}");
        assert!(program.log().contains(told), "{}", program.log());
    }
}
