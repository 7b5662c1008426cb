//! Numbers as people read them.

/// With a comma between thousands, such as "1,234,567".
pub fn count(n: i64) -> String {
    let digits = n.unsigned_abs().to_string();
    let mut text = String::from(if n < 0 { "-" } else { "" });
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A percentage with at most one decimal, such as "33.3 %" or "50 %".
pub fn percent(rate: f64) -> String {
    format!("{rate} %")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_set_apart() {
        let said: Vec<_> = [0, 999, 1000, 1_234_567, -1000].map(count).into();
        assert_eq!(said, ["0", "999", "1,000", "1,234,567", "-1,000"]);
    }

    #[test]
    fn a_whole_percentage_has_no_decimal() {
        assert_eq!((percent(50.0), percent(33.3)), ("50 %".to_owned(), "33.3 %".to_owned()));
    }
}
