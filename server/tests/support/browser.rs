//! A browser: it keeps cookies, and asks either as a page without JavaScript or as the wasm client does.

use axum::{
    Router,
    body::{Body, Bytes, to_bytes},
    extract::ConnectInfo,
    http::{HeaderMap, HeaderName, Method, Request, StatusCode, header},
    response::Response,
};
use std::{
    collections::BTreeMap,
    net::{IpAddr, SocketAddr},
};
use tower::ServiceExt;
use url::form_urlencoded;

#[derive(Clone)]
pub struct Browser {
    router: Router,
    pub cookies: BTreeMap<String, String>,
    headers: Vec<(HeaderName, String)>,
    address: Option<SocketAddr>,
}

#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Answer {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub fn header(&self, name: impl AsRef<str>) -> &str {
        self.headers.get(name.as_ref()).map(|value| value.to_str().unwrap()).unwrap_or_default()
    }
}

impl Browser {
    pub fn new(router: Router) -> Self {
        Self { router, cookies: BTreeMap::new(), headers: vec![], address: None }
    }

    /// The same browser, sending one more header.
    pub fn with(&self, name: &'static str, value: &str) -> Self {
        let mut other = self.clone();
        other.headers.push((HeaderName::from_static(name), value.to_owned()));
        other
    }

    /// The same browser, not sending this header.
    pub fn without(&self, name: &str) -> Self {
        let mut other = self.clone();
        other.headers.retain(|(other, _)| other != name);
        other
    }

    /// The same browser, on a connection from an address.
    pub fn from(&self, address: &str) -> Self {
        Self { address: Some((address.parse::<IpAddr>().unwrap(), 4711).into()), ..self.clone() }
    }

    /// Asks for a page.
    pub async fn page(&mut self, path: &str) -> Answer {
        self.send(Method::GET, path, "text/html,application/xhtml+xml", Body::empty()).await
    }

    /// Calls a reading server function, or anything else that answers JSON.
    pub async fn read(&mut self, path: &str) -> Answer {
        self.send(Method::GET, path, "application/json", Body::empty()).await
    }

    /// Calls a writing server function as the wasm client does.
    pub async fn call(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        self.send(Method::POST, path, "application/json", form(fields)).await
    }

    /// Submits a form without JavaScript.
    pub async fn submit(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        self.send(Method::POST, path, "text/html,application/xhtml+xml", form(fields)).await
    }

    fn request(&self, method: Method, path: &str, accept: &str, body: Body) -> Request<Body> {
        let cookies = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ");
        let mut request = Request::builder().method(&method).uri(path);
        if self.headers.iter().all(|(name, _)| name != header::ACCEPT) {
            request = request.header(header::ACCEPT, accept);
        }
        if self.headers.iter().all(|(name, _)| name != header::HOST) {
            request = request.header(header::HOST, "tasks.test");
        }
        if method == Method::POST && self.headers.iter().all(|(name, _)| name != header::CONTENT_TYPE) {
            request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        }
        if !cookies.is_empty() {
            request = request.header(header::COOKIE, cookies);
        }
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        if let Some(address) = self.address {
            request = request.extension(ConnectInfo(address));
        }
        request.body(body).unwrap()
    }

    pub async fn send(&mut self, method: Method, path: &str, accept: &str, body: Body) -> Answer {
        let request = self.request(method, path, accept, body);
        let (head, body) = self.router.clone().oneshot(request).await.unwrap().into_parts();
        for cookie in head.headers.get_all(header::SET_COOKIE) {
            let (name, value) = cookie.to_str().unwrap().split(';').next().unwrap().split_once('=').unwrap();
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
        Answer { status: head.status, headers: head.headers, body: to_bytes(body, usize::MAX).await.unwrap() }
    }

    /// An answer whose body is to be read piece by piece.
    pub async fn begin_with(&self, method: Method, path: &str, body: Body) -> Response {
        self.router.clone().oneshot(self.request(method, path, "*/*", body)).await.unwrap()
    }

    /// What it sends in a header.
    pub fn sent(&self, name: &str) -> String {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone()).unwrap_or_default()
    }

    /// The body of an answer, to be read piece by piece.
    pub async fn begin(&self, path: &str) -> Body {
        let request = self.request(Method::GET, path, "*/*", Body::empty());
        self.router.clone().oneshot(request).await.unwrap().into_body()
    }

    /// Signs up, which signs in.
    pub async fn sign_up(&mut self, email: &str) {
        let fields = [("email", email), ("password", "Correct-horse-1"), ("name", "Ada")];
        let answer = self.call("/rpc/account/sign_up", &fields).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    }

    /// The session's token.
    pub fn token(&self) -> &str {
        self.cookies.get("taskwire_session").unwrap()
    }
}

fn form(fields: &[(&str, &str)]) -> Body {
    Body::from(form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish())
}
