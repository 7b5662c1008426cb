//! The MCP server, as clients of both eras speak to it.
#![expect(clippy::indexing_slicing, reason = "a test that cannot go on has failed")]

mod clients;
mod confirmation;
mod conformance;
mod protocol;
mod resources;
mod stdio;
mod tools;
mod undo;

use super::support::{
    App,
    browser::{Answer, Browser},
};
use axum::{
    body::Body,
    http::{Method, StatusCode},
};
use serde_json::{Value, json};

/// The revision with self-contained requests.
const MODERN: &str = "2026-07-28";
/// The newest with a handshake.
const LEGACY: &str = "2025-11-25";

const ALL_SCOPES: &[&str] = &["tasks:write", "teams:read", "dashboard:read"];

/// A client with a token.
#[derive(Clone)]
struct Agent {
    browser: Browser,
    path: &'static str,
    version: &'static str,
    capabilities: Value,
}

/// Somebody, and what they are asked by.
struct Person {
    browser: Browser,
}

impl Person {
    async fn sign_up(app: &App, name: &str) -> Self {
        let mut browser = app.browser();
        let email = format!("{}@example.org", name.to_lowercase());
        let fields = [("email", email.as_str()), ("password", "Correct-horse-1"), ("name", name)];
        assert_eq!(browser.call("/rpc/account/sign_up", &fields).await.status, StatusCode::OK);
        Self { browser }
    }

    async fn send(&self, method: Method, path: &str, body: &Value) -> Answer {
        let mut program = self
            .browser
            .with("content-type", "application/json")
            .with("authorization", &format!("Bearer {}", self.browser.token()));
        program.send(method, path, "*/*", Body::from(body.to_string())).await
    }

    async fn get(&self, path: &str) -> Value {
        self.send(Method::GET, path, &Value::Null).await.json()
    }

    async fn agent(&self, app: &App, scopes: &[&str]) -> Agent {
        let made = self.send(Method::POST, "/api/auth/tokens", &json!({ "name": "Robot", "scopes": scopes })).await;
        let secret = made.json()["secret"].as_str().unwrap().to_owned();
        Agent::with_token(app, &secret)
    }
}

impl Agent {
    fn with_token(app: &App, token: &str) -> Self {
        let browser =
            app.browser().with("content-type", "application/json").with("authorization", &format!("Bearer {token}"));
        Self { browser, path: "/mcp", version: MODERN, capabilities: json!({}) }
    }

    fn legacy(&self) -> Self {
        Self { version: LEGACY, ..self.clone() }
    }

    fn reading(&self) -> Self {
        Self { path: "/mcp/readonly", ..self.clone() }
    }

    fn showing_forms(&self) -> Self {
        Self { capabilities: json!({ "elicitation": { "form": {} } }), ..self.clone() }
    }

    /// Sends a request, and returns what comes back over HTTP.
    async fn send(&self, method: &str, mut params: Value) -> Answer {
        let mut browser = self.browser.with("mcp-protocol-version", self.version);
        if self.version == MODERN {
            params["_meta"] = json!({
                "io.modelcontextprotocol/protocolVersion": MODERN,
                "io.modelcontextprotocol/clientInfo": { "name": "test-client", "version": "1" },
                "io.modelcontextprotocol/clientCapabilities": self.capabilities,
            });
            browser = browser.with("mcp-method", method);
            let name = params["name"].as_str().or(params["uri"].as_str()).map(str::to_owned);
            if let Some(name) = name {
                browser = browser.with("mcp-name", &name);
            }
        }
        let message = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        let accept = "application/json, text/event-stream";
        browser.send(Method::POST, self.path, accept, Body::from(message.to_string())).await
    }

    /// Sends a request, and returns its result.
    async fn ask(&self, method: &str, params: Value) -> Value {
        let answer = self.send(method, params).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
        let message = answer.json();
        assert!(message.get("error").is_none(), "{message}");
        message["result"].clone()
    }

    /// Calls a tool, and returns the whole result.
    async fn call(&self, tool: &str, arguments: Value) -> Value {
        self.ask("tools/call", json!({ "name": tool, "arguments": arguments })).await
    }

    /// Calls a tool that does what it is asked, and returns the structured answer.
    async fn done(&self, tool: &str, arguments: Value) -> Value {
        let result = self.call(tool, arguments).await;
        assert_eq!(result["isError"], json!(false), "{result}");
        let mut structured = result["structuredContent"].clone();
        let text = result["content"][1]["text"].as_str().unwrap();
        assert_eq!(serde_json::from_str::<Value>(text).unwrap(), structured, "the same as text");
        let note = structured.as_object_mut().unwrap().remove("note").unwrap();
        assert!(note.as_str().unwrap().contains("data"), "{note}");
        structured
    }

    /// Calls a tool that refuses, and returns why.
    async fn refused(&self, tool: &str, arguments: Value) -> String {
        let result = self.call(tool, arguments).await;
        assert_eq!(result["isError"], json!(true), "{result}");
        result["content"][0]["text"].as_str().unwrap().to_owned()
    }

    /// The names of the tools it sees, in their order.
    async fn tools(&self) -> Vec<String> {
        let listed = self.ask("tools/list", json!({})).await;
        let tools = listed["tools"].as_array().unwrap().iter();
        tools.map(|tool| tool["name"].as_str().unwrap().to_owned()).collect()
    }
}
