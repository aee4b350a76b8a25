//! The Common Expression Language: its abstract syntax. Types are the business of the runtime's `schema::cel`.

pub mod ast;
