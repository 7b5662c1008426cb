//! Enums whose values are words on the wire and in the database.

/// A word that none of the values has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("unknown word")]
pub struct UnknownWord;

/// Gives an enum its words, in both directions.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
        pub enum $name { $($(#[$vdoc])* #[serde(rename = $word)] $variant),+ }

        impl $name {
            /// Every value, in the order people see them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word on the wire and in the database.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::words::UnknownWord;

            fn from_str(word: &str) -> Result<Self, Self::Err> {
                match word { $($word => Ok(Self::$variant),)+ _ => Err($crate::words::UnknownWord) }
            }
        }
    };
}

pub(crate) use words;

#[cfg(test)]
mod fuzz {
    use crate::{
        api_token::TokenScope,
        share::Permission,
        task::{Access, BulkAction, FileFormat, Sort, Status},
        team::Role,
    };
    use serde::{Serialize, de::DeserializeOwned};
    use std::{fmt::Debug, fmt::Display, str::FromStr};
    use taskwire_fuzz::{check, text};

    const PIECES: &[&str] = &[
        "pending",
        "completed",
        "complete",
        "reopen",
        "delete",
        "json",
        "csv",
        "updated",
        "newest",
        "oldest",
        "title",
        "view",
        "edit",
        "owner",
        "admin",
        "member",
        "viewer",
        "tasks",
        "teams",
        "dashboard",
        ":read",
        ":write",
        " ",
        "e",
        "ed",
    ];

    fn has_its_words_alone<W>(all: &[W], text: &str)
    where
        W: Copy + PartialEq + Debug + Display + FromStr + Serialize + DeserializeOwned,
    {
        let known = all.iter().copied().find(|word| word.to_string() == text);
        assert_eq!(text.parse().ok(), known);
        assert_eq!(serde_json::from_value(text.into()).ok(), known, "the same in JSON");
        assert!(known.is_none_or(|known| serde_json::to_value(known).unwrap() == text));
    }

    #[test]
    fn a_word_is_read_as_it_is_written_and_nothing_else_is() {
        check!().with_generator(text(PIECES)).for_each(|text| {
            has_its_words_alone(Access::ALL, text);
            has_its_words_alone(BulkAction::ALL, text);
            has_its_words_alone(FileFormat::ALL, text);
            has_its_words_alone(Permission::ALL, text);
            has_its_words_alone(Role::ALL, text);
            has_its_words_alone(Sort::ALL, text);
            has_its_words_alone(Status::ALL, text);
            has_its_words_alone(TokenScope::ALL, text);
        });
    }
}
