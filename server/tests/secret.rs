//! `taskwire secret rotate`: nobody is signed out, until the secret before is gone.

use super::support::{
    SECRET,
    program::{Program, data_dir},
};
use nix::sys::signal::Signal;
use std::{fs, os::unix::fs::PermissionsExt, path::Path};
use tokio::process::Command;

/// What the command says, and whether all was well.
async fn rotate(dir: &Path, more: &[(&str, &str)]) -> (String, bool) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_taskwire"));
    command.args(["secret", "rotate"]).env_remove("DATABASE_URL").env_remove("AUTH_SECRET");
    command.env("TASKWIRE_DATA_DIR", dir).envs(more.iter().copied());
    let output = command.current_dir(dir.parent().unwrap()).output().await.unwrap();
    let said = [output.stdout, output.stderr].concat();
    (String::from_utf8(said).unwrap(), output.status.success())
}

async fn again(mut program: Program, dir: &Path) -> Program {
    program.signal(Signal::SIGTERM);
    assert!(program.wait().await.success());
    Program::serve(dir).await
}

#[tokio::test]
async fn whoever_is_signed_in_stays_so_until_the_secret_before_is_gone() {
    let dir = data_dir();
    let [current, previous] = ["auth_secret", "auth_secret.previous"].map(|name| dir.path().join(name));
    let program = Program::serve(dir.path()).await;
    let old = program.sign_up().await;
    let first = fs::read_to_string(&current).unwrap();

    let (said, well) = rotate(dir.path(), &[("TASKWIRE_SESSION_TTL", "7h")]).await;
    assert!(well && said.contains("Remove it 7h") && said.contains("the next start"), "{said}");
    let second = fs::read_to_string(&current).unwrap();
    assert_ne!(second, first);
    assert_eq!(fs::read_to_string(&previous).unwrap(), first);
    assert!([&first, &second].iter().all(|secret| !said.contains(secret.trim())), "{said}");
    for path in [&current, &previous] {
        assert_eq!(fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600);
    }
    assert!(program.add(&old, "before the next start").await);

    let program = again(program, dir.path()).await;
    assert!(program.add(&old, "signed by the one before").await);
    let form = "email=ada%40example.org&password=Correct-horse-1";
    let answer = program.request("POST /rpc/account/sign_in", form).await.unwrap();
    let (_, cookie) = answer.split_once("taskwire_session=").unwrap();
    let new = format!("taskwire_session={}", cookie.split(';').next().unwrap());

    fs::remove_file(previous).unwrap();
    let program = again(program, dir.path()).await;
    assert!(!program.add(&old, "too late").await);
    assert!(program.add(&new, "signed by the new one").await);
}

#[tokio::test]
async fn a_secret_that_is_kept_elsewhere_is_changed_there() {
    let dir = data_dir();
    let (said, well) = rotate(dir.path(), &[]).await;
    assert!(!well && said.contains("There is no secret in"), "{said}");
    let elsewhere = [("DATABASE_URL", "postgres://nobody@127.0.0.1:1/none"), ("AUTH_SECRET", SECRET)];
    for set in [&elsewhere[..], &elsewhere[1..]] {
        let (said, well) = rotate(dir.path(), set).await;
        assert!(!well && said.contains("AUTH_SECRET_PREVIOUS") && !said.contains(SECRET), "{said}");
    }
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0, "nothing is written");
}
