//! More than can be done (O3): refused at once, seen from outside, and over when it is over.

use super::support::{
    eventually,
    program::{Program, data_dir},
};
use sqlx::Connection;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// As many requests as are worked on at once.
const ROOM: usize = 20;

#[tokio::test]
async fn a_burst_is_refused_beyond_what_there_is_room_for_and_then_all_is_as_before() {
    let dir = data_dir();
    let token = "a token that is only used in tests";
    let settings = [
        ("TASKWIRE_REQUESTS_IN_FLIGHT", &*ROOM.to_string()),
        ("TASKWIRE_DB_CONNECTIONS", "1"),
        ("TASKWIRE_DB_ACQUIRE_TIMEOUT", "1h"),
        ("TASKWIRE_STATEMENT_TIMEOUT", "1h"),
        ("TASKWIRE_REQUEST_TIMEOUT", "1h"),
        ("TASKWIRE_LIMIT_USER", "off"),
        ("TASKWIRE_METRICS_TOKEN", token),
    ];
    let program = Program::serve_with(dir.path(), &settings).await;
    let cookie = program.sign_up().await;
    let ask = async || program.request_as(&cookie, "GET /api/me/tasks", "").await.unwrap();
    let shed = async || {
        let metrics = program.request_with(&format!("authorization: Bearer {token}\r\n"), "GET /metrics", "").await;
        let metrics = metrics.unwrap();
        let line = metrics.lines().find_map(|line| line.strip_prefix(r#"taskwire_http_shed_total{kind="request"} "#));
        line.unwrap().parse::<usize>().unwrap()
    };
    assert_eq!(shed().await, 0, "there before the first");

    let mut database = program.database().await;
    let mut held = database.begin().await.unwrap();
    sqlx::query("LOCK TABLE tasks IN ACCESS EXCLUSIVE MODE").execute(&mut *held).await.unwrap();
    let burst = futures::future::join_all((0..10 * ROOM).map(|_| ask()));
    let relief = async {
        eventually("a burst that is refused", async || (shed().await == 9 * ROOM).then_some(())).await;
        for path in ["/health", "/health/live", "/health/ready"] {
            assert!(program.get(path).await.unwrap().starts_with("HTTP/1.1 200"), "{path}");
        }
        let file = program.get("/pkg/none.js").await.unwrap();
        assert!(file.starts_with("HTTP/1.1 404"), "{file}");
        held.rollback().await.unwrap();
    };
    let (answers, ()) = tokio::join!(burst, relief);
    let (served, refused): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.starts_with("HTTP/1.1 200"));
    assert_eq!((served.len(), refused.len()), (ROOM, 9 * ROOM), "whoever was in time is served");
    for answer in refused {
        let as_it_should = answer.starts_with("HTTP/1.1 503") && answer.contains("retry-after: 2");
        assert!(as_it_should && answer.contains("more to do than it can"), "{answer}");
    }
    for answer in futures::future::join_all((0..ROOM).map(|_| ask())).await {
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }
    assert_eq!(shed().await, 9 * ROOM);
}

#[tokio::test]
async fn one_connection_too_many_is_hung_up_on_until_there_is_room() {
    let dir = data_dir();
    let program = Program::serve_with(dir.path(), &[("TASKWIRE_CONNECTIONS", "3")]).await;
    // A connection that is answered on and stays open.
    let enter = async || {
        let mut stream = TcpStream::connect(program.address().unwrap()).await.unwrap();
        let mut begin = [0; 15];
        stream.write_all(b"GET /health/live HTTP/1.1\r\nhost: test\r\n\r\n").await.ok()?;
        stream.read_exact(&mut begin).await.ok()?;
        (&begin == b"HTTP/1.1 200 OK").then_some(stream)
    };
    let mut inside = Vec::new();
    for _ in 0..3 {
        inside.push(eventually("room", enter).await);
    }
    assert!(enter().await.is_none(), "one too many");
    inside.pop();
    eventually("room again", enter).await;
}
