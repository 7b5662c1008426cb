//! What tests are told in: a browser, a server, a folder.

pub mod browser;
pub mod collector;
pub mod program;
pub mod tls;

use sqlx::postgres::PgConnectOptions;
use std::{path::Path, sync::Arc, time::Duration};
use taskwire::{
    backup::schedule::Seen,
    health::Probe,
    mcp,
    middleware::{Limits, client::Proxies, limits::Arrival},
    router::{Parts, Server, router},
    secret::Secrets,
};
use taskwire_agents::mcp::Mcp;
use taskwire_app::CookieSettings;
use taskwire_backend::{Backend, Settings, limit::Limit, performance::Recent};
use tokio_util::sync::CancellationToken;

/// Signs the sessions of every test.
pub const SECRET: &str = "a secret that is only used in tests";

/// The server on one test's database.
pub struct App {
    pub router: axum::Router,
    pub server: Server,
    pub backend: Backend,
    pub stopping: CancellationToken,
}

/// How a test wants the server. A `hash.txt` in the site says that file names are hashed.
pub struct Setup<'a> {
    pub site: &'a Path,
    pub limits: Limits,
    /// Tries to sign in, by address and by account.
    pub sign_ins: (Limit, Limit),
}

impl Default for Setup<'_> {
    fn default() -> Self {
        let second = Duration::from_secs(1);
        Self {
            site: Path::new("no-site"),
            limits: Limits {
                slow: second,
                time: 30 * second,
                body: Arrival { size: 65_536, time: 30 * second },
                file: Arrival { size: 4 * 1024 * 1024, time: 30 * second },
                target: 8192,
                in_flight: 500,
                by_address: Limit(None),
                by_user: Limit(None),
                origins: Arc::default(),
                proxies: Proxies::default(),
                https: false,
            },
            sign_ins: (Limit(None), Limit(None)),
        }
    }
}

impl App {
    pub async fn on(connect: PgConnectOptions) -> Self {
        Self::with(connect, Setup::default()).await
    }

    pub async fn with(connect: PgConnectOptions, setup: Setup<'_>) -> Self {
        let settings = Settings {
            connect,
            max_connections: 4,
            acquire_timeout: Duration::from_secs(3),
            statement_timeout: Duration::from_secs(10),
            slow_statement: Duration::from_secs(1),
            secret: SECRET.into(),
            previous_secret: None,
            session_ttl: Duration::from_secs(3600),
            dashboard_cache: Duration::from_secs(5),
            sign_ins_by_address: setup.sign_ins.0,
            sign_ins_by_account: setup.sign_ins.1,
            recent: Recent::default(),
        };
        let backend = Backend::start(settings).await.unwrap();
        let hashes = setup.site.join("hash.txt");
        let options = leptos::config::LeptosOptions::builder()
            .output_name("taskwire")
            .site_root(setup.site.to_str().unwrap())
            .site_pkg_dir("pkg")
            .hash_files(hashes.is_file())
            .hash_file(hashes.to_str().unwrap().into())
            .build();
        let stopping = CancellationToken::new();
        let cookies = CookieSettings { secure: setup.limits.https };
        let (backend_of_server, probe) = (backend.clone(), Probe::default());
        let secrets = Secrets { current: SECRET.into(), previous: None };
        let mcp = Mcp::new(backend.clone(), &mcp::keys(&secrets).unwrap(), stopping.clone()).unwrap();
        let server = Server::from(Parts {
            backend: backend_of_server,
            options,
            cookies,
            probe,
            backups: Seen::default(),
            metrics: None,
            mcp,
            reach: mcp::Reach { hosts: vec!["tasks.test".into()], origins: vec![] },
            stopping: stopping.clone(),
        });
        Self { router: router(server.clone(), setup.limits), server, backend, stopping }
    }

    pub fn browser(&self) -> browser::Browser {
        browser::Browser::new(self.router.clone())
    }
}

/// Asks again until the answer is there, for at most 30 seconds.
pub async fn eventually<T, F: Future<Output = Option<T>>>(what: &str, mut ask: impl FnMut() -> F) -> T {
    for _ in 0..1200 {
        if let Some(answer) = ask().await {
            return answer;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("waited for 30 seconds in vain: {what}");
}
