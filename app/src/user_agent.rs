//! Browsers in words, so that people recognise their sessions.

/// Such as "Firefox on Linux". The text comes from outside and may claim anything: it is a hint, and
/// only words of our own are shown.
pub fn describe(user_agent: Option<&str>) -> String {
    let text = user_agent.unwrap_or_default();
    let find =
        |words: &[(&str, &'static str)]| words.iter().find(|(part, _)| text.contains(part)).map(|(_, name)| *name);
    // Order matters: Edge and Opera also say Chrome, Chrome also says Safari, Android also says Linux.
    let browser = find(&[
        ("Edg", "Edge"),
        ("OPR/", "Opera"),
        ("Firefox/", "Firefox"),
        ("FxiOS/", "Firefox"),
        ("Chrome/", "Chrome"),
        ("CriOS/", "Chrome"),
        ("Safari/", "Safari"),
        ("curl/", "curl"),
    ]);
    let system = find(&[
        ("Android", "Android"),
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Windows", "Windows"),
        ("Mac OS X", "macOS"),
        ("CrOS", "ChromeOS"),
        ("Linux", "Linux"),
    ]);
    match (browser, system) {
        (Some(browser), Some(system)) => format!("{browser} on {system}"),
        (Some(one), None) | (None, Some(one)) => one.to_owned(),
        (None, None) => "Unknown browser".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_ones_are_told_apart() {
        let chrome = "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0 Mobile Safari/537.36";
        assert_eq!(describe(Some(chrome)), "Chrome on Android");
        let firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0";
        assert_eq!(describe(Some(firefox)), "Firefox on Linux");
        assert_eq!(describe(Some("curl/8.5.0")), "curl");
        assert_eq!(describe(Some("<script>")), "Unknown browser");
        assert_eq!(describe(None), "Unknown browser");
    }
}

#[cfg(test)]
mod fuzz {
    use super::*;
    use taskwire_fuzz::{check, text};

    #[test]
    fn whatever_it_claims_our_own_words_are_shown() {
        const PIECES: &[&str] = &[
            "Mozilla/5.0 (",
            "X11; Linux x86_64",
            "Android",
            "iPhone",
            "Mac OS X",
            "Windows",
            ")",
            "Edg/",
            "OPR/",
            "Chrome/",
            "Safari/",
            "Firefox/",
            "curl/",
            "<script>",
            " on ",
        ];
        const BROWSERS: [&str; 6] = ["Edge", "Opera", "Firefox", "Chrome", "Safari", "curl"];
        const SYSTEMS: [&str; 7] = ["Android", "iPhone", "iPad", "Windows", "macOS", "ChromeOS", "Linux"];
        check!().with_generator(text(PIECES)).for_each(|text| {
            let said = describe(Some(text));
            match said.split_once(" on ") {
                Some((browser, system)) => assert!(BROWSERS.contains(&browser) && SYSTEMS.contains(&system), "{said}"),
                None => assert!(said == "Unknown browser" || BROWSERS.iter().chain(&SYSTEMS).any(|word| *word == said)),
            }
        });
    }
}
