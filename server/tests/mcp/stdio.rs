//! `taskwire mcp`: the program beside the program.

use crate::support::{
    eventually,
    program::{Program, data_dir},
};
use serde_json::{Value, json};
use std::process::Stdio;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines},
    process::{Child, ChildStdin, ChildStdout, Command},
};

struct Bridge {
    child: Child,
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
}

impl Bridge {
    fn start(url: &str, token: &str, args: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_taskwire"));
        command.arg("mcp").args(args).env("TASKWIRE_URL", url).env("TASKWIRE_TOKEN", token);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { input: child.stdin.take().unwrap(), output, child }
    }

    async fn say(&mut self, message: &Value) {
        self.input.write_all(format!("{message}\n").as_bytes()).await.unwrap();
    }

    async fn hear(&mut self) -> Value {
        serde_json::from_str(&self.output.next_line().await.unwrap().unwrap()).unwrap()
    }

    async fn ask(&mut self, id: i64, method: &str, params: Value) -> Value {
        self.say(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params })).await;
        let answer = self.hear().await;
        assert_eq!(answer["id"], id, "{answer}");
        answer
    }

    /// No more is said to it.
    async fn end(self) -> Vec<Value> {
        let Self { mut child, input, mut output } = self;
        drop(input);
        let mut rest = Vec::new();
        while let Some(line) = output.next_line().await.unwrap() {
            rest.push(serde_json::from_str(&line).unwrap());
        }
        assert!(child.wait().await.unwrap().success());
        rest
    }
}

async fn served() -> (tempfile::TempDir, Program, String, String) {
    let dir = data_dir();
    let program = Program::serve(dir.path()).await;
    let token = program.sign_up().await.trim_start_matches("taskwire_session=").to_owned();
    let url = format!("http://{}", program.address().unwrap());
    (dir, program, url, token)
}

#[tokio::test]
async fn a_client_with_a_handshake_works_over_standard_input() {
    let (_dir, program, url, token) = served().await;
    let mut bridge = Bridge::start(&url, &token, &[]);
    let hello = json!({ "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": { "name": "desk", "version": "1" } });
    assert_eq!(bridge.ask(1, "initialize", hello).await["result"]["protocolVersion"], "2025-11-25");
    bridge.say(&json!({ "jsonrpc": "2.0", "method": "notifications/initialized" })).await;
    let made = bridge.ask(2, "tools/call", json!({ "name": "add_task", "arguments": { "title": "Für später" } })).await;
    assert_eq!(made["result"]["structuredContent"]["task"]["title"], "Für später");
    for (line, code) in [(&b"nonsense\n\n"[..], -32700), (b"\"\xff\xfe\"\n", -32700), (b"[{\"id\": 1}]\n", -32600)] {
        bridge.input.write_all(line).await.unwrap();
        assert_eq!(bridge.hear().await["error"]["code"], code);
    }
    let nothing = bridge.ask(3, "tools/call", json!({ "name": "für" })).await;
    assert_eq!(nothing["error"]["code"], -32602);
    // What was asked before the end is answered.
    bridge.say(&json!({ "jsonrpc": "2.0", "id": 4, "method": "tools/list" })).await;
    let rest = bridge.end().await;
    assert_eq!((rest.len(), rest[0]["result"]["tools"].as_array().unwrap().len()), (1, 15));

    let mut reading = Bridge::start(&url, &token, &["--read-only"]);
    let tools = reading.ask(1, "tools/list", json!({})).await;
    assert_eq!(tools["result"]["tools"].as_array().unwrap().len(), 7);
    assert_eq!(reading.end().await, [json!(null); 0]);
    let log = eventually("the last request's line", async || {
        Some(program.log()).filter(|log| log.matches("/mcp").count() >= 6)
    })
    .await;
    assert!(!log.contains("desk") && !log.contains("serve_inner"), "one line a request, in our own words: {log}");
}

#[tokio::test]
async fn a_client_without_a_handshake_hears_of_changes_until_it_goes() {
    let (_dir, program, url, token) = served().await;
    let mut bridge = Bridge::start(&url, &token, &[]);
    let meta = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {},
    });
    let wish = json!({ "notifications": { "resourceSubscriptions": ["tasks://mine"] }, "_meta": meta });
    for id in [1, 2] {
        bridge.say(&json!({ "jsonrpc": "2.0", "id": id, "method": "subscriptions/listen", "params": wish })).await;
        assert_eq!(bridge.hear().await["method"], "notifications/subscriptions/acknowledged");
        assert_eq!(bridge.hear().await["method"], "notifications/resources/updated", "what there is at the beginning");
    }
    bridge.say(&json!({ "jsonrpc": "2.0", "method": "notifications/cancelled", "params": { "requestId": 1 } })).await;
    let cookie = format!("taskwire_session={token}");
    assert!(program.add(&cookie, "something").await);
    let told = bridge.hear().await;
    assert_eq!(
        (&told["method"], &told["params"]["uri"]),
        (&json!("notifications/resources/updated"), &json!("tasks://mine"))
    );
    assert_eq!(bridge.end().await, [json!(null); 0], "only the one that was not cancelled was told");
}

#[tokio::test]
async fn what_stands_in_the_way_is_said_in_words() {
    let mut nowhere = Bridge::start("http://127.0.0.1:1", "taskwire_x", &[]);
    let told = nowhere.ask(1, "tools/list", json!({})).await;
    assert!(told["error"]["message"].as_str().unwrap().contains("does not answer"), "{told}");
    let (_dir, _program, url, _) = served().await;
    let mut stranger = Bridge::start(&url, "taskwire_x", &[]);
    let told = stranger.ask(1, "tools/list", json!({})).await;
    assert_eq!(told["error"]["message"], "The API token in TASKWIRE_TOKEN does not hold.");
}
