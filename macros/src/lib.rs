//! Derive macros of kubegraft: syntax (tokens to spanned attributes) -> model (checked) -> emit (tokens).
