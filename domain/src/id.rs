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
id!(/** A team; UUIDv7. */ TeamId(Uuid));
id!(/** A task; a positive 64-bit integer. */ TaskId(i64));
