//! The program on its own PostgreSQL: first start, second start, and every way to die.

use super::support::{
    eventually,
    program::{Program, data_dir, postgres_of},
};
use nix::sys::signal::{Signal, kill};
use std::{fs, os::unix::fs::PermissionsExt, path::Path};

/// Starts it and expects it to give up; returns what it says.
async fn refuses(dir: &Path, more: &[(&str, &str)]) -> String {
    let mut program = Program::start(dir, more);
    assert_eq!(program.wait().await.code(), Some(1));
    program.log()
}

#[tokio::test]
async fn the_first_start_makes_a_private_folder_and_a_second_one_is_told_who_has_it() {
    let dir = data_dir();
    let mut program = Program::serve(dir.path()).await;
    let mode = |path: &str| fs::metadata(dir.path().join(path)).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode("auth_secret"), mode("postgres"), mode("run")), (0o600, 0o700, 0o700));
    assert!(program.log().contains(&format!("its data lives in {}", dir.path().display())), "{}", program.log());

    let said = refuses(dir.path(), &[]).await;
    assert!(said.contains("Another Taskwire (process ") && said.contains("TASKWIRE_DATA_DIR"), "{said}");

    let postgres = program.postgres().unwrap();
    program.signal(Signal::SIGTERM);
    assert!(program.wait().await.success());
    assert!(program.log().contains("stopped"), "{}", program.log());
    assert!(kill(postgres, None).is_err(), "PostgreSQL has ended too");
    assert!(!dir.path().join("postgres/postmaster.pid").exists(), "and it was a clean end");
}

#[tokio::test]
async fn nothing_acknowledged_is_lost_when_taskwire_is_killed() {
    let dir = data_dir();
    let mut program = Program::serve(dir.path()).await;
    let cookie = program.sign_up().await;
    for n in 0..5 {
        assert!(program.add(&cookie, &format!("kept-{n}")).await);
    }
    let (_, token) = cookie.split_once('=').unwrap();
    for private in [token, "ada@", "ada%40", "Correct-horse", "kept-0"] {
        assert!(!program.log().contains(private), "{}", program.log());
    }
    program.signal(Signal::SIGKILL);
    program.wait().await;
    let orphan = postgres_of(dir.path()).unwrap();

    let mut program = Program::serve(dir.path()).await;
    assert!(program.log().contains("an earlier Taskwire left running"), "{}", program.log());
    assert_ne!(program.postgres(), Some(orphan));
    let list = program.request_as(&cookie, "GET /rpc/task/list", "").await.unwrap();
    assert!((0..5).all(|n| list.contains(&format!("kept-{n}"))), "{list}");
    program.signal(Signal::SIGINT);
    assert!(program.wait().await.success());
}

#[tokio::test]
async fn nothing_acknowledged_is_lost_when_postgres_is_killed() {
    let dir = data_dir();
    // What is healthy may have been so a second ago, and recovery takes its time on a busy machine.
    let mut program = Program::serve_with(dir.path(), &[("TASKWIRE_DB_ACQUIRE_TIMEOUT", "20s")]).await;
    let cookie = program.sign_up().await;
    let mut kept = vec![];
    for round in 0..3 {
        let first = program.postgres().unwrap();
        for n in 0..5 {
            let title = format!("kept-{round}-{n}");
            assert!(program.add(&cookie, &title).await);
            kept.push(title);
        }
        kill(first, Signal::SIGKILL).unwrap();
        // The same process serves on: it brings PostgreSQL back by itself.
        eventually("another PostgreSQL", async || program.postgres().filter(|pid| *pid != first)).await;
        program.healthy().await;
    }
    assert!(program.log().contains("PostgreSQL ended by itself"), "{}", program.log());
    let list = program.request_as(&cookie, "GET /rpc/task/list", "").await.unwrap();
    assert!(kept.iter().all(|title| list.contains(title)), "{list}");
    program.signal(Signal::SIGTERM);
    assert!(program.wait().await.success());
}

#[tokio::test]
async fn both_killed_at_once_recover_at_the_next_start() {
    let dir = data_dir();
    let mut program = Program::serve(dir.path()).await;
    let cookie = program.sign_up().await;
    assert!(program.add(&cookie, "kept").await);
    let postgres = program.postgres().unwrap();
    program.signal(Signal::SIGKILL);
    kill(postgres, Signal::SIGKILL).unwrap();
    program.wait().await;

    let mut program = Program::serve(dir.path()).await;
    assert!(program.request_as(&cookie, "GET /rpc/task/list", "").await.unwrap().contains("kept"));
    program.signal(Signal::SIGTERM);
    assert!(program.wait().await.success());

    // A process id that now belongs to somebody else, as after a reboot: this test's own.
    fs::write(dir.path().join("postgres/postmaster.pid"), format!("{}\n{}\n", std::process::id(), "/elsewhere"))
        .unwrap();
    let mut program = Program::serve(dir.path()).await;
    program.signal(Signal::SIGTERM);
    assert!(program.wait().await.success());
}

#[tokio::test]
async fn what_stands_in_the_way_is_named() {
    let dir = data_dir();
    fs::create_dir(dir.path().join("postgres")).unwrap();
    fs::write(dir.path().join("postgres/PG_VERSION"), "9\n").unwrap();
    let said = refuses(dir.path(), &[]).await;
    assert!(said.contains("made by PostgreSQL 9") && said.contains("nothing was changed"), "{said}");

    let (dir, empty) = (data_dir(), data_dir());
    let said = refuses(dir.path(), &[("TASKWIRE_POSTGRES_BIN", empty.path().to_str().unwrap())]).await;
    assert!(said.contains("programs (initdb, postgres) were not found") && said.contains("apt-get install"), "{said}");

    let (dir, programs) = (data_dir(), data_dir());
    let initdb = programs.path().join("initdb");
    let script = "#!/bin/sh\n[ \"$1\" != --version ] || exec echo 'initdb (PostgreSQL) 17.0'\n\
                  echo 'initdb: error: ICU is not supported in this build' >&2; exit 1\n";
    fs::write(&initdb, script).unwrap();
    fs::set_permissions(&initdb, fs::Permissions::from_mode(0o755)).unwrap();
    fs::set_permissions(programs.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let said = refuses(dir.path(), &[("TASKWIRE_POSTGRES_BIN", programs.path().to_str().unwrap())]).await;
    assert!(said.contains("was built without ICU"), "{said}");

    let deep = dir.path().join("d".repeat(100));
    fs::create_dir(&deep).unwrap();
    assert!(refuses(&deep, &[]).await.contains("too long for PostgreSQL's socket"));

    let file = dir.path().join("file");
    fs::write(&file, "").unwrap();
    assert!(refuses(&file, &[]).await.contains("cannot be used by the user"));

    let dir = data_dir();
    fs::create_dir(dir.path().join("postgres")).unwrap();
    fs::write(dir.path().join("postgres/letter.txt"), "").unwrap();
    assert!(refuses(dir.path(), &[]).await.contains("is not empty, but holds no PostgreSQL cluster"));

    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = port.local_addr().unwrap().to_string();
    assert!(refuses(data_dir().path(), &[("TASKWIRE_ADDR", &address)]).await.contains("is in use by another program"));
}

#[tokio::test]
async fn settings_are_read_from_the_current_folder_and_from_none_above() {
    let dir = data_dir();
    fs::create_dir(dir.path().join("below")).unwrap();
    fs::write(dir.path().join(".env"), "AUTH_SECRET=0123456789abcdef0123456789abcdef\n").unwrap();
    let url = ("DATABASE_URL", "postgres://nobody@127.0.0.1:1/none");
    // The program is started in the folder that its data folder stands in.
    let said = refuses(&dir.path().join("data"), &[url]).await;
    assert!(said.contains("cannot open the database"), "{said}");
    let said = refuses(&dir.path().join("below/data"), &[url]).await;
    assert!(said.contains("AUTH_SECRET is not"), "{said}");
}

#[tokio::test]
async fn an_external_database_needs_a_secret_and_an_answer() {
    let dir = data_dir();
    let url = ("DATABASE_URL", "postgres://nobody@127.0.0.1:1/none");
    let said = refuses(dir.path(), &[url]).await;
    assert!(said.contains("AUTH_SECRET is not") && said.contains("openssl rand"), "{said}");
    let said = refuses(dir.path(), &[url, ("AUTH_SECRET", "0123456789abcdef0123456789abcdef")]).await;
    assert!(said.contains("cannot open the database"), "{said}");
    assert!(fs::read_dir(dir.path()).unwrap().next().is_none(), "the data folder is not touched");
}
