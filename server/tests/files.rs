//! The compiled files and the assets.

use super::support::{App, Setup};
use axum::http::StatusCode;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use std::fs;

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn hashed_files_come_compressed_and_are_kept_for_ever(_: PgPoolOptions, db: PgConnectOptions) {
    let site = tempfile::tempdir().unwrap();
    fs::create_dir(site.path().join("pkg")).unwrap();
    for (name, content) in [("a.1f.js", "plain"), ("a.1f.js.br", "brotli"), ("a.1f.js.gz", "gzip")] {
        fs::write(site.path().join("pkg").join(name), content).unwrap();
    }
    fs::write(site.path().join("hash.txt"), "js: 1f\nwasm: 2f\ncss: 3f\n").unwrap();
    fs::write(site.path().join("favicon.svg"), "<svg/>").unwrap();
    let app = App::with(db, Setup { site: site.path(), ..Setup::default() }).await;
    let mut browser = app.browser();

    for (accepts, encoding, content) in
        [("gzip, br", "br", "brotli"), ("gzip", "gzip", "gzip"), ("identity", "", "plain")]
    {
        let answer = browser.with("accept-encoding", accepts).page("/pkg/a.1f.js").await;
        assert_eq!((answer.status, answer.header("content-encoding")), (StatusCode::OK, encoding));
        assert_eq!(answer.text(), content);
        assert_eq!(answer.header("cache-control"), "public, max-age=31536000, immutable");
        assert_eq!(answer.header("content-type"), "text/javascript");
        assert_eq!(answer.header("vary"), "accept-encoding");
    }
    let icon = browser.page("/favicon.svg").await;
    assert_eq!(icon.header("cache-control"), "public, max-age=3600");
    assert_eq!(icon.header("content-type"), "image/svg+xml");
    assert_eq!(browser.page("/pkg/").await.status, StatusCode::NOT_FOUND);
    assert_eq!(browser.page("/pkg/../../Cargo.toml").await.status, StatusCode::NOT_FOUND);
    assert_eq!(browser.page("/%2e%2e/Cargo.toml").await.status, StatusCode::NOT_FOUND);
}
