//! Every operation of the document is refused as the document says: to nobody, to a token with other scopes, for what is
//! not there and for what cannot be. That strangers are refused, that what is allowed works and what contradicts is a
//! conflict is tried for every operation by the bench of isolation (`server::isolation`).

use super::Program;
use crate::support::{App, browser::Answer};
use axum::http::{Method, StatusCode};
use serde_json::{Value, json};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use std::collections::BTreeSet;
use taskwire_domain::api_token::TokenScope;

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
            _ => "01900000-0000-7000-8000-000000000001".to_owned(),
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

    async fn send(&self, program: &Program, path: &str, body: &Value) -> Answer {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let answer = program.send(self.method.clone(), path, body).await;
        let status = answer.status.as_u16().to_string();
        let documented = &self.it["responses"][&status];
        assert!(!documented.is_null(), "{} came to {status}, which is not documented: {}", self.name(), answer.text());
        answer
    }
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn every_operation_is_refused_as_the_document_says(_: PgPoolOptions, db: PgConnectOptions) {
    let app = App::on(db).await;
    let (nobody, ada) = (Program::new(&app), Program::signed_in(&app, "ada@example.org").await);
    let mut tried = BTreeSet::new();
    for operation in Operation::all() {
        let (path, body, name) = (operation.at(None), operation.body(), operation.name());
        if !operation.is_for_nobody() {
            let answer = operation.send(&nobody, &path, &body).await;
            assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{name} by nobody");
            tried.insert("nobody");

            let covers = |scope: &TokenScope| {
                let wanted = operation.scopes().into_iter().flatten();
                wanted.map(|wanted| wanted.parse().unwrap()).any(|wanted| scope.covers(wanted))
            };
            let others: Vec<_> =
                TokenScope::ALL.iter().filter(|scope| !covers(scope)).map(|scope| scope.as_str()).collect();
            let (robot, made) = ada.robot(&app, &others).await;
            let answer = operation.send(&robot, &path, &body).await;
            match operation.scopes() {
                Some(scopes) if scopes.is_empty() => assert!(answer.status.is_success(), "{name} takes any token"),
                Some(scopes) => {
                    assert_eq!(answer.status, StatusCode::FORBIDDEN, "{name} with {others:?}");
                    assert!(answer.header("www-authenticate").contains(&*scopes[0]), "{name} names the scope");
                    tried.insert("other scopes");
                }
                None => {
                    assert_eq!(answer.status, StatusCode::FORBIDDEN, "{name} is for people");
                    tried.insert("any token");
                }
            }
            let revoked = ada.delete(&format!("/api/auth/tokens/{}", made["id"].as_str().unwrap())).await;
            assert_eq!(revoked.status, StatusCode::NO_CONTENT);
        }
        if !operation.parameters("query").is_empty() {
            let answer = operation.send(&ada, &format!("{path}?nonsense=1"), &body).await;
            assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{name} with a parameter that is not there");
            assert_eq!(answer.json()["fields"][0]["field"], "nonsense");
            tried.insert("parameter");
        }
        if let Value::Object(mut fields) = body.clone() {
            fields.insert("nonsense".to_owned(), json!(1));
            let answer = operation.send(&ada, &path, &Value::Object(fields)).await;
            assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{name} with a field that is not there");
            assert_eq!(answer.json()["fields"][0]["field"], "nonsense");
            tried.insert("field");
        }
        if !body.is_null() {
            let answer = operation.send(&ada, &path, &body).await;
            assert!(
                ![400, 415, 422].contains(&answer.status.as_u16()),
                "{name} with its own example: {}",
                answer.text()
            );
            tried.insert("example");
        }
        if !operation.it["responses"]["404"].is_null() && path != operation.path.replace("{user_id}", "me") {
            let answer = operation.send(&ada, &path, &body).await;
            assert_eq!(answer.status, StatusCode::NOT_FOUND, "{name} of nothing: {}", answer.text());
            tried.insert("nothing");
            let answer = operation.send(&ada, &operation.at(Some("nonsense")), &body).await;
            assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{name} of an id that is none");
            tried.insert("no id");
        }
    }
    let all = ["any token", "example", "field", "no id", "nobody", "nothing", "other scopes", "parameter"];
    assert_eq!(tried.into_iter().collect::<Vec<_>>(), all);
}
