//! Backup and restore (O4), by the program itself: beside a running server, without one, and killed in between.

use super::support::{
    SECRET, eventually,
    program::{Program, command, data_dir, database_in, spawn_command},
};
use chrono::{DateTime, TimeDelta, Utc};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use serde_json::{Value, json};
use sqlx::{ConnectOptions, Connection, PgConnection};
use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::Child,
};

/// Runs a command that must go well, and returns what it says.
async fn well(dir: &Path, args: &[&str]) -> String {
    let (said, well) = command(dir, args, &[]).await;
    assert!(well, "{args:?}: {said}");
    said
}

/// Runs a command that must refuse, and returns what it says.
async fn refused(dir: &Path, args: &[&str]) -> String {
    let (said, well) = command(dir, args, &[]).await;
    assert!(!well, "{args:?}: {said}");
    said
}

/// The backups in a folder of data, by name.
fn backups(dir: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(dir.join("backups")).map(|entries| entries.map(|entry| entry.unwrap().path()).collect());
    let mut paths: Vec<PathBuf> = entries.unwrap_or_default();
    paths.sort();
    paths
}

fn read_manifest(backup: &Path) -> Value {
    serde_json::from_slice(&fs::read(backup.join("manifest.json")).unwrap()).unwrap()
}

fn change_manifest(backup: &Path, change: impl FnOnce(&mut Value)) {
    let mut manifest = read_manifest(backup);
    change(&mut manifest);
    fs::write(backup.join("manifest.json"), manifest.to_string()).unwrap();
}

/// The databases of the cluster besides the live one, the last made last.
async fn beside(connection: &mut PgConnection) -> Vec<String> {
    let names = "SELECT datname::text FROM pg_database WHERE datname LIKE 'taskwire\\_%' ORDER BY oid";
    sqlx::query_scalar(names).fetch_all(connection).await.unwrap()
}

async fn titles(program: &Program, cookie: &str) -> Vec<String> {
    let answer = program.request_as(cookie, "GET /rpc/task/list", "").await.unwrap();
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    let list: Value = serde_json::from_str(body).unwrap_or_else(|_| panic!("{answer}"));
    let tasks = list.get("tasks").and_then(Value::as_array).unwrap();
    let mut titles: Vec<String> =
        tasks.iter().filter_map(|task| Some(task.get("title")?.as_str()?.to_owned())).collect();
    titles.sort();
    titles
}

#[tokio::test]
async fn a_backup_brings_back_what_was_while_the_server_runs() {
    let dir = data_dir();
    assert!(refused(dir.path(), &["restore", "--yes"]).await.contains("There is no backup"));
    let program = Program::serve(dir.path()).await;
    let cookie = program.sign_up().await;
    assert!(program.add(&cookie, "early").await);
    assert!(well(dir.path(), &["backup", "list"]).await.contains("There is no backup"));

    let said = well(dir.path(), &["backup"]).await;
    assert!(said.contains("Made and verified") && said.contains("1 people, 1 tasks"), "{said}");
    let [backup] = &backups(dir.path())[..] else { panic!("one backup, and nothing unfinished") };
    let name = backup.file_name().unwrap().to_str().unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(backup), mode(&backup.join("database.dump"))), (0o700, 0o600));
    let listed = well(dir.path(), &["backup", "list"]).await;
    assert!(listed.contains(name) && listed.contains("verified 2"), "{listed}");
    assert!(well(dir.path(), &["backup", "verify"]).await.contains("can be restored"));
    assert_eq!(beside(&mut program.database().await).await, [""; 0], "nothing is left of trying it");

    assert!(program.add(&cookie, "late").await);
    let said = refused(dir.path(), &["restore"]).await;
    assert!(said.contains("replaces everything") && said.contains("--yes"), "nobody was asked: {said}");
    assert_eq!(titles(&program, &cookie).await, ["early", "late"]);

    let said = well(dir.path(), &["restore", "--yes", name]).await;
    assert!(said.contains("is kept as the database taskwire_before_"), "{said}");
    assert_eq!(titles(&program, &cookie).await, ["early"], "whoever was signed in at that time still is");
    let kept = beside(&mut program.database().await).await;
    assert!(matches!(&kept[..], [old] if said.contains(old)), "{kept:?}");
    let (said, _) = command(dir.path(), &["doctor"], &[]).await;
    assert!(said.contains("✓ The schema, its policies and indexes are what the"), "{said}");

    well(dir.path(), &["restore", "--undo", "--yes"]).await;
    assert_eq!(titles(&program, &cookie).await, ["early", "late"]);
    assert!(refused(dir.path(), &["restore", "--drop-old"]).await.contains("--yes"));
    assert!(well(dir.path(), &["restore", "--drop-old", "--yes"]).await.contains("Dropped: taskwire_before_"));
    assert_eq!(beside(&mut program.database().await).await, [""; 0]);
    assert!(refused(dir.path(), &["restore", "--undo", "--yes"]).await.contains("no database is kept"));
    assert_eq!(titles(&program, &cookie).await, ["early", "late"]);
}

/// Kills a command as soon as it says something, or waits for its end if it never does.
async fn kill_at(mut command: Child, words: &str) {
    let mut lines = BufReader::new(command.stderr.take().unwrap()).lines();
    while let Some(line) = lines.next_line().await.unwrap() {
        if line.contains(words) {
            break;
        }
    }
    command.kill().await.unwrap();
}

#[tokio::test]
async fn a_restore_that_is_killed_at_any_step_leaves_the_live_data_whole() {
    let dir = data_dir();
    let program = Program::serve(dir.path()).await;
    let cookie = program.sign_up().await;
    assert!(program.add(&cookie, "early").await);
    well(dir.path(), &["backup"]).await;
    assert!(program.add(&cookie, "late").await);
    for step in ["restoring into a database", "what is in it is what was"] {
        kill_at(spawn_command(dir.path(), &["restore", "--yes"], &[]), step).await;
        assert_eq!(titles(&program, &cookie).await, ["early", "late"], "{step}");
    }
    // From here on it may be done already, but not by half.
    kill_at(spawn_command(dir.path(), &["restore", "--yes"], &[]), "swapping the two").await;
    let found = titles(&program, &cookie).await;
    assert!(found == ["early", "late"] || found == ["early"], "{found:?}");

    well(dir.path(), &["restore", "--yes"]).await;
    assert_eq!(titles(&program, &cookie).await, ["early"]);
    let left = beside(&mut program.database().await).await;
    assert!(left.iter().all(|name| name.starts_with("taskwire_before_")), "the next one clears away: {left:?}");
}

#[tokio::test]
async fn a_backup_that_breaks_off_leaves_nothing() {
    let dir = data_dir();
    let program = Program::serve(dir.path()).await;
    program.sign_up().await;
    for signal in [Signal::SIGTERM, Signal::SIGKILL] {
        // Whoever holds a table keeps the backup from getting further.
        let mut blocker = program.database().await;
        sqlx::raw_sql("BEGIN; LOCK TABLE tasks IN ACCESS EXCLUSIVE MODE").execute(&mut blocker).await.unwrap();
        let mut command = spawn_command(dir.path(), &["backup"], &[]);
        let waits = "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)";
        let mut watcher = program.database().await;
        let waiting = async || sqlx::query_scalar(waits).fetch_one(&mut watcher).await.unwrap();
        let mut waiting = waiting;
        for _ in 0..100_000 {
            if waiting().await {
                break;
            }
        }
        let unfinished = dir.path().join("backups/.unfinished");
        assert!(unfinished.is_dir());
        kill(Pid::from_raw(i32::try_from(command.id().unwrap()).unwrap()), signal).unwrap();
        assert!(!command.wait().await.unwrap().success());
        assert_eq!(unfinished.exists(), signal == Signal::SIGKILL, "only who is killed cannot clear away");
        blocker.close().await.unwrap();
        assert!(well(dir.path(), &["backup", "list"]).await.contains("There is no backup"));
    }
    well(dir.path(), &["backup"]).await;
    assert_eq!(backups(dir.path()).len(), 1, "the next one does");
}

#[tokio::test]
async fn what_is_damaged_changed_or_newer_is_refused_and_changes_nothing() {
    let dir = data_dir();
    let program = Program::serve(dir.path()).await;
    let cookie = program.sign_up().await;
    well(dir.path(), &["backup"]).await;
    assert!(program.add(&cookie, "late").await);
    let backup = backups(dir.path()).remove(0);
    let (dump, whole) = (backup.join("database.dump"), fs::read(backup.join("database.dump")).unwrap());

    let mut damaged = whole.clone();
    *damaged.last_mut().unwrap() ^= 1;
    fs::write(&dump, damaged).unwrap();
    for args in [&["backup", "verify"][..], &["restore", "--yes"]] {
        assert!(refused(dir.path(), args).await.contains("is damaged"));
    }
    fs::write(&dump, whole).unwrap();

    change_manifest(&backup, |manifest| manifest["contents"]["tables"]["users"]["rows"] = json!(7));
    for args in [&["backup", "verify"][..], &["restore", "--yes"]] {
        let said = refused(dir.path(), args).await;
        assert!(said.contains("the table users is not as it was: 1 rows"), "{said}");
    }
    change_manifest(&backup, |manifest| manifest["contents"]["migration"] = json!(9999));
    let said = refused(dir.path(), &["restore", "--yes"]).await;
    assert!(said.contains("newer than this one") && said.contains("at migration 9999"), "{said}");

    assert_eq!(titles(&program, &cookie).await, ["late"]);
    assert_eq!(beside(&mut program.database().await).await, [""; 0]);
}

/// Makes a backup look as if it had been made earlier.
fn age(backup: &Path, by: TimeDelta) {
    change_manifest(backup, |manifest| {
        let made: DateTime<Utc> = manifest["created_at"].as_str().unwrap().parse().unwrap();
        manifest["created_at"] = json!(made - by);
    });
}

#[tokio::test]
async fn one_of_several_servers_makes_the_backup_that_is_due_and_removes_old_ones() {
    let dir = data_dir();
    let database = database_in(dir.path()).await;
    let folder = dir.path().join("backups");
    let (url, token) = (database.url(), "a token that is only used in tests");
    let settings = [
        ("DATABASE_URL", url.as_str()),
        ("AUTH_SECRET", SECRET),
        ("TASKWIRE_BACKUP_DIR", folder.to_str().unwrap()),
        ("TASKWIRE_METRICS_TOKEN", token),
    ];
    let never = [&settings[..], &[("TASKWIRE_BACKUP_SCHEDULE", "off")]].concat();
    let mut first = Program::serve_with(dir.path(), &never).await;
    first.sign_up().await;
    first.signal(Signal::SIGTERM);
    first.wait().await;
    for _ in 0..2 {
        let (said, well) = command(dir.path(), &["backup"], &settings).await;
        assert!(well, "{said}");
    }
    let old = backups(dir.path());
    assert_eq!(old.len(), 2, "none by the clock");
    for backup in &old {
        age(backup, TimeDelta::days(8));
    }

    let (one, other) =
        tokio::join!(Program::serve_with(dir.path(), &settings), Program::serve_with(dir.path(), &settings));
    let made = async || {
        let now = backups(dir.path());
        (!old.iter().any(|backup| now.contains(backup))).then_some(now)
    };
    let made = eventually("a backup by the clock", made).await;
    assert_eq!(made.len(), 1, "{made:?}");
    let [at] = ["created_at"].map(|name| read_manifest(&made[0])[name].as_str().unwrap().to_owned());
    let says = |log: String| log.matches("made a backup, and verified it").count();
    assert_eq!(says(one.log()) + says(other.log()), 1);

    let maker = if says(one.log()) == 1 { &one } else { &other };
    let told = async || maker.get("/health/ready").await.filter(|answer| answer.contains(&at));
    let ready = eventually("readiness tells of it", told).await;
    assert!(ready.starts_with("HTTP/1.1 200") && ready.contains("\"last_verified_restore\":\"2"), "{ready}");
    let metrics = maker.request_with(&format!("authorization: Bearer {token}\r\n"), "GET /metrics", "").await.unwrap();
    assert!(metrics.contains("taskwire_backups_total{result=\"made\"} 1"), "{metrics}");
    assert!(!metrics.contains("taskwire_backup_last_timestamp_seconds 0"), "{metrics}");
    drop((one, other));
    database.stop().await;
}

#[tokio::test]
async fn an_external_database_moves_into_an_embedded_one() {
    let (there, here) = (data_dir(), data_dir());
    let database = database_in(there.path()).await;
    let mut owner = database.connect_options().connect().await.unwrap();
    let login = "CREATE ROLE keeper LOGIN CREATEDB CREATEROLE; CREATE DATABASE company OWNER keeper";
    for statement in login.split("; ") {
        sqlx::raw_sql(sqlx::AssertSqlSafe(statement)).execute(&mut owner).await.unwrap();
    }
    let url = database.url().replacen("taskwire@", "keeper@", 1).replacen("/taskwire?", "/company?", 1);
    let folder = here.path().join("moved");
    let settings =
        [("DATABASE_URL", url.as_str()), ("AUTH_SECRET", SECRET), ("TASKWIRE_BACKUP_DIR", folder.to_str().unwrap())];
    let (said, well) = command(there.path(), &["backup"], &settings).await;
    assert!(!well && said.contains("there is nothing in this database yet"), "{said}");
    let program = Program::serve_with(there.path(), &settings).await;
    let cookie = program.sign_up().await;
    assert!(program.add(&cookie, "moved").await);
    let (said, well) = command(there.path(), &["backup"], &settings).await;
    assert!(!well && said.contains("row-level security"), "not silently without people's rows: {said}");
    sqlx::raw_sql("ALTER ROLE keeper BYPASSRLS").execute(&mut owner).await.unwrap();
    let (said, well) = command(there.path(), &["backup"], &settings).await;
    assert!(well, "{said}");
    drop(program);
    owner.close().await.unwrap();
    database.stop().await;

    let (said, well) = command(here.path(), &["restore", "--yes"], &settings[2..]).await;
    assert!(well, "{said}");
    let program = Program::serve_with(here.path(), &[("AUTH_SECRET", SECRET)]).await;
    assert_eq!(titles(&program, &cookie).await, ["moved"]);
    let foreign = "SELECT count(*) FROM pg_roles WHERE rolname = 'keeper'";
    let left: i64 = sqlx::query_scalar(foreign).fetch_one(&mut program.database().await).await.unwrap();
    assert_eq!(left, 0, "the other login is not needed here");
}
