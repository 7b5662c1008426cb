//! A real collector of OpenTelemetry, which prints all that it gets.

use super::eventually;
use std::{
    collections::BTreeMap,
    net::Ipv4Addr,
    process::Stdio,
    sync::{Arc, Mutex},
};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    net::{TcpListener, TcpStream},
    process::{Child, Command},
};

/// A running Rotel.
pub struct Collector {
    _child: Child,
    printed: Arc<Mutex<String>>,
    port: u16,
}

/// A span as it was received.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Span {
    pub trace: String,
    pub id: String,
    /// Empty if there is none.
    pub parent: String,
    pub name: String,
    /// SERVER or CLIENT.
    pub kind: String,
    /// UNSET or ERROR.
    pub status: String,
    /// Nanoseconds since 1970.
    pub start: u128,
    pub end: u128,
    pub attributes: BTreeMap<String, String>,
}

impl Collector {
    /// Starts it on a port that is free, and waits until it listens.
    pub async fn start() -> Self {
        let port = free_port().await;
        let mut command = Command::new("rotel-agent");
        command.args([
            "start",
            "--exporter",
            "blackhole",
            "--debug-log",
            "traces",
            "--debug-log-verbosity",
            "detailed",
        ]);
        command.args(["--otlp-http-endpoint", &format!("127.0.0.1:{port}"), "--otlp-grpc-endpoint", "127.0.0.1:0"]);
        command.env("NO_COLOR", "1").stdin(Stdio::null()).stdout(Stdio::piped()).kill_on_drop(true);
        let child = command.spawn();
        let mut child = child.unwrap_or_else(|error| panic!("rotel-agent: {error}; `scripts/setup test` installs it"));
        let printed = Arc::new(Mutex::new(String::new()));
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let kept = Arc::clone(&printed);
        tokio::spawn(async move {
            while let Ok(Some(line)) = lines.next_line().await {
                let mut kept = kept.lock().unwrap();
                kept.push_str(&line);
                kept.push('\n');
            }
        });
        let listens = async || TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.ok();
        eventually("the collector", listens).await;
        Self { _child: child, printed, port }
    }

    /// Where it takes traces.
    pub fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// All that it got, as it prints it.
    pub fn received(&self) -> String {
        let printed = self.printed.lock().unwrap();
        printed.find("ResourceSpans").map(|begin| printed[begin..].to_owned()).unwrap_or_default()
    }

    /// The spans that it got.
    pub fn spans(&self) -> Vec<Span> {
        let received = self.received();
        let mut spans = Vec::new();
        let mut inside = false;
        for line in received.lines() {
            let (key, value) = line.split_once(':').map_or((line, ""), |(key, value)| (key, value));
            // An attribute's name may have a colon too, so that it is told by its arrow.
            if let Some((key, value)) = line.trim().strip_prefix("-> ").and_then(|line| line.split_once(": ")) {
                if inside {
                    last(&mut spans).attributes.insert(key.to_owned(), value.to_owned());
                }
                continue;
            }
            let value = value.trim().to_owned();
            match key.trim() {
                key if key.starts_with("Span #") => {
                    spans.push(Span::default());
                    inside = true;
                }
                key if key.starts_with("ResourceSpans") => inside = false,
                "Trace ID" => last(&mut spans).trace = value,
                "Parent ID" => last(&mut spans).parent = value,
                "ID" => last(&mut spans).id = value,
                "Name" => last(&mut spans).name = value,
                "Kind" => last(&mut spans).kind = value.trim_start_matches("SPAN_KIND_").to_owned(),
                "Status code" => last(&mut spans).status = value.trim_start_matches("STATUS_CODE_").to_owned(),
                "Start time" => last(&mut spans).start = value.parse().unwrap(),
                "End time" => last(&mut spans).end = value.parse().unwrap(),
                _ => {}
            }
        }
        spans
    }

    /// Waits for a request's span.
    pub async fn span(&self, name: &str) -> Span {
        eventually(name, async || self.spans().into_iter().find(|span| span.name == name)).await
    }
}

fn last(spans: &mut [Span]) -> &mut Span {
    spans.last_mut().unwrap()
}

/// A failed test shows what came.
impl Drop for Collector {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{}", self.received());
        }
    }
}

/// A port that nobody listens on.
pub async fn free_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap().local_addr().unwrap().port()
}
