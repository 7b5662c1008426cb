//! Teams and who is in them (requirements S1, S2).

use crate::{FieldError, Result, TeamId, UserId, account::Whom, error::Checks, text, words::words};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// Characters of a team's name at most.
pub const TEAM_NAME_MAX: usize = 100;
/// Characters of a team's description at most.
pub const TEAM_DESCRIPTION_MAX: usize = 1000;
/// People in a team at most, those invited included.
pub const TEAM_PEOPLE_MAX: i64 = 500;
/// Teams that one person owns before they can make no more.
pub const TEAMS_OWNED_MAX: i64 = 100;

words!(
    /// What a member is in a team; [`crate::rights`] says what that allows.
    Role {
        /// The one whom the team belongs to.
        Owner = "owner",
        /// Runs the team together with the owner.
        Admin = "admin",
        /// Works in it.
        Member = "member",
        /// Sees it.
        Viewer = "viewer",
    }
);

/// A team as one of its members sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Team {
    /// The team's id.
    pub id: TeamId,
    /// One line, 1 to [`TEAM_NAME_MAX`] characters; no two teams have the same, whatever the case.
    pub name: String,
    /// Up to [`TEAM_DESCRIPTION_MAX`] characters, may be empty.
    pub description: String,
    /// What the viewer is in it.
    pub role: Role,
    /// How many people are in it.
    pub members: i64,
    /// Counts up by one with each change of name or description; what a writer read is told by it.
    pub version: i32,
    /// Creation.
    pub created_at: DateTime<Utc>,
}

/// Somebody in a team.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// Who.
    pub user_id: UserId,
    /// Their name.
    pub name: String,
    /// Their address.
    pub email: String,
    /// What they are in the team.
    pub role: Role,
    /// Since when.
    pub created_at: DateTime<Utc>,
    /// Whether this is the viewer.
    pub is_viewer: bool,
}

/// An address that joins a team when somebody signs up with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invitation {
    /// The address.
    pub email: String,
    /// What they will be in the team.
    pub role: Role,
    /// When they were invited.
    pub created_at: DateTime<Utc>,
}

/// A team with everybody in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TeamPeople {
    /// The team.
    pub team: Team,
    /// Its members: the owner first, then by role and name.
    pub members: Vec<Member>,
    /// Who was invited, by address. Empty for whoever may not invite.
    pub invitations: Vec<Invitation>,
}

/// What adding an address to a team, or sharing with one, came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Added {
    /// The person has an account: it holds at once.
    Now,
    /// Nobody has signed up with the address yet: it holds when somebody does.
    Invited,
}

/// A checked name and description, of a new team or for an old one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TeamTexts {
    /// Trimmed name.
    pub name: String,
    /// Trimmed description, may be empty.
    pub description: String,
}

impl TeamTexts {
    /// Checks a form; the error names every field that breaks a rule.
    pub fn parse(name: &str, description: &str) -> Result<Self> {
        let mut checks = Checks::default();
        match (checks.take(self::name(name)), checks.take(self::description(description))) {
            (Some(name), Some(description)) => Ok(Self { name, description }),
            _ => Err(checks.into_error()),
        }
    }
}

fn name(text: &str) -> Result<String, FieldError> {
    text::single_line("name", "The name", text, 1, TEAM_NAME_MAX)
}

fn description(text: &str) -> Result<String, FieldError> {
    text::multi_line("description", "The description", text, TEAM_DESCRIPTION_MAX)
}

/// What to change about a team; what is absent stays as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TeamChange {
    /// One line.
    pub name: Option<String>,
    /// May have several lines.
    pub description: Option<String>,
}

impl TeamChange {
    /// Checks a form; the error names every field that breaks a rule.
    pub fn parse(name: Option<&str>, description: Option<&str>) -> Result<Self> {
        let mut checks = Checks::default();
        let (name, description) =
            (checks.take_some(name.map(self::name)), checks.take_some(description.map(self::description)));
        checks.unless_any(Self { name, description })
    }

    /// Whether the team is like this already.
    pub fn is_met_by(&self, team: &Team) -> bool {
        self.name.as_ref().is_none_or(|name| *name == team.name)
            && self.description.as_ref().is_none_or(|description| *description == team.description)
    }
}

impl From<TeamTexts> for TeamChange {
    fn from(TeamTexts { name, description }: TeamTexts) -> Self {
        Self { name: Some(name), description: Some(description) }
    }
}

/// Somebody to be added to a team.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewMember {
    /// By address or account.
    pub whom: Whom,
    /// What they are to be.
    pub role: Role,
}

impl NewMember {
    /// Checks a form; the error names every field that breaks a rule.
    pub fn parse(email: &str, role: &str) -> Result<Self> {
        Self::of(Whom::parse(Some(email), None), role)
    }

    /// The same for somebody who may be named otherwise.
    pub fn of(whom: Result<Whom, FieldError>, role: &str) -> Result<Self> {
        let mut checks = Checks::default();
        match (checks.take(whom), checks.take(Role::parse_given(role))) {
            (Some(whom), Some(role)) => Ok(Self { whom, role }),
            _ => Err(checks.into_error()),
        }
    }
}

impl Role {
    /// A role that can be given: any but the owner's, which is transferred.
    pub fn parse_given(word: &str) -> Result<Self, FieldError> {
        match word.parse() {
            Ok(Self::Owner) => {
                Err(FieldError::new("role", "A team has one owner. To change who that is, transfer the team."))
            }
            Ok(role) => Ok(role),
            Err(_) => Err(FieldError::new("role", "A role is admin, member or viewer.")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_member_names_every_broken_field() {
        let error = NewMember::parse("nobody", "king").unwrap_err();
        assert!(error.about("email").is_some());
        assert_eq!(error.about("role"), Some("A role is admin, member or viewer."));
        assert!(NewMember::parse("ada@example.org", "owner").unwrap_err().about("role").is_some());
        assert_eq!(NewMember::parse(" Ada@Example.org", "viewer").unwrap().role, Role::Viewer);
    }

    #[test]
    fn a_teams_texts_are_checked_together() {
        let error = TeamTexts::parse(" ", &"x".repeat(1001)).unwrap_err();
        assert!(error.about("name").is_some() && error.about("description").is_some());
        assert_eq!(TeamTexts::parse(" Crew ", "").unwrap().name, "Crew");
    }
}

#[cfg(test)]
mod fuzz {
    use super::*;
    use taskwire_fuzz::{check, text};

    #[test]
    fn a_teams_texts_are_alike_for_a_new_one_and_for_an_old_one() {
        const PIECES: &[&str] = &["Crew", " ", "\n", "\0", "0123456789", "🚀"];
        check!().with_generator((text(PIECES), text(PIECES))).for_each(|(name, description)| {
            let texts = TeamTexts::parse(name, description);
            let change = TeamChange::parse(Some(name), Some(description));
            assert_eq!(texts.clone().map(TeamChange::from), change);
            match texts {
                Ok(texts) => {
                    assert!((1..=TEAM_NAME_MAX).contains(&texts.name.chars().count()));
                    assert!(texts.description.chars().count() <= TEAM_DESCRIPTION_MAX);
                    assert_eq!(TeamTexts::parse(&texts.name, &texts.description), Ok(texts));
                }
                Err(error) => {
                    assert_eq!(error.about("name").is_some(), super::name(name).is_err());
                    assert_eq!(error.about("description").is_some(), super::description(description).is_err());
                }
            }
        });
    }

    #[test]
    fn a_new_member_is_refused_for_each_field_that_is_and_no_other() {
        let fields = (text(&["ada", "@example.org", " "]), text(&["owner", "admin", "member", "viewer", "king"]));
        check!().with_generator(fields).for_each(|(email, role)| {
            let whom = Whom::parse(Some(email), None);
            match NewMember::parse(email, role) {
                Ok(member) => {
                    assert_ne!(member.role, Role::Owner);
                    assert_eq!((Ok(member.whom), member.role.as_str()), (whom, role.as_str()));
                }
                Err(error) => {
                    assert_eq!(error.about("email").is_some(), whom.is_err());
                    let is_given = role.parse().is_ok_and(|role: Role| role != Role::Owner);
                    assert_eq!(error.about("role").is_some(), !is_given);
                }
            }
        });
    }
}
