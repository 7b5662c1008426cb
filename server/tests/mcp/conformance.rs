//! The official conformance suite, through our own transport and authentication.
//!
//! It wants tools, prompts and resources of its own, its fixtures, that no task manager has. Here they stand in the place of
//! the MCP server; what is between them and the socket is the product's.
#![expect(
    deprecated,
    reason = "the suite tries what revisions with a handshake know of logging, sampling and subscriptions"
)]

use super::{ALL_SCOPES, LEGACY, MODERN, Person};
use crate::support::{App, Setup};
use axum::{extract::Request, http::header};
use rmcp::{
    ErrorData, RoleServer, ServerHandler,
    model::{
        CallToolRequestParams, CallToolResponse, CallToolResult, ClientCapabilities, CompleteRequestParams,
        CompleteResult, CompletionInfo, CreateMessageResult, ElicitResult, ElicitationAction, GetPromptRequestParams,
        GetPromptResponse, GetPromptResult, InputRequiredResult, InputResponses, ListPromptsResult,
        ListResourceTemplatesResult, ListResourcesResult, ListRootsResult, ListToolsResult, LoggingLevel,
        LoggingMessageNotificationParam, PaginatedRequestParams, ProgressNotificationParam, ReadResourceRequestParams,
        ReadResourceResponse, ReadResourceResult, RequestStateCodec, ServerCapabilities, ServerConfig,
        SetLevelRequestParams, SubscribeRequestParams, SubscriptionFilter, UnsubscribeRequestParams,
    },
    service::RequestContext,
};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, from_value, json, to_value};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use std::sync::LazyLock;
use taskwire::{mcp, middleware};
use tokio::net::TcpListener;

static FIXTURES: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(include_str!("conformance/fixtures.json")).unwrap());

/// The one whose name is not told.
const TEMPLATE: (&str, &str) = ("test://template/", "/data");

/// What the suite asks for, as `fixtures.json` describes it.
#[derive(Clone)]
struct Fixtures {
    states: RequestStateCodec,
}

/// The fixture of that name.
fn fixture(kind: &str, name: &str) -> Result<&'static Value, ErrorData> {
    FIXTURES[kind].get(name).ok_or_else(|| ErrorData::invalid_params(format!("There is no {name}."), None))
}

/// What lists say of the fixtures of a kind.
fn listed<T: DeserializeOwned>(kind: &str, describe: impl Fn(&str, &Value) -> Value) -> T {
    let all = FIXTURES[kind].as_object().unwrap().iter();
    let all: Vec<_> = all.map(|(name, fixture)| describe(name, fixture)).collect();
    from_value(json!({ "resultType": "complete", kind: all })).unwrap()
}

/// The result of a fixture, with `{name}` replaced by the argument of that name.
fn result<T: DeserializeOwned>(fixture: &Value, arguments: &[(&str, String)]) -> T {
    let mut result = fixture["result"].clone();
    result["resultType"] = json!("complete");
    let text = arguments.iter().fold(result.to_string(), |text, (name, value)| {
        let value = json!(value).to_string();
        text.replace(&format!("{{{name}}}"), value.trim_matches('"'))
    });
    serde_json::from_str(&text).unwrap()
}

/// The capability that a client needs to answer a request.
fn needed(request: &Value) -> &str {
    request["method"].as_str().unwrap().split('/').next().unwrap()
}

fn declares(context: &RequestContext<RoleServer>, capability: &str) -> bool {
    to_value(context.client_capabilities()).unwrap().get(capability).is_some()
}

/// Whether somebody has answered just what they were asked.
fn answers(request: &Value, response: Option<&Value>) -> bool {
    let Some(response) = response.cloned() else { return false };
    match needed(request) {
        "elicitation" => from_value::<ElicitResult>(response).is_ok_and(|answer| {
            let required = request["params"]["requestedSchema"]["required"].as_array().unwrap();
            let content = answer.content.unwrap_or_default();
            answer.action == ElicitationAction::Accept
                && required.iter().all(|field| content.get(field.as_str().unwrap()).is_some())
        }),
        "sampling" => from_value::<CreateMessageResult>(response).is_ok(),
        _ => from_value::<ListRootsResult>(response).is_ok(),
    }
}

impl Fixtures {
    /// What is still to be asked, if anything is.
    fn question(
        &self,
        fixture: &Value,
        responses: Option<&InputResponses>,
        state: Option<&str>,
        context: &RequestContext<RoleServer>,
    ) -> Result<Option<InputRequiredResult>, ErrorData> {
        let Some(rounds) = fixture["rounds"].as_array() else { return Ok(None) };
        let asked = |round: &Value| -> Map<String, Value> {
            let all = round.as_object().unwrap().iter().filter(|(_, request)| declares(context, needed(request)));
            all.map(|(name, request)| (name.clone(), request.clone())).collect()
        };
        let is_sealed = fixture["sealed"] == true;
        let opened = state.map(|state| self.states.open_json::<usize>(state)).transpose();
        let round = opened.map_err(|error| ErrorData::invalid_params(error.to_string(), None))?;
        let is_known = round.is_some() || !is_sealed;
        let round = round.unwrap_or_default();
        let response = |name: &str| responses.and_then(|responses| responses.get(name));
        let is_answered =
            is_known && asked(&rounds[round]).iter().all(|(name, request)| answers(request, response(name)));
        let next = round + usize::from(is_answered);
        let Some(round) = rounds.get(next) else { return Ok(None) };
        let state = is_sealed.then(|| self.states.seal_json(&next).unwrap());
        Ok(Some(InputRequiredResult::new(Some(from_value(asked(round).into()).unwrap()), state)))
    }
}

/// What a tool tells before it answers.
async fn tell(tool: &Value, context: &RequestContext<RoleServer>) {
    if let Some(token) = context.meta.get_progress_token() {
        for progress in tool["progress"].as_array().into_iter().flatten() {
            let progress = ProgressNotificationParam::new(token.clone(), progress.as_f64().unwrap()).with_total(100.0);
            context.peer.notify_progress(progress).await.unwrap();
        }
    }
    let is_modern = context.protocol_version().is_some_and(|version| version.as_str() >= MODERN);
    if !is_modern || context.meta.log_level().is_some() {
        for line in tool["log"].as_array().into_iter().flatten() {
            let message = LoggingMessageNotificationParam::new(LoggingLevel::Info, line.clone());
            context.peer.notify_logging_message(message).await.unwrap();
        }
    }
}

/// The answers as text.
fn told(responses: Option<InputResponses>) -> [(&'static str, String); 1] {
    [("answers", serde_json::to_string(&responses).unwrap())]
}

impl ServerHandler for Fixtures {
    fn get_info(&self) -> ServerConfig {
        let capabilities = ServerCapabilities::builder()
            .enable_tools()
            .enable_prompts()
            .enable_resources()
            .enable_resources_subscribe()
            .enable_resources_list_changed()
            .enable_completions()
            .enable_logging()
            .build();
        ServerConfig::new(capabilities)
    }

    async fn list_tools(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        let describe = |name: &str, _: &Value| json!({ "name": name, "description": "For the conformance suite.", "inputSchema": { "type": "object" } });
        Ok(listed("tools", describe))
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let tool = fixture("tools", &request.name)?;
        if let Some(capability) = tool["needs"].as_str()
            && !declares(&context, capability)
        {
            let needed: ClientCapabilities = from_value(json!({ capability: {} })).unwrap();
            return Err(ErrorData::missing_required_client_capability(needed));
        }
        tell(tool, &context).await;
        let (responses, state) = (request.input_responses, request.request_state);
        Ok(match self.question(tool, responses.as_ref(), state.as_deref(), &context)? {
            Some(question) => question.into(),
            None => result::<CallToolResult>(tool, &told(responses)).into(),
        })
    }

    async fn list_prompts(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListPromptsResult, ErrorData> {
        Ok(listed("prompts", |name, prompt| {
            let arguments = prompt["arguments"].as_array().into_iter().flatten();
            let arguments: Vec<_> = arguments.map(|name| json!({ "name": name, "required": true })).collect();
            json!({ "name": name, "description": "For the conformance suite.", "arguments": arguments })
        }))
    }

    async fn get_prompt(
        &self,
        request: GetPromptRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<GetPromptResponse, ErrorData> {
        let prompt = fixture("prompts", &request.name)?;
        let (responses, state) = (request.input_responses, request.request_state);
        if let Some(question) = self.question(prompt, responses.as_ref(), state.as_deref(), &context)? {
            return Ok(question.into());
        }
        let arguments = request.arguments.unwrap_or_default();
        let given =
            arguments.iter().map(|(name, value)| (name.as_str(), value.as_str().unwrap_or_default().to_owned()));
        let all: Vec<_> = given.chain(told(responses)).collect();
        Ok(result::<GetPromptResult>(prompt, &all).into())
    }

    async fn list_resources(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListResourcesResult, ErrorData> {
        Ok(listed("resources", |uri, resource| json!({ "uri": uri, "name": uri, "mimeType": resource["mimeType"] })))
    }

    async fn list_resource_templates(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListResourceTemplatesResult, ErrorData> {
        let template = json!({ "uriTemplate": "test://template/{id}/data", "name": "template" });
        Ok(from_value(json!({ "resultType": "complete", "resourceTemplates": [template] })).unwrap())
    }

    async fn read_resource(
        &self,
        request: ReadResourceRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<ReadResourceResponse, ErrorData> {
        let uri = &request.uri;
        let id = uri.strip_prefix(TEMPLATE.0).and_then(|rest| rest.strip_suffix(TEMPLATE.1));
        let contents = match id {
            Some(id) => {
                let text = json!({ "id": id, "templateTest": true, "data": format!("Data for ID: {id}") });
                json!({ "uri": uri, "mimeType": "application/json", "text": text.to_string() })
            }
            None => {
                let known = FIXTURES["resources"].get(uri).cloned();
                known.ok_or_else(|| {
                    ErrorData::resource_not_found("There is no such resource.", Some(json!({ "uri": uri })))
                })?
            }
        };
        let contents = json!({ "resultType": "complete", "contents": [contents] });
        Ok(from_value::<ReadResourceResult>(contents).unwrap().into())
    }

    async fn complete(
        &self,
        _: CompleteRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<CompleteResult, ErrorData> {
        Ok(CompleteResult::new(CompletionInfo::with_all_values(vec!["paris".into(), "park".into()]).unwrap()))
    }

    async fn set_level(&self, _: SetLevelRequestParams, _: RequestContext<RoleServer>) -> Result<(), ErrorData> {
        Ok(())
    }

    async fn subscribe(&self, _: SubscribeRequestParams, _: RequestContext<RoleServer>) -> Result<(), ErrorData> {
        Ok(())
    }

    async fn unsubscribe(&self, _: UnsubscribeRequestParams, _: RequestContext<RoleServer>) -> Result<(), ErrorData> {
        Ok(())
    }

    fn accepted_subscription_filter(&self, requested: &SubscriptionFilter) -> Option<SubscriptionFilter> {
        Some(requested.supported_by(&self.get_info().capabilities))
    }
}

/// Where the fixtures are served, to whoever comes. The suite has no way to bear a token, so that it is given one.
async fn served(db: PgConnectOptions) -> String {
    let app = App::on(db).await;
    let agent = Person::sign_up(&app, "Ada").await.agent(&app, ALL_SCOPES).await;
    let bearer = agent.browser.sent("authorization");
    let fixtures = Fixtures { states: RequestStateCodec::try_new([7; 32]).unwrap() };
    let routes = mcp::router(fixtures, app.backend.clone(), &mcp::Reach::default()).with_state(app.server);
    let routes = middleware::wrap(routes, app.backend, Setup::default().limits);
    let routes = routes.layer(axum::middleware::map_request(move |mut request: Request| {
        request.headers_mut().insert(header::AUTHORIZATION, bearer.parse().unwrap());
        std::future::ready(request)
    }));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/mcp", listener.local_addr().unwrap());
    tokio::spawn(async { axum::serve(listener, routes).await });
    url
}

/// Lets the suite try one revision, and returns how many of its checks passed.
async fn passed(db: PgConnectOptions, revision: &str, more: &[&str]) -> u32 {
    let url = served(db).await;
    let results = tempfile::tempdir().unwrap();
    let mut suite = super::clients::node("@modelcontextprotocol/conformance/dist/index.js");
    suite.args(["server", "--url", &url, "--requirements", revision, "-o"]).arg(results.path()).args(more);
    let output = suite.output().await.unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    let total = said.lines().rev().find_map(|line| line.trim().strip_prefix("Total: "));
    let total = total.unwrap_or_else(|| panic!("{said}"));
    total.split(' ').next().unwrap().parse().unwrap()
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn the_suite_of_the_newest_revision_passes(_: PgPoolOptions, db: PgConnectOptions) {
    assert!(passed(db, MODERN, &[]).await > 100);
}

#[sqlx::test(migrator = "taskwire_backend::MIGRATOR")]
async fn the_suite_of_the_revision_with_a_handshake_passes(_: PgPoolOptions, db: PgConnectOptions) {
    let baseline = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/mcp/conformance/expected-failures.yml");
    assert!(passed(db, LEGACY, &["--expected-failures", baseline]).await > 30);
}
