//! What pages read: from the document that the server made, and from calls afterwards.

use leptos::{
    prelude::Resource,
    serde_json,
    server::codee::{Decoder, Encoder},
};
use serde::{Serialize, de::DeserializeOwned};
use std::future::Future;

/// What the server said when it made the document, and what it says when it is asked again.
pub type Remote<T> = Resource<T, Json>;

/// Asks `question` whenever what `about` says changes.
pub fn remote<S, T, F>(
    about: impl Fn() -> S + Send + Sync + 'static,
    question: impl Fn(S) -> F + Send + Sync + 'static,
) -> Remote<T>
where
    S: PartialEq + Clone + Send + Sync + 'static,
    T: Serialize + DeserializeOwned + Send + Sync + 'static,
    F: Future<Output = T> + Send + 'static,
{
    Remote::new_with_options(about, question, false)
}

/// JSON, read as the answers of server functions are. Leptos' own codec reads texts where those read bytes, so the
/// browser would download the readers of all types twice.
#[derive(Debug)]
pub struct Json;

impl<T: Serialize> Encoder<T> for Json {
    type Error = serde_json::Error;
    type Encoded = String;

    fn encode(value: &T) -> Result<String, serde_json::Error> {
        serde_json::to_string(value)
    }
}

impl<T: DeserializeOwned> Decoder<T> for Json {
    type Error = serde_json::Error;
    type Encoded = str;

    fn decode(text: &str) -> Result<T, serde_json::Error> {
        serde_json::from_slice(text.as_bytes())
    }
}
