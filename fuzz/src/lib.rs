//! What the fuzz targets of our parsers have in common. A target stands in the module `fuzz` of its parser's file, and
//! says what must hold of whatever is read.
//!
//! Under `cargo test` each is tried with random input for a moment (`.cargo/config.toml`). `cargo bolero test` runs the
//! same with libFuzzer, which looks for input that reaches more of the code (docs/architecture.md, “Fuzzing”).

pub use bolero::{check, generator::ValueGenerator, produce};

/// Pieces and other characters of a text at most.
const PARTS: usize = 30;

/// Texts of these pieces, in any order, and of any characters between them. Characters alone would hardly ever make
/// what a parser takes.
pub fn text(pieces: &'static [&'static str]) -> impl ValueGenerator<Output = String> {
    bolero::produce_with::<Vec<u16>>().len(..=PARTS).map_gen(move |parts| spell(&parts, pieces))
}

/// The same in bytes, which need not be text.
pub fn bytes(pieces: &'static [&'static str]) -> impl ValueGenerator<Output = Vec<u8>> {
    let broken = produce::<Option<(u8, u8)>>();
    (text(pieces), broken).map_gen(|(text, broken)| {
        let mut bytes = text.into_bytes();
        if let Some((at, byte)) = broken {
            bytes.insert(usize::from(at).min(bytes.len()), byte);
        }
        bytes
    })
}

fn spell(parts: &[u16], pieces: &[&str]) -> String {
    let mut text = String::new();
    for part in parts {
        let [low, high] = part.to_le_bytes();
        match (high % 8, pieces.get(usize::from(low) % pieces.len().max(1))) {
            (0, _) | (_, None) => text.push(char::from(low)),
            (1, _) => text.push(char::from_u32(u32::from(*part)).unwrap_or('😀')),
            (_, Some(piece)) => text += piece,
        }
    }
    text
}
