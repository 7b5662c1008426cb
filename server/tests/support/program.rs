//! The program itself, started as a child and killed in every way.

use super::{eventually, tls};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use std::{
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
    sync::{Arc, Mutex},
    time::Duration,
};
use taskwire::postgres::{Embedded, Purpose, folder::DataFolder};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
    process::{Child, Command},
    task::JoinHandle,
};
use tokio_rustls::{TlsConnector, client::TlsStream};
use tokio_util::{either::Either, sync::CancellationToken};

/// A running `taskwire`.
pub struct Program {
    child: Child,
    log: Arc<Mutex<String>>,
    reader: JoinHandle<()>,
    dir: PathBuf,
    /// How to speak TLS to it, if it does.
    tls: Option<TlsConnector>,
}

/// A data folder short enough for a socket, which the user that PostgreSQL runs as can get to.
pub fn data_dir() -> tempfile::TempDir {
    tempfile::Builder::new().prefix("tw").tempdir_in("/tmp").unwrap()
}

/// A PostgreSQL of its own in a folder, which a test may stop.
pub async fn database_in(dir: &Path) -> Embedded {
    let folder = DataFolder::open(dir).unwrap();
    Embedded::start(folder, None, Purpose::Tests, &CancellationToken::new()).await.unwrap()
}

/// What a command says when it ends by itself, and whether all was well.
pub async fn command(dir: &Path, args: &[&str], more: &[(&str, &str)]) -> (String, bool) {
    let output = spawn_command(dir, args, more).wait_with_output().await.unwrap();
    let said = [output.stdout, output.stderr].concat();
    (String::from_utf8(said).unwrap(), output.status.success())
}

/// Starts a command on the data folder.
pub fn spawn_command(dir: &Path, args: &[&str], more: &[(&str, &str)]) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_taskwire"));
    command.env_remove("DATABASE_URL").env_remove("AUTH_SECRET").env("TASKWIRE_LOG_FORMAT", "text");
    command.args(args).env("TASKWIRE_DATA_DIR", dir).envs(more.iter().copied()).current_dir(dir.parent().unwrap());
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true).spawn().unwrap()
}

impl Program {
    /// Starts it on a free port.
    pub fn start(dir: &Path, more: &[(&str, &str)]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_taskwire"));
        command.env_remove("DATABASE_URL").env_remove("AUTH_SECRET").env("TASKWIRE_LOG_FORMAT", "text");
        command.env("TASKWIRE_ADDR", "127.0.0.1:0").env("TASKWIRE_DATA_DIR", dir).envs(more.iter().copied());
        command.current_dir(dir.parent().unwrap()).stdout(Stdio::null()).stderr(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().unwrap();
        let log = Arc::new(Mutex::new(String::new()));
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let kept = Arc::clone(&log);
        let reader = tokio::spawn(async move {
            while let Ok(Some(line)) = lines.next_line().await {
                let mut kept = kept.lock().unwrap();
                kept.push_str(&line);
                kept.push('\n');
            }
        });
        let certificate = more.iter().find(|(name, _)| *name == "TASKWIRE_TLS_CERT").map(|(_, path)| Path::new(path));
        let tls = certificate.and_then(|path| tls::client(path, &["http/1.1"]));
        Self { child, log, reader, dir: dir.to_owned(), tls }
    }

    /// Starts it and waits until it is healthy.
    pub async fn serve(dir: &Path) -> Self {
        Self::serve_with(dir, &[]).await
    }

    /// The same with more settings.
    pub async fn serve_with(dir: &Path, more: &[(&str, &str)]) -> Self {
        let program = Self::start(dir, more);
        program.healthy().await;
        program
    }

    /// Whether it takes connections.
    pub async fn listens(&self) -> bool {
        TcpStream::connect(self.address().unwrap()).await.is_ok()
    }

    pub async fn healthy(&self) {
        let healthy = async || self.get("/health").await.filter(|answer| answer.contains("\"healthy\""));
        eventually("healthy", healthy).await;
    }

    pub fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    /// Where it listens, as its log says.
    pub fn address(&self) -> Option<String> {
        let log = self.log();
        let (_, rest) = log.split_once("Taskwire is at http")?;
        let (_, rest) = rest.split_once("://")?;
        // In a line of text, or inside one of JSON.
        rest.split(|c: char| !c.is_ascii_digit() && !".:".contains(c)).next().map(str::to_owned)
    }

    async fn connect(&self) -> Option<Either<TcpStream, TlsStream<TcpStream>>> {
        let address = self.address()?;
        match &self.tls {
            None => TcpStream::connect(address).await.ok().map(Either::Left),
            Some(client) => tls::connect(client, &address).await.ok().map(Either::Right),
        }
    }

    /// A plain request over a socket; `None` when the program does not answer.
    pub async fn request(&self, head: &str, body: &str) -> Option<String> {
        self.request_with("", head, body).await
    }

    /// The same with a cookie.
    pub async fn request_as(&self, cookie: &str, head: &str, body: &str) -> Option<String> {
        self.request_with(&format!("cookie: {cookie}\r\n"), head, body).await
    }

    /// The same with lines of headers.
    pub async fn request_with(&self, headers: &str, head: &str, body: &str) -> Option<String> {
        let mut stream = self.connect().await?;
        let length = body.len();
        let request = format!("{head} HTTP/1.1\r\nhost: test\r\nconnection: close\r\ncontent-length: {length}\r\n");
        let form = match headers.contains("content-type") {
            true => "",
            false => "content-type: application/x-www-form-urlencoded\r\naccept: application/json\r\n",
        };
        stream.write_all(format!("{request}{form}{headers}\r\n{body}").as_bytes()).await.ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.ok()?;
        Some(answer)
    }

    pub async fn get(&self, path: &str) -> Option<String> {
        self.request(&format!("GET {path}"), "").await
    }

    /// Signs up; returns the session's cookie.
    pub async fn sign_up(&self) -> String {
        self.sign_up_as("Ada").await
    }

    /// The same for somebody of that name.
    pub async fn sign_up_as(&self, name: &str) -> String {
        let form = format!("email={name}%40example.org&password=Correct-horse-1&name={name}");
        let answer = self.request("POST /rpc/account/sign_up", &form).await.unwrap();
        let (_, cookie) = answer.split_once("taskwire_session=").unwrap();
        format!("taskwire_session={}", cookie.split(';').next().unwrap())
    }

    /// Adds a task; whether the program said that it is kept.
    pub async fn add(&self, cookie: &str, title: &str) -> bool {
        let answer = self.request_as(cookie, "POST /rpc/task/create", &format!("title={title}")).await;
        answer.is_some_and(|answer| answer.starts_with("HTTP/1.1 200"))
    }

    /// A connection to its PostgreSQL, as the one who owns everything.
    pub async fn database(&self) -> sqlx::PgConnection {
        let options = sqlx::postgres::PgConnectOptions::new();
        let options = options.socket(self.dir.join("run")).username("taskwire").database("taskwire");
        sqlx::ConnectOptions::connect(&options).await.unwrap()
    }

    pub fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(i32::try_from(self.child.id().unwrap()).unwrap()), signal).unwrap();
    }

    /// Waits for its end and its last words.
    pub async fn wait(&mut self) -> ExitStatus {
        let end = async { (self.child.wait().await.unwrap(), (&mut self.reader).await.unwrap()).0 };
        tokio::time::timeout(Duration::from_secs(60), end).await.unwrap()
    }

    /// The PostgreSQL that serves the data folder, if one does.
    pub fn postgres(&self) -> Option<Pid> {
        postgres_of(&self.dir)
    }
}

/// A failed test shows what the program said.
impl Drop for Program {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{}", self.log());
        }
    }
}

/// The PostgreSQL that serves the data folder, if one does.
pub fn postgres_of(dir: &Path) -> Option<Pid> {
    let pid = taskwire::postgres::server_of(&dir.canonicalize().ok()?.join("postgres"))?;
    Some(Pid::from_raw(i32::try_from(pid).unwrap()))
}
