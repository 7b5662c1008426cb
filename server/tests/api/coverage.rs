//! Every operation of the document is refused as the document says: to nobody, to a token with other scopes, for what is
//! not there and for what cannot be. Each status that the document names must have come up.

use super::Program;
use crate::{
    isolation::{
        doors::Outcome,
        table::{REST, REST_FOR_NOBODY},
    },
    support::{App, browser::Answer},
};
use axum::{
    body::Body,
    http::{Method, StatusCode},
};
use futures::stream;
use serde_json::{Value, json};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use std::{
    collections::{BTreeMap, BTreeSet},
    io,
};
use taskwire_domain::api_token::TokenScope;

const NO_UUID: &str = "01900000-0000-7000-8000-000000000001";

/// An operation as the document has it.
struct Operation {
    method: Method,
    path: String,
    it: Value,
    schemas: Value,
}

impl Operation {
    fn all() -> Vec<Self> {
        let document = serde_json::to_value(taskwire::api::document()).unwrap();
        let schemas = document["components"]["schemas"].clone();
        let paths = document["paths"].as_object().unwrap().clone();
        let each = paths.into_iter().flat_map(|(path, item)| {
            let (item, schemas) = (item.as_object().unwrap().clone(), schemas.clone());
            item.into_iter().map(move |(method, it)| Self {
                method: method.to_uppercase().parse().unwrap(),
                path: path.clone(),
                it,
                schemas: schemas.clone(),
            })
        });
        each.collect()
    }

    fn name(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    /// The scopes of which an API token must have one, where one will do; nothing for what is for people alone.
    fn scopes(&self) -> Option<Vec<String>> {
        let security = self.it["security"].as_array().unwrap();
        let token = security.iter().find_map(|one| one.get("token"))?;
        Some(token.as_array().unwrap().iter().map(|scope| scope.as_str().unwrap().to_owned()).collect())
    }

    fn is_for_nobody(&self) -> bool {
        self.it["security"].as_array().unwrap().iter().all(|one| one.as_object().unwrap().is_empty())
    }

    fn parameters(&self, place: &str) -> Vec<&Value> {
        self.it["parameters"].as_array().into_iter().flatten().filter(|one| one["in"] == place).collect()
    }

    /// The path with ids of nothing, or with `word` in the place of ids.
    fn at(&self, word: Option<&str>) -> String {
        let own = self.path.starts_with("/api/{user_id}/");
        let missing = |parameter: &Value| match parameter["schema"]["type"].as_str() {
            Some("integer") => "9000000".to_owned(),
            _ if parameter["name"] == "email" => "nobody@example.org".to_owned(),
            _ => NO_UUID.to_owned(),
        };
        self.parameters("path").into_iter().fold(self.path.clone(), |path, parameter| {
            let name = parameter["name"].as_str().unwrap();
            let value = if own && name == "user_id" { "me".to_owned() } else { missing(parameter) };
            path.replace(&format!("{{{name}}}"), word.filter(|_| name == "id").unwrap_or(&value))
        })
    }

    /// The document's example of a body, or nothing where it takes none.
    fn body(&self) -> Value {
        let schema = &self.it["requestBody"]["content"]["application/json"]["schema"];
        let example = |schema: &Value| {
            let name = schema["$ref"].as_str().unwrap().rsplit('/').next().unwrap();
            self.schemas[name]["example"].clone()
        };
        match schema {
            Value::Null => Value::Null,
            list if list["type"] == "array" => json!([example(&list["items"])]),
            one => example(one),
        }
    }

    fn takes_header(&self, name: &str) -> bool {
        self.parameters("header").iter().any(|parameter| parameter["name"] == name)
    }

    fn is_documented(&self, status: u16) -> bool {
        !self.it["responses"][status.to_string()].is_null()
    }
}

/// A body that breaks off, because its sender has gone.
fn half_sent() -> Body {
    Body::from_stream(stream::iter([Ok("{ \"half\""), Err(io::Error::other("gone"))]))
}

/// What was tried, and what came of it.
#[derive(Default)]
struct Tried(BTreeMap<String, BTreeSet<u16>>);

impl Tried {
    /// Tries an operation, and expects it to come to this.
    async fn expect(
        &mut self,
        wanted: u16,
        program: &Program,
        operation: &Operation,
        path: &str,
        body: &Value,
    ) -> Answer {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        self.send(Some(wanted), program, operation, path, body).await
    }

    async fn send(
        &mut self,
        wanted: Option<u16>,
        program: &Program,
        operation: &Operation,
        path: &str,
        body: impl Into<Body>,
    ) -> Answer {
        let name = operation.name();
        let answer = program.send(operation.method.clone(), path, body).await;
        let status = answer.status.as_u16();
        assert!(operation.is_documented(status), "{name} came to {status}, which is not documented: {}", answer.text());
        assert_eq!(wanted.unwrap_or(status), status, "{name} at {path}: {}", answer.text());
        self.0.entry(name).or_default().insert(status);
        answer
    }
}

/// Who asks for what of all that there is.
struct Coverage {
    nobody: Program,
    ada: Program,
    tried: Tried,
}

impl Coverage {
    /// By nobody, and by a program whose token is for something else.
    async fn strangers(&mut self, app: &App, operation: &Operation) {
        let (path, body, name) = (operation.at(None), operation.body(), operation.name());
        self.tried.expect(401, &self.nobody, operation, &path, &body).await;
        let covers = |scope: &TokenScope| {
            let wanted = operation.scopes().into_iter().flatten();
            wanted.map(|wanted| wanted.parse().unwrap()).any(|wanted| scope.covers(wanted))
        };
        let others: Vec<_> =
            TokenScope::ALL.iter().filter(|scope| !covers(scope)).map(|scope| scope.as_str()).collect();
        let (robot, made) = self.ada.robot(app, &others).await;
        match operation.scopes() {
            Some(scopes) if scopes.is_empty() => {
                self.tried.expect(200, &robot, operation, &path, &body).await;
            }
            Some(scopes) => {
                let answer = self.tried.expect(403, &robot, operation, &path, &body).await;
                assert!(answer.header("www-authenticate").contains(&*scopes[0]), "{name} names the scope");
            }
            None => {
                self.tried.expect(403, &robot, operation, &path, &body).await;
            }
        }
        let revoked = self.ada.delete(&format!("/api/auth/tokens/{}", made["id"].as_str().unwrap())).await;
        assert_eq!(revoked.status, StatusCode::NO_CONTENT);
    }

    /// With bodies that cannot be, and with the document's own example.
    async fn bodies(&mut self, operation: &Operation) {
        let (path, body, ada) = (operation.at(None), operation.body(), &self.ada);
        let tried = &mut self.tried;
        tried.send(Some(400), ada, operation, &path, half_sent()).await;
        // What stands in a file, also that it is none, is for the operation to judge.
        let unreadable = if body.is_object() { 400 } else { 422 };
        tried.send(Some(unreadable), ada, operation, &path, "nonsense").await;
        tried.send(Some(413), ada, operation, &path, " ".repeat(5 * 1024 * 1024)).await;
        let plain = Program(ada.0.without("content-type").with("content-type", "text/plain"));
        tried.expect(415, &plain, operation, &path, &body).await;
        if let Value::Object(fields) = &body {
            let with = |name: &str, value: Value| {
                let mut fields = fields.clone();
                fields.insert(name.to_owned(), value);
                Value::Object(fields)
            };
            let answer = tried.expect(422, ada, operation, &path, &with("nonsense", json!(1))).await;
            assert_eq!(answer.json()["fields"][0]["field"], "nonsense");
            if operation.it["operationId"] == "sign_in" {
                tried.expect(401, ada, operation, &path, &with("password", json!("Wrong-horse-1"))).await;
            }
            if operation.it["operationId"] == "task_create" {
                tried.expect(404, ada, operation, &path, &with("team_id", json!(NO_UUID))).await;
            }
            if operation.it["operationId"] == "tool_call_undo" {
                tried.expect(404, ada, operation, &path, &json!({ "id": NO_UUID })).await;
            }
        } else {
            tried.expect(422, ada, operation, &path, &json!([{}])).await;
        }
        let answer = tried.send(None, ada, operation, &path, body.to_string()).await;
        assert!(![400, 422].contains(&answer.status.as_u16()), "{} with its own example", operation.name());
    }

    /// Of what is there, with the version that it has, or with one that it does not have.
    async fn versions(&mut self, operation: &Operation, task: &Value, team: &Value) {
        let id = if operation.path.contains("/tasks/") { task } else { team };
        let path = operation.path.replace("{user_id}", "me").replace("{id}", id.to_string().trim_matches('"'));
        let (body, ada) = (operation.body(), &self.ada);
        if operation.takes_header("If-None-Match") {
            let seen = self.tried.expect(200, ada, operation, &path, &body).await;
            let again = ada.with("if-none-match", seen.header("etag"));
            let known = self.tried.expect(304, &again, operation, &path, &body).await;
            assert_eq!((known.header("etag"), known.body.len()), (seen.header("etag"), 0), "{path}");
        }
        if operation.takes_header("If-Match") {
            self.tried.expect(412, &ada.with("if-match", "\"another\""), operation, &path, &body).await;
        }
    }

    /// As many tokens as there may be, and one more.
    async fn too_many_tokens(&mut self, operation: &Operation) {
        let (path, body) = (operation.at(None), operation.body());
        let has = self.ada.get(&path).await.json().as_array().unwrap().len();
        for _ in has..50 {
            self.tried.expect(201, &self.ada, operation, &path, &body).await;
        }
        self.tried.expect(409, &self.ada, operation, &path, &body).await;
    }

    /// With a parameter that is not there, for a thing that is not there, and for what cannot be one.
    async fn parameters(&mut self, operation: &Operation) {
        let (path, body, ada) = (operation.at(None), operation.body(), &self.ada);
        let tried = &mut self.tried;
        let query = operation.parameters("query");
        if !query.is_empty() {
            let answer = tried.expect(422, ada, operation, &format!("{path}?nonsense=1"), &body).await;
            assert_eq!(answer.json()["fields"][0]["field"], "nonsense");
        }
        if operation.is_documented(404) && query.iter().any(|parameter| parameter["name"] == "team_id") {
            tried.expect(404, ada, operation, &format!("{path}?team_id={NO_UUID}"), &body).await;
        }
        if path != operation.path.replace("{user_id}", "me") {
            tried.expect(404, ada, operation, &path, &body).await;
            tried.expect(422, ada, operation, &operation.at(Some("nonsense")), &body).await;
        }
    }
}

/// What is the same for every operation: too slow or too much (`server::limits`), and no database (`server::lost_database`).
const FOR_ALL: [u16; 3] = [408, 429, 503];

/// What comes to 412 without a condition on the version: when others step between two statements, each time anew. No test
/// can make that happen.
const BY_CHANCE: [&str; 3] =
    ["DELETE /api/tasks/{id}/share/{user_id}", "POST /api/{user_id}/tasks", "POST /api/{user_id}/tasks/bulk"];

/// What comes to a conflict with oneself: two files at once (`api::files`).
const ONE_AT_A_TIME: &str = "POST /api/{user_id}/tasks/import";

/// What the benches of isolation try of an operation: what works, and what is a conflict. It works for whoever is nobody
/// in the stories beside this.
fn is_tried_elsewhere(name: &str, status: u16) -> bool {
    let comes_to = |outcome| REST.iter().any(|row| row.path == name && row.outcomes.contains(&outcome));
    match status {
        200 | 201 | 204 => comes_to(Outcome::Done) || REST_FOR_NOBODY.contains(&name),
        409 => comes_to(Outcome::Conflict) || name == ONE_AT_A_TIME,
        412 => BY_CHANCE.contains(&name),
        other => FOR_ALL.contains(&other),
    }
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn every_operation_is_refused_as_the_document_says(_: PgPoolOptions, db: PgConnectOptions) {
    let app = App::on(db).await;
    let (nobody, ada) = (Program::new(&app), Program::signed_in(&app, "ada@example.org").await);
    let task = ada.task("Here").await["id"].clone();
    let team = ada.post("/api/teams", &json!({ "name": "Here" })).await.json()["id"].clone();
    // Somebody else is in it, so that nobody ends their account by the document's example.
    Program::signed_in(&app, "bob@example.org").await;
    let bob = json!({ "email": "bob@example.org", "role": "viewer" });
    let members = format!("/api/teams/{}/members", team.as_str().unwrap());
    assert_eq!(ada.post(&members, &bob).await.status, StatusCode::CREATED);
    let mut coverage = Coverage { nobody, ada, tried: Tried::default() };
    let operations = Operation::all();
    for operation in &operations {
        if !operation.is_for_nobody() {
            coverage.strangers(&app, operation).await;
        }
        if !operation.body().is_null() {
            coverage.bodies(operation).await;
        }
        coverage.parameters(operation).await;
        coverage.versions(operation, &task, &team).await;
    }
    let create_token = operations.iter().find(|operation| operation.it["operationId"] == "token_create").unwrap();
    coverage.too_many_tokens(create_token).await;
    for operation in operations {
        let name = operation.name();
        let tried = coverage.tried.0.remove(&name).unwrap_or_default();
        let documented =
            operation.it["responses"].as_object().unwrap().keys().map(|status| status.parse::<u16>().unwrap());
        let mut missing: Vec<_> =
            documented.filter(|status| !tried.contains(status) && !is_tried_elsewhere(&name, *status)).collect();
        // What takes any token refuses none, and what takes nothing finds nothing wrong.
        let takes_nothing = ["path", "query"].iter().all(|place| operation.parameters(place).is_empty())
            && operation.it["requestBody"].is_null();
        let takes_any_token = operation.scopes().is_some_and(|scopes| scopes.is_empty());
        missing.retain(|status| !(*status == 422 && takes_nothing || *status == 403 && takes_any_token));
        assert_eq!(missing, [0_u16; 0], "{name} is documented to come to these, and never did");
    }
}
