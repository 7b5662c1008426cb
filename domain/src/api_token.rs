//! Personal API tokens: what a program proves itself with in a person's name, and how far it may go (requirement A4).

use crate::{FieldError, Result, TokenId, error::Checks, text, words::words};
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

/// Characters of a name at most.
pub const TOKEN_NAME_MAX: usize = 100;
/// Tokens that one person has at most.
pub const TOKENS_MAX: i64 = 50;

words!(
    /// What a token is good for. Whoever may write may read what they write.
    TokenScope {
        /// See tasks, and whom they are shared with.
        TasksRead = "tasks:read",
        /// Make, change, share and delete tasks.
        TasksWrite = "tasks:write",
        /// See teams and who is in them.
        TeamsRead = "teams:read",
        /// Make, change, leave and delete teams, and say who is in them.
        TeamsWrite = "teams:write",
        /// See the dashboard's numbers.
        DashboardRead = "dashboard:read",
    }
);

impl TokenScope {
    /// Whether it is for changing something.
    pub fn writes(self) -> bool {
        matches!(self, Self::TasksWrite | Self::TeamsWrite)
    }

    /// Whether a token with this scope may do what needs `wanted`.
    pub fn covers(self, wanted: Self) -> bool {
        self == wanted
            || matches!((self, wanted), (Self::TasksWrite, Self::TasksRead) | (Self::TeamsWrite, Self::TeamsRead))
    }
}

/// A token as its owner sees it; the secret is shown once, when it is made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiToken {
    /// The token's id.
    pub id: TokenId,
    /// What its owner calls it.
    pub name: String,
    /// What it is good for, at least one.
    pub scopes: Vec<TokenScope>,
    /// Creation.
    pub created_at: DateTime<Utc>,
    /// Last use, exact to five minutes.
    pub last_used_at: Option<DateTime<Utc>>,
    /// When it ends by itself; `None` for one that lasts until it is revoked.
    pub expires_at: Option<DateTime<Utc>>,
}

/// A checked token to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewApiToken {
    /// One line.
    pub name: String,
    /// At least one, in the order of [`TokenScope::ALL`].
    pub scopes: Vec<TokenScope>,
    /// When it ends by itself.
    pub end: TokenEnd,
}

/// When a new token ends by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenEnd {
    /// It lasts until it is revoked.
    Never,
    /// At this time.
    At(DateTime<Utc>),
    /// So many days after it was made.
    After(u16),
}

impl TokenEnd {
    /// The time at which a token ends that is made at `now`.
    ///
    /// # Errors
    /// A time that has passed.
    pub fn of_one_made(self, now: DateTime<Utc>) -> Result<Option<DateTime<Utc>>, FieldError> {
        let end = match self {
            Self::Never => return Ok(None),
            Self::At(end) => end,
            Self::After(days) => now + TimeDelta::days(days.into()),
        };
        match end > now {
            true => Ok(Some(end)),
            false => Err(FieldError::new("expires_at", "A token ends in the future.")),
        }
    }
}

impl NewApiToken {
    /// Checks a form; the error names every field that breaks a rule.
    pub fn parse(name: &str, scopes: &[TokenScope], end: TokenEnd) -> Result<Self> {
        let mut checks = Checks::default();
        let name = checks.take(text::single_line("name", "The name", name, 1, TOKEN_NAME_MAX));
        if scopes.is_empty() {
            checks.complain("scopes", "Choose what the token may do.");
        }
        let scopes = TokenScope::ALL.iter().copied().filter(|scope| scopes.contains(scope)).collect();
        checks.unless_any(Self { name: name.unwrap_or_default(), scopes, end })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writing_covers_reading_of_the_same_and_nothing_else() {
        use TokenScope::{DashboardRead, TasksRead, TasksWrite, TeamsRead, TeamsWrite};
        let covered = |scope: TokenScope| {
            TokenScope::ALL.iter().copied().filter(|wanted| scope.covers(*wanted)).collect::<Vec<_>>()
        };
        assert_eq!(covered(TasksWrite), [TasksRead, TasksWrite]);
        assert_eq!(covered(TeamsWrite), [TeamsRead, TeamsWrite]);
        for alone in [TasksRead, TeamsRead, DashboardRead] {
            assert_eq!(covered(alone), [alone]);
        }
    }

    #[test]
    fn a_new_token_names_every_broken_field() {
        let error = NewApiToken::parse(" ", &[], TokenEnd::Never).unwrap_err();
        assert!(["name", "scopes"].iter().all(|field| error.about(field).is_some()), "{error}");
        let twice = [TokenScope::TeamsRead, TokenScope::TasksRead, TokenScope::TeamsRead];
        let token = NewApiToken::parse(" Backup ", &twice, TokenEnd::Never).unwrap();
        assert_eq!(
            (token.name.as_str(), &*token.scopes),
            ("Backup", &[TokenScope::TasksRead, TokenScope::TeamsRead][..])
        );
    }

    #[test]
    fn a_token_ends_in_the_future() {
        let now: DateTime<Utc> = "2026-03-04T10:00:00Z".parse().unwrap();
        assert_eq!(TokenEnd::Never.of_one_made(now), Ok(None));
        assert_eq!(TokenEnd::After(30).of_one_made(now), Ok(Some("2026-04-03T10:00:00Z".parse().unwrap())));
        for gone in [TokenEnd::At(now), TokenEnd::After(0)] {
            assert_eq!(gone.of_one_made(now).unwrap_err().field, "expires_at");
        }
    }
}

#[cfg(test)]
mod fuzz {
    use super::*;
    use taskwire_fuzz::{check, produce, text};

    #[test]
    fn a_new_token_has_each_scope_once_and_in_order() {
        let name = text(&["Backup", " ", "\n", "0123456789"]);
        check!().with_generator((name, produce::<Vec<u8>>())).for_each(|(name, scopes)| {
            let all = TokenScope::ALL;
            let chosen: Vec<_> = scopes.iter().map(|at| all[usize::from(*at) % all.len()]).collect();
            match NewApiToken::parse(name, &chosen, TokenEnd::Never) {
                Ok(token) => {
                    assert!((1..=TOKEN_NAME_MAX).contains(&token.name.chars().count()) && token.name == name.trim());
                    assert!(chosen.iter().all(|scope| token.scopes.contains(scope)) && !chosen.is_empty());
                    let place = |scope: &TokenScope| all.iter().position(|one| one == scope);
                    assert!(token.scopes.windows(2).all(|two| place(&two[0]) < place(&two[1])), "{token:?}");
                    assert!(token.scopes.iter().all(|scope| chosen.contains(scope)));
                }
                Err(error) => {
                    let name = text::single_line("name", "The name", name, 1, TOKEN_NAME_MAX);
                    assert_eq!(error.about("name").is_some(), name.is_err());
                    assert_eq!(error.about("scopes").is_some(), chosen.is_empty());
                }
            }
        });
    }

    #[test]
    fn a_token_ends_after_it_was_made() {
        let times = produce::<(u32, Option<i64>, u16)>();
        check!().with_generator(times).for_each(|(now, end, days)| {
            let now = DateTime::from_timestamp(i64::from(*now), 0).unwrap();
            let end =
                end.map_or(Some(TokenEnd::After(*days)), |end| DateTime::from_timestamp(end, 0).map(TokenEnd::At));
            let Some(end) = end else { return };
            match end.of_one_made(now) {
                Ok(found) => assert!(found.is_some_and(|found| found > now)),
                Err(error) => {
                    assert_eq!(error.field, "expires_at");
                    assert!(matches!(end, TokenEnd::After(0)) || matches!(end, TokenEnd::At(end) if end <= now));
                }
            }
        });
    }
}
