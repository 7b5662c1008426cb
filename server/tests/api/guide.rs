//! `docs/api.md`, run as it stands.

use super::super::support::program::{Program as Server, data_dir};
use tokio::process::Command;

/// What stands in the guide's blocks of shell, in one piece.
fn script() -> String {
    let mut inside = false;
    let mut script = String::new();
    for line in include_str!("../../../docs/api.md").lines() {
        match line {
            "```sh" => inside = true,
            "```" => inside = false,
            line if inside => script += &format!("{line}\n"),
            _ => {}
        }
    }
    script
}

#[tokio::test]
async fn the_guide_does_what_it_says() {
    let dir = data_dir();
    let server = Server::serve(&dir.path().join("data")).await;
    let script = script();
    assert!(script.lines().filter(|line| line.contains("$TASKWIRE/api/")).count() > 15, "{script}");
    let done = Command::new("bash")
        .args(["-euo", "pipefail", "-x", "-c", &script])
        .env("TASKWIRE", format!("http://{}", server.address().unwrap()))
        .output()
        .await
        .unwrap();
    let said = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{said}\n{}", String::from_utf8_lossy(&done.stdout));
}
