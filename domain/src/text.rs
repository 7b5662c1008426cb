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
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_passes_as_a_line_keeps_every_rule_and_passes_again(text in any::<String>()) {
            if let Ok(line) = single_line("f", "F", &text, 1, 20) {
                prop_assert!((1..=20).contains(&line.chars().count()));
                prop_assert!(!line.chars().any(char::is_control));
                prop_assert_eq!(line.trim(), &line);
                prop_assert_eq!(single_line("f", "F", &line, 1, 20), Ok(line.clone()));
            }
        }

        #[test]
        fn what_passes_as_a_text_passes_again(text in "[a-z \r\n\t\u{0}\u{7f}]{0,40}") {
            if let Ok(kept) = multi_line("f", "F", &text, 30) {
                prop_assert!(!kept.contains('\r'));
                prop_assert_eq!(multi_line("f", "F", &kept, 30), Ok(kept.clone()));
            }
        }
    }

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
