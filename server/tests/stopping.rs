//! Ending in order: what runs is finished, nothing new is begun (requirement O7).

use super::support::{
    eventually,
    program::{Program, data_dir},
};
use nix::sys::signal::{Signal, kill};
use sqlx::{Connection, PgConnection};

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
