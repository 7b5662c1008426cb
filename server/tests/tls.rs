//! HTTPS by certificates of one's own (O7, I5), with a real client.

use super::support::{
    eventually,
    program::{Program, data_dir},
    tls::{self, Authority, Certified},
};
use axum::{
    body::Bytes,
    http::{Method, Request, Response, StatusCode, header},
};
use h2::{RecvStream, client::SendRequest};
use std::{fs, os::unix::fs::symlink, path::Path};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tokio_rustls::rustls::pki_types::CertificateDer;

/// The program with the certificate that lies in `dir/live`, and more settings.
fn start(dir: &Path, more: &[(&str, &str)]) -> Program {
    let [certificate, key] = ["cert.pem", "key.pem"].map(|name| dir.join("live").join(name));
    let files = [("TASKWIRE_TLS_CERT", certificate.to_str().unwrap()), ("TASKWIRE_TLS_KEY", key.to_str().unwrap())];
    Program::start(&dir.join("data"), &[&files, more].concat())
}

async fn serve(dir: &Path, more: &[(&str, &str)]) -> Program {
    let program = start(dir, more);
    program.healthy().await;
    program
}

/// A connection that speaks HTTP/2, and the certificate that the program showed on it.
async fn connect(program: &Program, dir: &Path) -> (SendRequest<Bytes>, CertificateDer<'static>) {
    let client = tls::client(&dir.join("authority.pem"), &["h2", "http/1.1"]).unwrap();
    let stream = tls::connect(&client, &program.address().unwrap()).await.unwrap();
    let (_, session) = stream.get_ref();
    assert_eq!(session.alpn_protocol(), Some(&b"h2"[..]));
    let shown = session.peer_certificates().unwrap().first().unwrap().clone().into_owned();
    let (requests, connection) = h2::client::handshake(stream).await.unwrap();
    tokio::spawn(connection);
    (requests, shown)
}

async fn ask(requests: &SendRequest<Bytes>, request: Request<()>) -> Response<RecvStream> {
    let (answer, _) = requests.clone().ready().await.unwrap().send_request(request, true).unwrap();
    answer.await.unwrap()
}

fn get(path: &str) -> Request<()> {
    Request::get(format!("https://localhost{path}")).body(()).unwrap()
}

#[tokio::test]
async fn both_versions_of_http_are_spoken_and_cookies_stay_on_https() {
    let dir = data_dir();
    let authority = Authority::new();
    let certified = authority.certify();
    certified.write(&dir.path().join("live"));
    fs::write(dir.path().join("authority.pem"), &certified.certificate).unwrap();
    let program = serve(dir.path(), &[]).await;
    assert!(program.log().contains("Taskwire is at https://127.0.0.1:"), "{}", program.log());

    let form = "email=ada%40example.org&password=Correct-horse-1&name=Ada";
    let answer = program.request("POST /rpc/account/sign_up", form).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(answer.contains("strict-transport-security: max-age="), "{answer}");
    let cookie = answer.lines().find(|line| line.starts_with("set-cookie: taskwire_session=")).unwrap();
    assert!(["Secure", "HttpOnly", "SameSite=Lax"].iter().all(|word| cookie.contains(word)), "{cookie}");

    let (requests, _) = connect(&program, dir.path()).await;
    let session = cookie["set-cookie: ".len()..].split(';').next().unwrap();
    let post = |origin: &str| {
        let request = Request::builder().method(Method::POST).uri("https://localhost/rpc/account/sign_out");
        let request = request.header(header::ORIGIN, origin).header(header::COOKIE, session);
        request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded").body(()).unwrap()
    };
    let page = ask(&requests, get("/sign-in")).await;
    assert_eq!(page.status(), StatusCode::OK);
    assert!(page.headers().contains_key(header::STRICT_TRANSPORT_SECURITY));
    assert_eq!(ask(&requests, post("https://other.example")).await.status(), StatusCode::FORBIDDEN);
    assert_eq!(ask(&requests, post("https://localhost")).await.status(), StatusCode::OK);

    let log = program.log();
    let secret = certified.key.lines().nth(1).unwrap();
    assert!(!log.contains(secret) && !log.contains(session), "{log}");
}

#[tokio::test]
async fn another_certificate_is_taken_up_while_old_connections_go_on() {
    let dir = data_dir();
    let path = |name: &str| dir.path().join(name);
    let authority = Authority::new();
    let [first, second, third] = [(); 3].map(|()| authority.certify());
    first.write(&path("1"));
    symlink(path("1"), path("live")).unwrap();
    fs::write(path("authority.pem"), &first.certificate).unwrap();
    let program = serve(dir.path(), &[]).await;
    let (old, shown) = connect(&program, dir.path()).await;
    assert_eq!(shown, first.der());
    let taken_up = async |certified: &Certified| {
        eventually("another certificate", async || {
            let (requests, shown) = connect(&program, dir.path()).await;
            assert_eq!(ask(&requests, get("/health")).await.status(), StatusCode::OK, "at every moment");
            (shown == certified.der()).then_some(())
        })
        .await;
    };

    second.write(&path("2"));
    symlink(path("2"), path("next")).unwrap();
    fs::rename(path("next"), path("live")).unwrap();
    taken_up(&second).await;

    for (broken, complaint) in [
        (Certified { certificate: "nothing".into(), key: second.key.clone() }, "there is no PEM certificate"),
        (Certified { certificate: third.certificate.clone(), key: second.key.clone() }, "does not go with"),
    ] {
        broken.write(&path("2"));
        eventually("a complaint", async || program.log().contains(complaint).then_some(())).await;
        taken_up(&second).await;
    }
    fs::remove_file(path("2").join("key.pem")).unwrap();
    eventually("a complaint", async || program.log().contains("TASKWIRE_TLS_KEY: cannot read").then_some(())).await;
    taken_up(&second).await;

    third.write(&path("2"));
    taken_up(&third).await;
    assert_eq!(ask(&old, get("/health")).await.status(), StatusCode::OK, "the connection from before");
    let log = program.log();
    assert!([&first, &second, &third].iter().all(|it| !log.contains(it.key.lines().nth(1).unwrap())), "{log}");
}

#[tokio::test]
async fn what_is_wrong_with_a_certificate_is_told_at_the_start() {
    let authority = Authority::new();
    let (one, other) = (authority.certify(), authority.certify());
    let expired = authority.certify_with(|params| params.not_after = rcgen::date_time_ymd(2020, 1, 1));
    let empty = Certified { certificate: String::new(), key: one.key.clone() };
    let keyless = Certified { certificate: one.certificate.clone(), key: String::new() };
    let mixed = Certified { certificate: one.certificate.clone(), key: other.key.clone() };
    for (certified, complaint) in [
        (None, "TASKWIRE_TLS_CERT: cannot read"),
        (Some(&empty), "TASKWIRE_TLS_CERT: there is no PEM certificate in"),
        (Some(&keyless), "TASKWIRE_TLS_KEY: the key in"),
        (Some(&mixed), "does not go with the certificate in"),
        (Some(&expired), "to Jan  1 00:00:00 2020 +00:00 only"),
    ] {
        let dir = data_dir();
        if let Some(certified) = certified {
            certified.write(&dir.path().join("live"));
        }
        let mut program = start(dir.path(), &[]);
        assert!(!program.wait().await.success(), "{complaint}");
        assert!(program.log().contains(complaint), "{complaint}: {}", program.log());
    }
}

#[tokio::test]
async fn whoever_does_not_finish_the_handshake_is_hung_up_on() {
    let dir = data_dir();
    Authority::new().certify().write(&dir.path().join("live"));
    let program = serve(dir.path(), &[("TASKWIRE_TRANSFER_TIMEOUT", "300ms")]).await;
    for begin in [&b""[..], b"\x16\x03\x01", b"GET /health HTTP/1.1\r\n\r\n"] {
        let mut stream = TcpStream::connect(program.address().unwrap()).await.unwrap();
        stream.write_all(begin).await.unwrap();
        let mut answer = Vec::new();
        // Hung up on or reset: either way it is over.
        let _ = stream.read_to_end(&mut answer).await;
        assert!(!answer.starts_with(b"HTTP"), "nothing is said in clear");
    }
    assert!(program.get("/health").await.unwrap().contains("healthy"));
    assert!(!program.log().contains("connection"), "whoever knocks does not fill the log: {}", program.log());
}
