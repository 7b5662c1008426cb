//! Where to go after signing in: a path of this site, whatever a link may claim.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// Where people land without a wish of their own.
pub const HOME: &str = "/dashboard";

/// What stays readable in a query; everything else is percent-encoded.
const QUERY: &AsciiSet = &NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// `next` if it is a path of this site, the dashboard otherwise.
///
/// Refuses what a browser reads as another host (`//host`, `/\host`, also with a tab or a line break
/// between, which browsers drop) and whatever could not stand in a `Location` header.
pub fn local_or_home(next: &str) -> &str {
    let bytes = next.as_bytes();
    let printable = bytes.iter().all(|byte| (0x21..=0x7e).contains(byte));
    let local = next.starts_with('/') && !next.starts_with("//") && !next.contains('\\');
    if printable && local && bytes.len() <= 2000 { next } else { HOME }
}

/// The sign-in page that leads back to `path`.
pub fn sign_in(path: &str) -> String {
    format!("/sign-in?next={}", encode(path))
}

/// A text as a value in a query.
pub fn encode(text: &str) -> String {
    utf8_percent_encode(text, QUERY).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_of_this_site_is_kept() {
        for path in ["/", "/tasks", "/tasks?status=pending&q=a%20b", "/tasks/5#confirm"] {
            assert_eq!(local_or_home(path), path);
        }
    }

    #[test]
    fn what_leads_elsewhere_leads_home() {
        for path in [
            "",
            "tasks",
            "//evil.example",
            "/\\evil.example",
            "https://evil.example",
            "/\t/evil.example",
            "/a\r\nSet-Cookie: a=b",
            "/ä",
        ] {
            assert_eq!(local_or_home(path), HOME, "{path:?}");
        }
        assert_eq!(local_or_home(&format!("/{}", "a".repeat(3000))), HOME);
    }

    #[test]
    fn the_way_back_is_one_value_of_the_query() {
        assert_eq!(sign_in("/tasks?q=a b&sort=title"), "/sign-in?next=/tasks%3Fq%3Da%20b%26sort%3Dtitle");
    }
}

#[cfg(test)]
mod fuzz {
    use super::*;
    use taskwire_fuzz::{check, text};
    use url::{Url, form_urlencoded};

    const PIECES: &[&str] = &[
        "/",
        "/",
        "//",
        "\\",
        "https:",
        "javascript:",
        "evil.example",
        "@",
        ":",
        "tasks",
        "?",
        "#",
        "..",
        ".",
        "%2f",
        "%5c",
        "\t",
        "\n",
        "\r",
        " ",
        "ä",
        "\0",
    ];

    #[test]
    fn a_browser_is_led_to_this_site_alone() {
        let page = Url::parse("https://taskwire.example/sign-in").unwrap();
        check!().with_generator(text(PIECES)).for_each(move |next| {
            let led = local_or_home(next);
            assert!(led == next || led == HOME);
            let to = page.join(led).unwrap();
            assert_eq!(to.origin(), page.origin(), "{led:?}");
            assert!(to.username().is_empty() && to.password().is_none(), "{led:?}");
            assert!(led.len() <= 2000 && led.chars().all(|c| c.is_ascii_graphic()), "{led:?} in a header");
            assert_eq!(local_or_home(led), led);
        });
    }

    #[test]
    fn a_path_comes_back_from_the_query() {
        check!().with_generator(text(PIECES)).for_each(|path| {
            let way = sign_in(path);
            let query = way.strip_prefix("/sign-in?").unwrap();
            let pairs: Vec<_> = form_urlencoded::parse(query.as_bytes()).collect();
            assert_eq!(pairs, [("next".into(), path.as_str().into())]);
            assert_eq!(local_or_home(&way), if way.len() <= 2000 { &way } else { HOME });
        });
    }
}
