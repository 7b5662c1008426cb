//! Ending in order: what runs is finished, nothing new is begun (requirement O7).

use super::support::{
    eventually,
    program::{Program, data_dir, database_in},
};
use futures::future::join_all;
use nix::sys::signal::{Signal, kill};
use sqlx::{ConnectOptions, Connection, PgConnection};
use std::{cell::RefCell, collections::BTreeSet};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
};

/// Holds every task until it is dropped, so that whoever wants to change one waits.
async fn hold(database: &mut PgConnection) -> sqlx::Transaction<'_, sqlx::Postgres> {
    let mut held = database.begin().await.unwrap();
    sqlx::query("SELECT FROM tasks FOR UPDATE").execute(&mut *held).await.unwrap();
    held
}

async fn somebody_waits(database: &mut PgConnection) {
    for _ in 0..1200 {
        let waiting =
            "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%UPDATE tasks SET%'";
        if sqlx::query_scalar::<_, i64>(waiting).fetch_one(&mut *database).await.unwrap() > 0 {
            return;
        }
    }
    panic!("nobody waits for the task");
}

#[tokio::test]
async fn a_running_request_is_finished_and_no_new_one_begun() {
    let dir = data_dir();
    let mut program = Program::serve(dir.path()).await;
    let cookie = program.sign_up().await;
    assert!(program.add(&cookie, "in-flight").await);
    let (mut holder, mut watcher) = (program.database().await, program.database().await);
    let held = hold(&mut holder).await;

    let complete = program.request_as(&cookie, "POST /rpc/task/complete", "id=1");
    let stop = async {
        somebody_waits(&mut watcher).await;
        program.signal(Signal::SIGTERM);
        eventually("the end of listening", async || (!program.listens().await).then_some(())).await;
        held.rollback().await.unwrap();
    };
    let (answer, ()) = tokio::join!(complete, stop);
    let answer = answer.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("completed"), "{answer}");
    let postgres = program.postgres().unwrap();
    // PostgreSQL ends whoever is still connected.
    drop((holder, watcher));
    assert!(program.wait().await.success());
    assert!(kill(postgres, None).is_err(), "PostgreSQL has ended too");
}

#[tokio::test]
async fn a_request_that_never_ends_is_given_up_after_the_grace_period() {
    let dir = data_dir();
    let mut program = Program::serve_with(dir.path(), &[("TASKWIRE_SHUTDOWN_GRACE", "100ms")]).await;
    let cookie = program.sign_up().await;
    assert!(program.add(&cookie, "held").await);
    let (mut holder, mut watcher) = (program.database().await, program.database().await);
    let held = hold(&mut holder).await;
    let complete = program.request_as(&cookie, "POST /rpc/task/complete", "id=1");
    let stop = async {
        somebody_waits(&mut watcher).await;
        program.signal(Signal::SIGTERM);
    };
    let (answer, ()) = tokio::join!(complete, stop);
    assert!(answer.is_none_or(|answer| !answer.starts_with("HTTP/1.1 200")), "nothing was acknowledged");
    assert!(program.wait().await.success());
    assert!(program.log().contains("did not finish within"), "{}", program.log());
    drop(held);
}

/// Sends a request on a connection that stays open; `None` if it is closed before a byte of the answer has come. An answer that
/// has begun must come whole.
async fn exchange(stream: &mut BufReader<TcpStream>, request: &str) -> Option<String> {
    stream.get_mut().write_all(request.as_bytes()).await.ok()?;
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        match stream.read_line(&mut head).await {
            Ok(0) | Err(_) if head.is_empty() => return None,
            read => assert!(read.unwrap() > 0, "cut off: {head}"),
        }
    }
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap().parse().unwrap();
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.unwrap();
    Some(head + &String::from_utf8(body).unwrap())
}

#[tokio::test]
async fn under_load_every_answer_is_whole_and_what_it_says_is_what_is_kept() {
    let dir = data_dir();
    let mut program = Program::serve_with(dir.path(), &[("TASKWIRE_LIMIT_USER", "off")]).await;
    let cookie = program.sign_up().await;
    let acknowledged = RefCell::new(BTreeSet::new());
    let write = async |writer: usize| {
        let mut stream = BufReader::new(TcpStream::connect(program.address().unwrap()).await.unwrap());
        for n in 0.. {
            let title = format!("task-{writer}-{n}");
            let body = format!("title={title}");
            let request = format!(
                "POST /rpc/task/create HTTP/1.1\r\nhost: test\r\naccept: application/json\r\ncookie: {cookie}\r\n\
                 content-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n{body}",
                body.len()
            );
            let Some(answer) = exchange(&mut stream, &request).await else { return };
            assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
            acknowledged.borrow_mut().insert(title);
        }
    };
    let stop = async {
        eventually("many tasks", async || (acknowledged.borrow().len() > 200).then_some(())).await;
        program.signal(Signal::SIGTERM);
    };
    tokio::join!(join_all((0..30).map(write)), stop);
    assert!(program.wait().await.success());
    assert!(!program.log().contains("did not finish within"), "{}", program.log());
    assert!(!program.listens().await);

    let postgres = database_in(dir.path()).await;
    let mut database = postgres.connect_options().connect().await.unwrap();
    let kept: Vec<String> = sqlx::query_scalar("SELECT title FROM tasks").fetch_all(&mut database).await.unwrap();
    assert_eq!(kept.into_iter().collect::<BTreeSet<_>>(), acknowledged.into_inner(), "no less, and no more");
    database.close().await.unwrap();
    postgres.stop().await;
}
