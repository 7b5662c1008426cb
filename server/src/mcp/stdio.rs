//! `taskwire mcp`: lets a client that speaks MCP over standard input and output use a Taskwire that runs anywhere.
//!
//! Each message is passed on to `/mcp` by HTTP, with the person's API token, and each answer comes back on a line of its own.
//! So what holds for every client of the server holds for this one: rights, limits, what is recorded, what is told.

use crate::commands::McpArgs;
use anyhow::{Context, Result};
use axum::{
    body::Bytes,
    http::{HeaderValue, Request, StatusCode, Uri, header, request::Builder},
};
use base64::{Engine, prelude::BASE64_STANDARD};
use futures::StreamExt;
use http_body_util::{BodyExt, Full};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use rmcp::model::ErrorCode;
use rustls::crypto::ring;
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use sse_stream::SseStream;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, stdin, stdout},
    sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
    task::{AbortHandle, JoinSet},
    time::timeout,
};
use tower_http::timeout::TimeoutBody;

/// What a self-contained request says its revision is by.
const VERSION: &str = "io.modelcontextprotocol/protocolVersion";
/// The request that is answered for as long as somebody listens.
const LISTEN: &str = "subscriptions/listen";

/// How long the server may be silent: longer than any request of it takes.
const PATIENCE: Duration = Duration::from_secs(60);

/// Passes messages on until standard input ends, and then waits for the answers to what came before.
///
/// # Errors
/// An address or a token that cannot be one, and standard input and output that break.
pub async fn run(args: McpArgs) -> Result<()> {
    let bridge = Arc::new(Bridge::new(args)?);
    let (answers, lines) = unbounded_channel();
    let writing = tokio::spawn(write(lines));
    let mut input = BufReader::new(stdin());
    let mut passing = JoinSet::new();
    let mut running = HashMap::<String, (AbortHandle, bool)>::new();
    let mut line = Vec::new();
    while input.read_until(b'\n', &mut line).await.context("standard input cannot be read")? > 0 {
        running.retain(|_, (handle, _)| !handle.is_finished());
        while passing.try_join_next().is_some() {}
        let said = std::mem::take(&mut line);
        if said.trim_ascii().is_empty() {
            continue;
        }
        let message = match read(&said) {
            Ok(message) => message,
            Err(answer) => {
                answers.send(answer)?;
                continue;
            }
        };
        let method = text(&message, "/method");
        if method == "notifications/cancelled" {
            // Over HTTP, whoever hangs up cancels.
            if let Some((handle, _)) = running.remove(&named(message.pointer("/params/requestId"))) {
                handle.abort();
            }
            continue;
        }
        let (id, listens) = (named(message.get("id")), method == LISTEN);
        let handle = passing.spawn(Arc::clone(&bridge).pass(message, answers.clone()));
        running.insert(id, (handle, listens));
    }
    for (handle, listens) in running.values() {
        if *listens {
            handle.abort();
        }
    }
    while passing.join_next().await.is_some() {}
    drop(answers);
    writing.await?.context("standard output cannot be written to")
}

async fn write(mut lines: UnboundedReceiver<String>) -> std::io::Result<()> {
    let mut out = stdout();
    while let Some(mut line) = lines.recv().await {
        line.push('\n');
        out.write_all(line.as_bytes()).await?;
        out.flush().await?;
    }
    Ok(())
}

/// A message on a line.
///
/// # Errors
/// The answer to what is none.
fn read(line: &[u8]) -> Result<Value, String> {
    match serde_json::from_slice(line) {
        Ok(message @ Value::Object(_)) => Ok(message),
        Ok(_) => {
            // As the protocol has it since 2025-06-18.
            let text = "This is not one message: there are no batches of them.";
            Err(failure(&Value::Null, ErrorCode::INVALID_REQUEST, text))
        }
        Err(error) => Err(failure(&Value::Null, ErrorCode::PARSE_ERROR, &format!("This is not JSON: {error}."))),
    }
}

/// A text in a message; empty where there is none.
fn text<'a>(message: &'a Value, pointer: &str) -> &'a str {
    message.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

/// A request's id, which may be a number or a text.
fn named(id: Option<&Value>) -> String {
    id.map(Value::to_string).unwrap_or_default()
}

/// An answer that says what went wrong on the way.
fn failure(id: &Value, code: ErrorCode, text: &str) -> String {
    json!({ "jsonrpc": "2.0", "id": id, "error": { "code": code.0, "message": text } }).to_string()
}

/// A name as a header can carry it (MCP 2026-07-28, transports).
fn header_text(name: &str) -> String {
    match name.bytes().all(|byte| byte.is_ascii_graphic()) && !name.starts_with("=?") {
        true => name.to_owned(),
        false => format!("=?base64?{}?=", BASE64_STANDARD.encode(name)),
    }
}

struct Bridge {
    uri: Uri,
    bearer: HeaderValue,
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    /// The revision that a handshake came to, for clients that begin with one.
    version: Mutex<Option<String>>,
    /// What the client called itself in it.
    name: Mutex<Option<HeaderValue>>,
}

impl Bridge {
    fn new(McpArgs { url, token, read_only }: McpArgs) -> Result<Self> {
        let path = if read_only { super::READ_ONLY_PATH } else { super::PATH };
        let uri = url.join(path).context("TASKWIRE_URL is no address of a server")?;
        let uri = uri.as_str().parse().context("TASKWIRE_URL is no address of a server")?;
        let mut bearer = HeaderValue::try_from(format!("Bearer {}", token.expose_secret().trim()))
            .context("TASKWIRE_TOKEN is no API token")?;
        bearer.set_sensitive(true);
        // Those of the machine, or of the file in SSL_CERT_FILE: many a server has its certificate from its own company.
        let connector = HttpsConnectorBuilder::new().with_provider_and_native_roots(ring::default_provider())?;
        let connector = connector.https_or_http().enable_http1().build();
        let client = Client::builder(TokioExecutor::new()).build(connector);
        Ok(Self { uri, bearer, client, version: Mutex::default(), name: Mutex::default() })
    }

    /// Sends a message, and passes on what comes back.
    async fn pass(self: Arc<Self>, message: Value, answers: UnboundedSender<String>) {
        let id = message.get("id").cloned();
        if let Err(reason) = self.ask(&message, &answers).await
            && let Some(id) = id
        {
            // Whoever reads it may have gone by now.
            let _gone = answers.send(failure(&id, ErrorCode::INTERNAL_ERROR, &reason));
        }
    }

    async fn ask(&self, message: &Value, answers: &UnboundedSender<String>) -> Result<(), String> {
        let request = self.request(message).body(Full::from(message.to_string())).map_err(|error| error.to_string())?;
        let away = |error: &dyn std::fmt::Display| format!("Taskwire at {} does not answer: {error}.", self.uri);
        let answer = timeout(PATIENCE, self.client.request(request)).await.map_err(|error| away(&error))?;
        let answer = answer.map_err(|error| away(&error))?;
        let (status, headers) = (answer.status(), answer.headers());
        let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default().to_owned();
        // Also whoever listens hears every few seconds that the server is still there.
        let body = TimeoutBody::new(PATIENCE, answer.into_body()).map_err(std::io::Error::other).boxed_unsync();
        if kind.starts_with("text/event-stream") {
            let mut events = SseStream::new(body);
            while let Some(event) = events.next().await {
                let data = event.map_err(|error| away(&error))?.data;
                if let Some(data) = data.filter(|data| !data.is_empty()) {
                    answers.send(data).map_err(|error| error.to_string())?;
                }
            }
            return Ok(());
        }
        let body = body.collect().await.map_err(|error| away(&error))?.to_bytes();
        let body: Value = match serde_json::from_slice(&body) {
            Ok(body) => body,
            Err(_) if body.is_empty() && status.is_success() => return Ok(()),
            Err(_) => return Err(format!("Taskwire answered with {status}.")),
        };
        if body.get("jsonrpc").is_none() {
            // As the API refuses: before the protocol had a say.
            let detail = text(&body, "/detail");
            return Err(match status {
                StatusCode::UNAUTHORIZED => "The API token in TASKWIRE_TOKEN does not hold.".to_owned(),
                _ => format!("Taskwire answered with {status}: {detail}"),
            });
        }
        let agreed = text(&body, "/result/protocolVersion");
        if !agreed.is_empty() {
            *self.version.lock().unwrap_or_else(PoisonError::into_inner) = Some(agreed.to_owned());
        }
        answers.send(body.to_string()).map_err(|error| error.to_string())
    }

    /// Who is asking: the server keeps no handshake, so that it is told each time.
    fn agent(&self, message: &Value) -> HeaderValue {
        let mut name = self.name.lock().unwrap_or_else(PoisonError::into_inner);
        let said = text(message, "/params/clientInfo/name");
        if !said.is_empty() {
            *name = HeaderValue::try_from(said).ok();
        }
        name.clone().unwrap_or(HeaderValue::from_static(concat!("taskwire-mcp/", env!("CARGO_PKG_VERSION"))))
    }

    fn request(&self, message: &Value) -> Builder {
        let request = Request::post(&self.uri)
            .header(header::AUTHORIZATION, &self.bearer)
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::ACCEPT, "application/json, text/event-stream")
            .header(header::USER_AGENT, self.agent(message));
        let said = message.pointer("/params/_meta").and_then(|meta| meta.get(VERSION)).and_then(Value::as_str);
        match said.map(str::to_owned).or_else(|| self.version.lock().unwrap_or_else(PoisonError::into_inner).clone()) {
            None => request,
            Some(version) => {
                let name =
                    [text(message, "/params/name"), text(message, "/params/uri")].into_iter().find(|it| !it.is_empty());
                let request = request
                    .header("mcp-protocol-version", header_text(&version))
                    .header("mcp-method", header_text(text(message, "/method")));
                name.into_iter().fold(request, |request, name| request.header("mcp-name", header_text(name)))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_sent_as_it_is_if_a_header_can_carry_it() {
        assert_eq!(header_text("add_task"), "add_task");
        assert_eq!(header_text("task://17"), "task://17");
        assert_eq!(header_text("für"), "=?base64?ZsO8cg==?=");
        assert_eq!(header_text("=?base64?eA==?="), "=?base64?PT9iYXNlNjQ/ZUE9PT89?=");
        assert_eq!(header_text("a\r\nb"), "=?base64?YQ0KYg==?=");
    }
}

#[cfg(test)]
mod fuzz {
    use super::*;
    use taskwire_fuzz::{bytes, check, text};

    #[test]
    fn what_is_read_is_a_message_or_is_answered() {
        const PIECES: &[&str] =
            &["{", "}", "[", "]", "\"id\"", ":", ",", "1", "null", "\"method\"", "\"tools/call\"", "\r", " "];
        check!().with_generator(bytes(PIECES)).for_each(|line| match read(line) {
            Ok(message) => assert!(message.is_object(), "{message}"),
            Err(answer) => {
                let answer: Value = serde_json::from_str(&answer).unwrap_or_else(|error| panic!("{answer}: {error}"));
                assert!([-32700, -32600].contains(&answer["error"]["code"].as_i64().unwrap_or_default()), "{answer}");
            }
        });
    }

    #[test]
    fn a_name_comes_through_a_header_as_it_was() {
        const PIECES: &[&str] = &["=?base64?", "?=", "add_task", "task://17", " ", "\r\n", "ü", "\0", "\u{7f}"];
        check!().with_generator(text(PIECES)).for_each(|name| {
            let sent = header_text(name);
            assert!(HeaderValue::try_from(&sent).is_ok(), "{sent:?}");
            let coded = sent.strip_prefix("=?base64?").and_then(|rest| rest.strip_suffix("?="));
            let read = match coded {
                Some(coded) => BASE64_STANDARD.decode(coded).unwrap_or_else(|error| panic!("{sent:?}: {error}")),
                None => sent.clone().into_bytes(),
            };
            assert_eq!(read, name.as_bytes());
        });
    }
}
