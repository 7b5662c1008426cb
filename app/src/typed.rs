//! What a person typed into a form that a browser without JavaScript sent and the server refused.

use leptos::{prelude::use_context, server_fn::ServerFn};

/// A refused form, in the context of the page that shows it again.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Typed {
    /// The server function that it was sent to.
    pub path: String,
    /// Path and query of the page that it was on.
    pub page: String,
    /// Names and values as they were sent, without passwords.
    pub fields: Vec<(String, String)>,
}

/// What was typed into `field` of the form for `S`, if that form was just refused.
pub fn typed<S: ServerFn>(field: &str) -> Option<String> {
    let typed = use_context::<Typed>()?;
    let (_, value) = typed.fields.into_iter().find(|(name, _)| name == field)?;
    (typed.path == S::PATH).then_some(value)
}
