//! `taskwire doctor`: all well, and each thing that can be wrong.

use super::support::program::{Program, command, data_dir};
use nix::sys::signal::Signal;
use std::path::Path;

async fn doctor(dir: &Path) -> (String, bool) {
    command(dir, &["doctor", "--log", "warn"], &[]).await
}

#[tokio::test]
async fn it_finds_all_well_beside_a_server_and_without_one() {
    let dir = data_dir();
    let (said, well) = doctor(dir.path()).await;
    assert!(!well && said.contains("There is no database in"), "{said}");
    let mut program = Program::serve(dir.path()).await;
    program.sign_up().await;
    let (said, well) = doctor(dir.path()).await;
    assert!(well && said.contains("! There is no backup in"), "a new server has none yet: {said}");
    assert!(command(dir.path(), &["backup"], &[]).await.1);

    let (said, well) = doctor(dir.path()).await;
    assert!(well && !said.contains('✗'), "{said}");
    for all_is_well in [
        "✓ The settings go together",
        "✓ PostgreSQL 1",
        "connections are enough for the 10 of the server",
        "✓ The roles that the server works under cannot bypass row-level security",
        "✓ The schema, its policies and indexes are what the",
        "✓ The clocks agree",
        "are free for data in",
        "are free for backups in",
        "is verified",
        "✓ The login may make backups",
    ] {
        assert!(said.contains(all_is_well), "{all_is_well}: {said}");
    }
    program.signal(Signal::SIGTERM);
    program.wait().await;
    let (without, well) = doctor(dir.path()).await;
    assert!(well && without.matches('✓').count() == said.matches('✓').count(), "{without}");
    assert!(!dir.path().join("postgres/postmaster.pid").exists(), "it leaves nothing running");
}

#[tokio::test]
async fn it_finds_what_somebody_has_changed_by_hand() {
    let dir = data_dir();
    let program = Program::serve(dir.path()).await;
    program.sign_up().await;
    for (change, back, finding) in [
        (
            "DROP INDEX sessions_live",
            "CREATE INDEX sessions_live ON sessions (user_id, last_seen_at DESC) WHERE ended_at IS NULL",
            "missing: index CREATE INDEX sessions_live",
        ),
        (
            "ALTER TABLE tasks NO FORCE ROW LEVEL SECURITY",
            "ALTER TABLE tasks FORCE ROW LEVEL SECURITY",
            "missing: table tasks row-level security t forced t",
        ),
        (
            "CREATE POLICY everybody ON tasks USING (true)",
            "DROP POLICY everybody ON tasks",
            "not ours: policy everybody on tasks",
        ),
        ("GRANT SELECT ON tasks TO PUBLIC", "REVOKE SELECT ON tasks FROM PUBLIC", "not ours: table tasks"),
        ("ALTER TABLE tasks DISABLE TRIGGER ALL", "ALTER TABLE tasks ENABLE TRIGGER ALL", "missing: trigger CREATE"),
        (
            "ALTER ROLE taskwire_app BYPASSRLS",
            "ALTER ROLE taskwire_app NOBYPASSRLS",
            "✗ taskwire_app can log in, or bypass row-level security",
        ),
        (
            "UPDATE sessions SET last_seen_at = now() + '1 hour'",
            "UPDATE sessions SET last_seen_at = now()",
            "✗ Somebody was here at",
        ),
        (
            "INSERT INTO _sqlx_migrations VALUES (9999, 'later', now(), true, '', 0)",
            "DELETE FROM _sqlx_migrations WHERE version = 9999",
            "✗ The schema is at migration 9999",
        ),
    ] {
        let mut owner = program.database().await;
        sqlx::raw_sql(change).execute(&mut owner).await.unwrap();
        let (said, well) = doctor(dir.path()).await;
        assert!(!well && said.contains(finding) && said.contains("1 of "), "{change}: {said}");
        sqlx::raw_sql(back).execute(&mut owner).await.unwrap();
    }
    let (said, well) = doctor(dir.path()).await;
    assert!(well, "{said}");
}
