//! What a server function answers when it cannot do what was asked.

use leptos::{
    prelude::{FromServerFnError, ServerFnErrorErr},
    server_fn::codec::JsonEncoding,
};
use serde::{Deserialize, Serialize};
use taskwire_domain::Error;

/// A refusal by the server, or no understandable answer at all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum RpcError {
    /// The server answered: no.
    #[error(transparent)]
    Refused(#[from] Error),
    /// No answer, or one that is not Taskwire's.
    #[error("Taskwire did not answer. Check your connection and try again.")]
    Unreachable,
}

impl RpcError {
    /// The complaint about one field of a form, if there is one.
    pub fn about(&self, field: &str) -> Option<&str> {
        match self {
            Self::Refused(error) => error.about(field),
            Self::Unreachable => None,
        }
    }

    /// Whether nobody is signed in, or no longer.
    pub fn is_unauthorized(&self) -> bool {
        *self == Self::Refused(Error::Unauthorized)
    }
}

impl FromServerFnError for RpcError {
    type Encoder = JsonEncoding;

    /// The framework's own texts name internals, so none of them is passed on.
    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        match error {
            ServerFnErrorErr::Args(_) | ServerFnErrorErr::MissingArg(_) => {
                Self::Refused(Error::invalid("form", "Something is missing from this request."))
            }
            ServerFnErrorErr::Request(_) | ServerFnErrorErr::Deserialization(_) => Self::Unreachable,
            _ => Self::Refused(Error::Internal),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_survives_the_wire() {
        for error in [RpcError::Refused(Error::invalid("title", "Too long.")), RpcError::Unreachable] {
            assert_eq!(RpcError::de(error.ser()), error);
        }
    }

    #[test]
    fn an_answer_that_is_not_ours_counts_as_none() {
        assert_eq!(RpcError::de("<h1>502 Bad Gateway</h1>".into()), RpcError::Unreachable);
    }
}

#[cfg(test)]
mod fuzz {
    use super::*;
    use taskwire_domain::FieldError;
    use taskwire_fuzz::{bytes, check, text};

    #[test]
    fn a_refusal_is_read_back_with_every_complaint() {
        const PIECES: &[&str] = &["title", "\"", "\\", "|", "{", "\0", "ä", "%"];
        check!().with_generator((text(PIECES), text(PIECES))).for_each(|(field, message)| {
            let complaints = vec![FieldError::new(field, message.clone()), FieldError::new(message, field.clone())];
            let error = RpcError::Refused(Error::Invalid(complaints));
            assert_eq!(RpcError::de(error.ser()), error);
            assert_eq!(error.about(field), Some(message.as_str()));
        });
    }

    #[test]
    fn whatever_answers_is_a_refusal_of_ours_or_none() {
        const PIECES: &[&str] = &[
            "{\"refused\":",
            "\"not_found\"",
            "\"unreachable\"",
            "{\"invalid\":[",
            "{\"field\":\"a\",\"message\":\"b\"}",
            "]",
            "}",
            "<h1>",
            "{\"conflict\":\"a\"}",
            "\"",
            "null",
            "|",
        ];
        check!().with_generator(bytes(PIECES)).for_each(|answer| {
            let error = RpcError::de(answer.clone().into());
            assert_eq!(RpcError::de(error.ser()), error);
            let begins_as_ours =
                answer.trim_ascii_start().starts_with(b"{") || answer.trim_ascii_start().starts_with(b"\"");
            assert!(error == RpcError::Unreachable || begins_as_ours, "{error:?}");
        });
    }
}
