//! Typed ids: one cannot be passed where another is meant.

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};
use uuid::Uuid;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident($inner:ty)) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub $inner);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = <$inner as FromStr>::Err;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }

        impl From<$inner> for $name {
            fn from(inner: $inner) -> Self {
                Self(inner)
            }
        }
    };
}

id!(/** A person's account; UUIDv7. */ UserId(Uuid));
id!(/** One sign-in on one device; UUIDv7, the token's `sid` claim. */ SessionId(Uuid));
id!(/** A personal API token; UUIDv7. */ TokenId(Uuid));
id!(/** A call of a tool; UUIDv7. */ ToolCallId(Uuid));
id!(/** A team; UUIDv7. */ TeamId(Uuid));
id!(/** A task; a positive 64-bit integer. */ TaskId(i64));

#[cfg(test)]
mod fuzz {
    use super::*;
    use taskwire_fuzz::{check, text};

    #[test]
    fn an_id_is_read_back_as_it_is_written() {
        check!().with_type().for_each(|(uuid, number): &(u128, i64)| {
            let (team, task) = (TeamId(Uuid::from_u128(*uuid)), TaskId(*number));
            assert_eq!(team.to_string().parse(), Ok(team));
            assert_eq!(task.to_string().parse(), Ok(task));
            assert_eq!(serde_json::from_str::<TaskId>(&task.to_string()).unwrap(), task);
        });
    }

    #[test]
    fn every_spelling_of_an_id_has_one_way_to_be_written() {
        const PIECES: &[&str] = &[
            "0199a4d0-0000-7000-8000-000000000001",
            "0199A4D000007000",
            "8000",
            "{",
            "}",
            "urn:uuid:",
            "-",
            "+",
            "9",
            "0",
        ];
        check!().with_generator(text(PIECES)).for_each(|text| {
            let said = serde_json::from_value::<TeamId>(text.as_str().into()).ok();
            assert_eq!(text.parse().ok(), said, "the same in a path and in a body");
            if let Some(id) = said {
                let written = id.to_string();
                assert!(written.len() == 36 && !written.contains(char::is_uppercase), "{written}");
                assert_eq!(written.parse(), Ok(id));
            }
            if let Ok(id) = text.parse::<TaskId>() {
                assert_eq!(
                    id.to_string().trim_start_matches('-'),
                    match text.trim_start_matches(['+', '-', '0']) {
                        "" => "0",
                        digits => digits,
                    }
                );
            }
        });
    }
}
