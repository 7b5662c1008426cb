//! Accounts: who a person is and what a sign-up must satisfy.

use crate::{FieldError, Result, UserId, error::Checks, text};
use chrono::{DateTime, Utc};
use email_address::EmailAddress;
use serde::{Deserialize, Serialize};

/// Characters of a name at most.
pub const NAME_MAX: usize = 100;
/// Characters of an email address at most (RFC 5321, section 4.5.3.1.3).
pub const EMAIL_MAX: usize = 254;
/// Characters of a password at least.
pub const PASSWORD_MIN: usize = 8;
/// Characters of a password at most; bounds the work of hashing it.
pub const PASSWORD_MAX: usize = 128;

/// A person's account as they see it themselves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// The account's id.
    pub id: UserId,
    /// Normalised address.
    pub email: String,
    /// What others see.
    pub name: String,
    /// IANA name of the zone that "today" is reckoned in; `None` follows the browser.
    pub time_zone: Option<String>,
    /// When the person signed up.
    pub created_at: DateTime<Utc>,
    /// Whether they may see how the server performs.
    pub administrator: bool,
}

/// Somebody whom others know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// Who.
    pub user_id: UserId,
    /// Their name.
    pub name: String,
    /// Their address.
    pub email: String,
}

/// Somebody as others name them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Whom {
    /// By an address, which perhaps nobody has signed up with.
    Email(Email),
    /// By an account.
    User(UserId),
}

impl Whom {
    /// One of the two.
    pub fn parse(email: Option<&str>, user_id: Option<UserId>) -> Result<Self, FieldError> {
        match (email, user_id) {
            (Some(email), None) => Email::parse(email).map(Self::Email),
            (None, Some(id)) => Ok(Self::User(id)),
            _ => Err(FieldError::new("email", "Name one person, by their email or by their user_id.")),
        }
    }
}

/// A normalised email address: trimmed and in lower case, so that two spellings are one account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Email(String);

impl Email {
    /// Checks the form of an address (RFC 5321 without display name) and normalises it.
    pub fn parse(text: &str) -> Result<Self, FieldError> {
        let text = text.trim().to_lowercase();
        let fits = text.chars().count() <= EMAIL_MAX && !text.chars().any(char::is_control);
        if fits && EmailAddress::is_valid(&text) && !text.contains(['<', '>', '"', ' ']) {
            Ok(Self(text))
        } else {
            Err(FieldError::new("email", "This is not an email address, such as ada@example.org."))
        }
    }

    /// The address.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A password that satisfies the rules. Does not print.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(String);

impl Password {
    /// `PASSWORD_MIN..=PASSWORD_MAX` characters with an upper-case letter, a lower-case letter and a digit.
    pub fn parse(text: &str) -> Result<Self, FieldError> {
        Self::parse_field("password", text)
    }

    /// The same for a form that calls it by another name.
    pub fn parse_field(field: &str, text: &str) -> Result<Self, FieldError> {
        let has = |kind: fn(char) -> bool| text.chars().any(kind);
        let complaint = match text.chars().count() {
            count if count < PASSWORD_MIN => Some("A password needs at least 8 characters."),
            count if count > PASSWORD_MAX => Some("A password has at most 128 characters."),
            _ if !has(char::is_uppercase) => Some("A password needs an upper-case letter."),
            _ if !has(char::is_lowercase) => Some("A password needs a lower-case letter."),
            _ if !has(|c| c.is_ascii_digit()) => Some("A password needs a digit."),
            _ => None,
        };
        match complaint {
            Some(message) => Err(FieldError::new(field, message)),
            None => Ok(Self(text.to_owned())),
        }
    }

    /// The password itself, for hashing.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Password {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Password(…)")
    }
}

/// A checked name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name(String);

impl Name {
    /// One line, 1 to [`NAME_MAX`] characters.
    pub fn parse(text: &str) -> Result<Self, FieldError> {
        text::single_line("name", "The name", text, 1, NAME_MAX).map(Self)
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A checked sign-up.
#[derive(Debug, Clone)]
pub struct NewAccount {
    /// Normalised address.
    pub email: Email,
    /// Checked password.
    pub password: Password,
    /// Trimmed name.
    pub name: Name,
}

impl NewAccount {
    /// Checks a sign-up form; the error names every field that breaks a rule.
    pub fn parse(email: &str, password: &str, name: &str) -> Result<Self> {
        let mut checks = Checks::default();
        let name = checks.take(Name::parse(name));
        let email = checks.take(Email::parse(email));
        let password = checks.take(Password::parse(password));
        match (email, password, name) {
            (Some(email), Some(password), Some(name)) => Ok(Self { email, password, name }),
            _ => Err(checks.into_error()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_spellings_of_an_address_are_one() {
        assert_eq!(Email::parse(" Ada@Example.ORG "), Email::parse("ada@example.org"));
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for text in ["", "ada", "ada@", "@example.org", "a b@example.org", "Ada <ada@example.org>", "a\0@b.org"] {
            assert!(Email::parse(text).is_err(), "{text:?}");
        }
        assert!(Email::parse(&format!("{}@example.org", "a".repeat(300))).is_err());
    }

    #[test]
    fn each_password_rule_has_its_own_answer() {
        let complaint = |text: &str| Password::parse(text).err().map(|e| e.message);
        assert_eq!(complaint("Passw0rd"), None);
        assert_eq!(complaint("Pass0rd").as_deref(), Some("A password needs at least 8 characters."));
        assert_eq!(complaint(&"Aa1".repeat(43)).as_deref(), Some("A password has at most 128 characters."));
        assert_eq!(complaint("passw0rd").as_deref(), Some("A password needs an upper-case letter."));
        assert_eq!(complaint("PASSW0RD").as_deref(), Some("A password needs a lower-case letter."));
        assert_eq!(complaint("Password").as_deref(), Some("A password needs a digit."));
    }

    #[test]
    fn a_sign_up_names_every_broken_field() {
        let error = NewAccount::parse("nobody", "short", " ").map(|_| ()).unwrap_err();
        for field in ["email", "password", "name"] {
            assert!(error.about(field).is_some(), "{field}");
        }
    }

    #[test]
    fn a_password_does_not_print() {
        let account = NewAccount::parse("ada@example.org", "Secret123", "Ada").unwrap();
        assert!(!format!("{account:?}").contains("Secret123"));
    }
}

#[cfg(test)]
mod fuzz {
    use super::*;
    use taskwire_fuzz::{check, text};

    const ADDRESS: &[&str] = &[
        "ada",
        "@",
        "@example.org",
        ".",
        "org",
        "EXAMPLE",
        "İ",
        "ß",
        " ",
        "\u{a0}",
        "\u{3000}",
        "\"",
        "<",
        ">",
        "+",
        "(",
        "[",
        "127.0.0.1",
        "xn--",
        "-",
        ",",
        ";",
        ":",
        "\\",
        "\0",
    ];

    #[test]
    fn an_address_is_one_word_in_its_only_spelling() {
        check!().with_generator(text(ADDRESS)).for_each(|text| match Email::parse(text) {
            Ok(email) => {
                let (user, host) = email.as_str().rsplit_once('@').unwrap();
                assert!(!user.is_empty() && !host.is_empty());
                assert!(email.as_str().chars().count() <= EMAIL_MAX);
                assert!(!email.as_str().contains(|c: char| c.is_control() || c.is_whitespace()), "{email:?}");
                assert_eq!(email.as_str(), text.trim().to_lowercase());
                assert_eq!(Email::parse(email.as_str()).as_ref(), Ok(&email));
                assert_eq!(Email::parse(&format!(" {}\n", text.to_ascii_uppercase())).as_ref(), Ok(&email));
            }
            Err(error) => assert_eq!(error.field, "email"),
        });
    }

    #[test]
    fn an_ordinary_address_is_taken() {
        let word = || text(&["a", "B", "7", "xyz"]);
        check!().with_generator((word(), word(), word())).for_each(|(user, tag, host)| {
            let plain = |word: &str| (1..=20).contains(&word.len()) && word.chars().all(|c| c.is_ascii_alphanumeric());
            if [user, tag, host].iter().all(|word| plain(word)) {
                let address = format!("{user}.{user}+{tag}@{host}.example");
                assert_eq!(Email::parse(&address).unwrap().as_str(), address.to_ascii_lowercase());
            }
        });
    }

    #[test]
    fn a_password_is_kept_as_it_is_or_breaks_a_rule() {
        const PIECES: &[&str] =
            &["a", "Z", "7", "ä", "Ä", "٣", " ", "correct horse", "0123456789abcdefghijklmnopqrstuvwxyz"];
        check!().with_generator(text(PIECES)).for_each(|text| {
            let keeps_the_rules = (PASSWORD_MIN..=PASSWORD_MAX).contains(&text.chars().count())
                && text.contains(char::is_uppercase)
                && text.contains(char::is_lowercase)
                && text.contains(|c: char| c.is_ascii_digit());
            match Password::parse_field("new_password", text) {
                Ok(password) => assert!(keeps_the_rules && password.expose() == text),
                Err(error) => assert!(!keeps_the_rules && error.field == "new_password", "{error:?}"),
            }
        });
    }

    #[test]
    fn a_sign_up_is_refused_for_each_field_that_is_and_no_other() {
        let fields = (text(ADDRESS), text(&["Passw0rd", "a", ""]), text(&["Ada", " ", "\0"]));
        check!().with_generator(fields).for_each(|(email, password, name)| {
            let refused = [
                ("email", Email::parse(email).is_err()),
                ("password", Password::parse(password).is_err()),
                ("name", Name::parse(name).is_err()),
            ];
            match NewAccount::parse(email, password, name) {
                Ok(new) => {
                    assert!(refused.iter().all(|(_, refused)| !refused));
                    assert_eq!((Ok(new.email), Ok(new.name)), (Email::parse(email), Name::parse(name)));
                }
                Err(error) => {
                    for (field, refused) in refused {
                        assert_eq!(error.about(field).is_some(), refused, "{field}");
                    }
                }
            }
        });
    }
}
