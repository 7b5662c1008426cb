//! Rules for text that people type.

use crate::FieldError;

/// One line: trimmed, `min..=max` characters (Unicode scalar values), no control characters.
pub fn single_line(field: &str, label: &str, text: &str, min: usize, max: usize) -> Result<String, FieldError> {
    let text = text.trim();
    let fail = |message: String| Err(FieldError::new(field, message));
    if text.chars().any(char::is_control) {
        return fail(format!("{label} must be one line without control characters."));
    }
    match text.chars().count() {
        0 if min > 0 => fail(format!("{label} must not be empty.")),
        count if count < min => fail(format!("{label} must have at least {min} characters.")),
        count if count > max => fail(format!("{label} must have at most {max} characters (now {count}).")),
        _ => Ok(text.to_owned()),
    }
}

/// Several lines: trimmed, at most `max` characters; line ends become `\n`, tabs may stay, other
/// control characters are refused.
pub fn multi_line(field: &str, label: &str, text: &str, max: usize) -> Result<String, FieldError> {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let text = text.trim();
    if text.chars().any(|c| c.is_control() && c != '\n' && c != '\t') {
        return Err(FieldError::new(field, format!("{label} must not contain control characters.")));
    }
    match text.chars().count() {
        count if count > max => {
            Err(FieldError::new(field, format!("{label} must have at most {max} characters (now {count}).")))
        }
        _ => Ok(text.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_count_not_bytes() {
        assert!(single_line("f", "F", &"ä".repeat(200), 1, 200).is_ok());
        let error = single_line("f", "F", &"ä".repeat(201), 1, 200);
        assert_eq!(error, Err(FieldError::new("f", "F must have at most 200 characters (now 201).")));
    }

    #[test]
    fn a_line_break_inside_a_line_is_refused_and_around_it_trimmed() {
        assert_eq!(single_line("f", "F", "\n ok \r\n", 1, 9), Ok("ok".to_owned()));
        assert!(single_line("f", "F", "a\nb", 1, 9).is_err());
        assert!(single_line("f", "F", "a\0b", 1, 9).is_err());
    }
}

#[cfg(test)]
mod fuzz {
    use super::*;
    use taskwire_fuzz::{check, text};

    const PIECES: &[&str] =
        &["a", "ä", " ", "\u{a0}", "\u{2028}", "\u{85}", "\t", "\n", "\r", "\r\n", "\0", "e\u{301}"];

    #[test]
    fn a_line_is_the_trimmed_text_or_breaks_a_rule() {
        check!().with_generator(text(PIECES)).for_each(|text| {
            let trimmed = text.trim();
            let keeps_the_rules = (2..=12).contains(&trimmed.chars().count()) && !trimmed.contains(char::is_control);
            match single_line("field", "The text", text, 2, 12) {
                Ok(line) => assert!(keeps_the_rules && line == trimmed, "{line:?}"),
                Err(error) => assert!(
                    !keeps_the_rules && error.field == "field" && error.message.starts_with("The text must"),
                    "{error:?}"
                ),
            }
        });
    }

    #[test]
    fn lines_are_the_text_with_one_kind_of_line_end_or_break_a_rule() {
        check!().with_generator(text(PIECES)).for_each(|text| {
            let lines: Vec<_> = text.split("\r\n").flat_map(|part| part.split(['\r', '\n'])).collect();
            let wanted = lines.join("\n");
            let wanted = wanted.trim();
            let is_control = |c: char| c.is_control() && c != '\n' && c != '\t';
            let keeps_the_rules = wanted.chars().count() <= 20 && !wanted.contains(is_control);
            match multi_line("field", "The text", text, 20) {
                Ok(kept) => assert!(keeps_the_rules && kept == wanted, "{kept:?}"),
                Err(error) => assert!(
                    !keeps_the_rules && error.field == "field" && error.message.starts_with("The text must"),
                    "{error:?}"
                ),
            }
        });
    }
}
