//! What AI agents work with. Knows no HTTP: the program mounts it (`server/src/mcp.rs`).

pub mod mcp;
