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

/// A part of a whole in per cent, such as "0.13 %"; of nothing it is none.
pub fn share(part: i64, whole: i64) -> String {
    let rate = part as f64 * 100.0 / whole.max(1) as f64;
    match rate {
        0.0 => "0 %".to_owned(),
        rate if rate < 0.01 => "< 0.01 %".to_owned(),
        rate => percent((rate * 100.0).round() / 100.0),
    }
}

/// A time as exactly as anybody reads it, such as "0.42 ms", "17 ms" or "1.2 s".
pub fn milliseconds(ms: f64) -> String {
    match ms {
        ..0.1 => format!("{ms:.3} ms"),
        ..1.0 => format!("{ms:.2} ms"),
        ..10.0 => format!("{ms:.1} ms"),
        ..1000.0 => format!("{ms:.0} ms"),
        _ => format!("{:.1} s", ms / 1000.0),
    }
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
    fn a_share_is_never_more_exact_than_it_is_read() {
        let said: Vec<_> =
            [(0, 0), (0, 9), (1, 3), (1, 2), (1, 1_000_000)].map(|(part, whole)| share(part, whole)).into();
        assert_eq!(said, ["0 %", "0 %", "33.33 %", "50 %", "< 0.01 %"]);
    }

    #[test]
    fn a_time_has_two_digits_or_three() {
        let said: Vec<_> = [0.0, 0.042, 0.42, 4.2, 42.4, 420.0, 4200.0].map(milliseconds).into();
        assert_eq!(said, ["0.000 ms", "0.042 ms", "0.42 ms", "4.2 ms", "42 ms", "420 ms", "4.2 s"]);
    }

    #[test]
    fn a_whole_percentage_has_no_decimal() {
        assert_eq!((percent(50.0), percent(33.3)), ("50 %".to_owned(), "33.3 %".to_owned()));
    }
}
