//! Light, dark, or as the system says.

use serde::{Deserialize, Serialize};

/// Which colours a person wants on this browser.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Theme {
    /// Follow the system.
    #[default]
    System,
    /// Always light.
    Light,
    /// Always dark.
    Dark,
}

impl Theme {
    /// The word in forms, in the cookie and in the document's `data-theme`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    /// Reads the word; whatever is no theme follows the system.
    pub fn parse(word: &str) -> Self {
        match word {
            "light" => Self::Light,
            "dark" => Self::Dark,
            _ => Self::System,
        }
    }
}

#[cfg(test)]
mod fuzz {
    use super::*;
    use taskwire_fuzz::{check, text};

    #[test]
    fn a_word_is_the_theme_that_has_it_or_that_of_the_system() {
        check!().with_generator(text(&["light", "dark", "system", " "])).for_each(|word| {
            let theme = Theme::parse(word);
            assert!(theme.as_str() == word || theme == Theme::System);
            assert_eq!(Theme::parse(theme.as_str()), theme);
        });
    }
}
