//! Text inside markup, for the two places where Leptos writes it as it is: the contents of a `textarea`
//! and of the document's `title`. Task texts are hostile; everywhere else text nodes are safe.

/// `text` so that it ends neither the element it stands in nor an entity.
pub fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_element_ends_and_no_entity_is_read() {
        assert_eq!(escape("</textarea><b>&lt;"), "&lt;/textarea>&lt;b>&amp;lt;");
    }
}
