//! Consent to what cannot simply be taken back (requirement G5).
//!
//! The server asks, and forgets that it did: the question travels sealed to the client and back, bound to the person, the
//! tool, what it is about, and the time. A client that can show a form to its person does so, by the protocol's own request
//! for input; any other gets the question with a confirmation to send along with the same call.

use super::{text, tools::Cx, tools::Stop};
use rmcp::{
    RoleServer,
    model::{
        CallToolResponse, ElicitRequest, ElicitRequestParams, ElicitResult, ElicitationAction, ElicitationSchema,
        InputRequest, InputRequests, InputRequiredResult, InputResponses, ProtocolVersion, RequestStateCodec,
        SealOptions,
    },
    service::RequestContext,
};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;
use sha2::{Digest, Sha256};
use std::time::Duration;

/// How long an answer to a question is taken.
const HOLDS: Duration = Duration::from_secs(300);

/// The name of the one request for input.
const INPUT: &str = "confirm";

/// Bytes of a key.
pub const KEY_BYTES: usize = 32;

/// What questions are sealed with.
#[derive(Clone)]
pub struct Keys {
    /// Today.
    pub current: [u8; KEY_BYTES],
    /// Before; what it has sealed is still taken.
    pub previous: Option<[u8; KEY_BYTES]>,
}

#[derive(Debug, Clone)]
pub(super) struct Seals {
    codec: RequestStateCodec,
    /// How long what is sealed holds.
    for_so_long: Duration,
}

impl Seals {
    pub(super) fn new(keys: &Keys) -> Result<Self, String> {
        // Every instance calls a key the same.
        let name =
            |key: &[u8; KEY_BYTES]| Sha256::digest(key).iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        let all = [Some(keys.current), keys.previous].into_iter().flatten().map(|key| (name(&key), key.to_vec()));
        let all: std::collections::BTreeMap<String, _> = all.collect();
        let codec = RequestStateCodec::new_with_keyring(name(&keys.current), all).map_err(|error| error.to_string())?;
        Ok(Self { codec, for_so_long: HOLDS })
    }

    /// What is known again as having been bound to this.
    fn seal(&self, bound: &[u8]) -> String {
        self.codec.seal_with(b"", &SealOptions::new().ttl(self.for_so_long).associated_data(bound))
    }

    fn holds(&self, sealed: &str, bound: &[u8]) -> bool {
        self.codec.open_with(sealed, bound).is_ok()
    }
}

/// What came with a request of the answers to an earlier question.
pub struct Answer {
    responses: Option<InputResponses>,
    state: Option<String>,
    /// Whether the client can ask its person by the protocol.
    shows_forms: bool,
}

impl Answer {
    pub(super) fn to(
        responses: Option<InputResponses>,
        state: Option<String>,
        context: &RequestContext<RoleServer>,
    ) -> Self {
        let is_modern =
            context.protocol_version().is_some_and(|it| it.as_str() >= ProtocolVersion::V_2026_07_28.as_str());
        let elicitation = context.client_capabilities().and_then(|client| client.elicitation);
        // As a client says it that knows of no other way (2025-06-18): without naming any.
        let forms = elicitation.is_some_and(|it| it.form.is_some() || it.url.is_none());
        Self { responses, state, shows_forms: is_modern && forms }
    }

    fn action(&self) -> Option<ElicitationAction> {
        let response = self.responses.as_ref()?.get(INPUT)?;
        Some(serde_json::from_value::<ElicitResult>(response.clone()).ok()?.action)
    }
}

/// A question to the person.
#[derive(Debug)]
pub struct Question {
    text: String,
    /// Sealed, by which the answer is known.
    state: String,
    as_form: bool,
}

/// What a tool answers that must be confirmed: one of the two.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Confirmable<T> {
    /// What was done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub done: Option<T>,
    /// Nothing was done yet: ask the person, then call again with the same arguments and this confirmation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confirmation_required: Option<ConfirmationRequired>,
}

/// What to ask the person.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ConfirmationRequired {
    /// The question, to be put to the person.
    pub question: String,
    /// To be sent back as `confirmation` once the person has agreed.
    pub confirmation: String,
    /// Seconds for which it holds.
    pub expires_in: u64,
}

impl<T> From<T> for Confirmable<T> {
    fn from(done: T) -> Self {
        Self { done: Some(done), confirmation_required: None }
    }
}

impl Question {
    pub(super) fn response(self) -> CallToolResponse {
        let Self { text, state, as_form } = self;
        if as_form {
            let params = ElicitRequestParams::FormElicitationParams {
                meta: None,
                message: text::visible(&text),
                requested_schema: ElicitationSchema::new(Default::default()),
            };
            let requests =
                InputRequests::from([(INPUT.to_owned(), InputRequest::Elicitation(ElicitRequest::new(params)))]);
            return InputRequiredResult::new(Some(requests), Some(state)).into();
        }
        let required = ConfirmationRequired { question: text, confirmation: state, expires_in: HOLDS.as_secs() };
        text::done(json!(Confirmable::<()> { done: None, confirmation_required: Some(required) }))
    }
}

/// Things that a question names at most.
const NAMED: usize = 5;

/// Things in a question: the first few, and how many more there are.
pub(super) fn listed(things: impl ExactSizeIterator<Item = String>) -> String {
    let more = things.len().saturating_sub(NAMED);
    let named = things.take(NAMED).collect::<Vec<_>>().join(", ");
    if more == 0 { named } else { format!("{named} and {more} more") }
}

impl Cx<'_> {
    /// Goes on if the person has consented to just this, and stops to ask them otherwise. `about` is what their consent is
    /// bound to, besides themselves, the tool and the time.
    ///
    /// # Errors
    /// The question, a refusal if they said no, and one if the confirmation is none, or not of this.
    pub fn confirmed(&self, question: String, confirmation: Option<&str>, about: &impl Serialize) -> Result<(), Stop> {
        let bound = |way: &str| {
            let all = json!([way, self.viewer.user_id, self.tool, about]);
            Sha256::digest(all.to_string()).to_vec()
        };
        let holds = |sealed: &str, way: &str| self.seals.holds(sealed, &bound(way));
        let stale = || {
            let text = "This confirmation is not one for this call, or holds no longer. Call without it to ask again.";
            Stop::Refused(text.to_owned())
        };
        if let (Some(state), Some(action)) = (&self.answer.state, self.answer.action()) {
            return match action {
                _ if !holds(state, "form") => Err(stale()),
                ElicitationAction::Accept => Ok(()),
                _ => Err(Stop::Refused("The person did not agree, so nothing was done.".to_owned())),
            };
        }
        if let Some(confirmation) = confirmation {
            return if holds(confirmation, "text") { Ok(()) } else { Err(stale()) };
        }
        let as_form = self.answer.shows_forms;
        let way = if as_form { "form" } else { "text" };
        let state = self.seals.seal(&bound(way));
        Err(Stop::Ask(Question { text: question, state, as_form }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Instant;

    #[test]
    fn what_is_sealed_holds_for_a_time_and_under_two_keys() {
        let keys = |current, previous| Keys { current: [current; KEY_BYTES], previous };
        let seals = Seals::new(&keys(1, None)).unwrap();
        let sealed = seals.seal(b"this");
        assert!(seals.holds(&sealed, b"this") && !seals.holds(&sealed, b"that"));
        let later = Seals::new(&keys(2, Some([1; KEY_BYTES]))).unwrap();
        assert!(later.holds(&sealed, b"this"), "while keys change");
        assert!(!Seals::new(&keys(2, None)).unwrap().holds(&sealed, b"this"), "and no longer");
        let brief = Seals { for_so_long: Duration::ZERO, ..seals };
        let (sealed, asked) = (brief.seal(b"this"), Instant::now());
        // It is counted in milliseconds, and the last one is still in time.
        while brief.holds(&sealed, b"this") {
            assert!(asked.elapsed() < Duration::from_secs(1), "it holds for ever");
        }
    }
}
