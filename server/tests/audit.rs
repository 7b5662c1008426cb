//! `taskwire audit verify`, beside a running server and without one.

use super::support::{
    eventually,
    program::{Program, command, data_dir},
};
use nix::sys::signal::Signal;
use std::path::Path;

/// What the command says, and whether all was well.
async fn verify(dir: &Path, more: &[&str]) -> (String, bool) {
    command(dir, &[&["audit", "verify", "--log", "warn"], more].concat(), &[]).await
}

/// The last seal that the server has logged, as `--head` takes it.
fn logged_head(program: &Program) -> Option<String> {
    let log = program.log();
    let line = log.lines().rfind(|line| line.contains("sealed the audit log"))?;
    Some(line.split("head=").nth(1)?.split_whitespace().next()?.trim_matches('"').to_owned())
}

#[tokio::test]
async fn the_audit_log_is_sealed_while_the_server_runs_and_verified_from_outside() {
    let dir = data_dir();
    let mut program = Program::serve_with(dir.path(), &[("TASKWIRE_AUDIT_SEAL_INTERVAL", "50ms")]).await;
    program.sign_up().await;
    let head = eventually("a seal", async || logged_head(&program)).await;

    let (said, well) = verify(dir.path(), &["--head", &head]).await;
    assert!(well && said.contains(&format!("the last is {head}")), "{said}");
    assert!(program.get("/health").await.unwrap().contains("healthy"), "the server goes on");

    let sql = "UPDATE audit_log SET action = 'account.nothing' WHERE action = 'account.sign_up'";
    sqlx::query(sql).execute(&mut program.database().await).await.unwrap();
    let (said, well) = verify(dir.path(), &[]).await;
    assert!(!well && said.contains("✗ seal 1: a line is not as it was sealed"), "{said}");

    // Whoever cuts off everything leaves a log without a fault, except to those who know how far it went.
    sqlx::raw_sql("DELETE FROM audit_log; DELETE FROM audit_seals")
        .execute(&mut program.database().await)
        .await
        .unwrap();
    let (said, well) = verify(dir.path(), &[]).await;
    assert!(well && said.contains("nothing is sealed yet"), "{said}");
    let (said, well) = verify(dir.path(), &["--head", &head]).await;
    assert!(!well && said.contains("it is missing"), "{said}");

    program.signal(Signal::SIGTERM);
    assert!(program.wait().await.success());
    let (said, well) = verify(dir.path(), &[]).await;
    assert!(well, "without a server it starts the database itself: {said}");
    assert!(!dir.path().join("postgres/postmaster.pid").exists(), "and stops it again");
}

#[tokio::test]
async fn what_is_written_last_is_sealed_at_the_stop() {
    let dir = data_dir();
    let mut program = Program::serve(dir.path()).await;
    program.sign_up().await;
    program.signal(Signal::SIGTERM);
    assert!(program.wait().await.success());
    let (said, well) = verify(dir.path(), &[]).await;
    assert!(well && said.contains("0 lines wait for the next seal") && said.contains("the last is 1:"), "{said}");
}

#[tokio::test]
async fn a_folder_without_a_database_is_left_as_it_is() {
    let dir = data_dir();
    let (said, well) = verify(&dir.path().join("nothing"), &[]).await;
    assert!(!well && said.contains("There is no database in"), "{said}");
    assert!(!dir.path().join("nothing").exists());
}
