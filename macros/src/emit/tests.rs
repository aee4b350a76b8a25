//! Generated code names everything by a full path: nothing of it depends on what the user's module has in scope.

use crate::model::{Apply, Container, Resource};
use crate::report::Report;
use proc_macro2::{TokenStream, TokenTree};
use syn::{DeriveInput, parse_quote};

/// Names of the prelude that must not be used bare; macros never are.
const BANNED: &[&str] = &[
    "Some", "None", "Ok", "Err", "Option", "Result", "Vec", "String", "Box", "Default", "Clone", "Debug", "Into",
    "From", "ToString", "ToOwned", "Iterator", "usize", "drop",
];

fn code() -> TokenStream {
    let input: DeriveInput = parse_quote! {
        /// Documented.
        #[kube(group = "example.com", version = "v1", kind = "Widget", namespaced, status = "WidgetStatus", derive = "Default")]
        #[kube(scale(spec_replicas_path = ".spec.count", status_replicas_path = ".status.count"), cel, validation = "true")]
        #[kube(printcolumn(name = "Count", type_ = "integer", json_path = ".spec.count", priority = 1))]
        #[kube(shortname = "w", category = "all", annotation("a", "b"), label("c", "d"), deprecated = "why", apply)]
        #[x_kube(cel, validation = "true")]
        #[serde(default)]
        struct WidgetSpec {
            /// Documented.
            #[x_kube(minimum = 1, immutable, items(minimum = 2), default = 4, merge_strategy = strategy())]
            #[schemars(length(min = 1, max = 2), extend("x-a" = 1), example = 5)]
            count: ::std::vec::Vec<i32>,
            #[serde(skip_serializing_if = "skip", alias = "b")]
            a: u8,
            #[serde(flatten)]
            c: C,
            #[x_kube(preserve_unknown_fields)]
            d: D,
            #[x_kube(schema_with = function)]
            e: E,
            #[serde(with = "module")]
            #[x_kube(schema_with = function)]
            f: F,
            #[x_kube(apply = "whole")]
            g: ::std::option::Option<G>,
            h: ::std::option::Option<::std::vec::Vec<H>>,
            i: ::std::collections::BTreeMap<K, I>,
        }
    };
    let kinds: DeriveInput = parse_quote! {
        #[serde(tag = "t", content = "c")]
        enum Kinds<T> { A, B(T), C { x: i32 }, D(i32, i32), #[serde(untagged)] E(i32) }
    };
    let tagged: DeriveInput = parse_quote! {
        #[serde(tag = "t")]
        enum Kinds { A, B(i64x), C { x: i32 } }
    };
    let generic: DeriveInput = parse_quote! {
        struct Holder<'a, T> { t: T, #[serde(skip)] a: &'a u8 }
    };
    let external: DeriveInput = parse_quote! {
        enum Kinds { A, B(i64x), C { x: i32 } }
    };
    let mut report = Report::default();
    let mut out = TokenStream::new();
    for i in [&input, &kinds, &tagged, &external] {
        out.extend(super::schema(&Container::read(i, &mut report)));
    }
    for i in [&kinds, &tagged, &external, &generic] {
        out.extend(super::apply(&Apply::read(i), &Default::default()));
    }
    let resource = Resource::read(&input, &mut report).expect("a resource");
    out.extend(super::resource(&resource, true));
    let head = quote::quote!(
        version(name = "v1", deprecated),
        version(name = "v2", storage, served = false),
        version(name = "v3")
    );
    let module: syn::Item = parse_quote! {
        mod widgets {
            #[derive(CustomResource)]
            #[kube(group = "example.com", kind = "Widget", status = "Part")]
            struct WidgetSpec {
                #[versioned(added(since = "v2"), changed(since = "v3", from_name = "b", from_type = u8, upgrade_with = up))]
                a: u16,
                #[versioned(added(since = "v2", upgrade_with = up), deprecated(since = "v3"))]
                c: u16,
                parts: ::std::vec::Vec<Part>,
            }
            struct Part(u8, #[versioned(removed(since = "v2", default = 1))] u8);
            #[versioned(changed(since = "v3", upgrade_with = up))]
            enum Kinds {
                A,
                #[versioned(added(since = "v2", instead = A))]
                B(u8, Part),
                #[versioned(removed(since = "v2", upgrade_with = up))]
                C { x: Part },
                D { #[versioned(changed(since = "v2", from_name = "z"))] y: Part },
            }
        }
    };
    let Ok(versioned) = crate::model::Versioned::read(head, module, &mut report) else { panic!("no module") };
    out.extend(super::versioned(&versioned, true));
    assert!(report.is_clean(), "{}", report.finish(TokenStream::new()));
    out
}

/// How an identifier stands.
struct Seen {
    name: String,
    /// Behind `::` or `.`.
    qualified: bool,
    /// The first of a path that starts with `::`.
    root: bool,
    macro_call: bool,
}

fn walk(tokens: TokenStream, out: &mut Vec<Seen>) {
    let all: Vec<TokenTree> = tokens.into_iter().collect();
    for (i, t) in all.iter().enumerate() {
        let before = |n: usize| i.checked_sub(n).and_then(|at| all.get(at));
        let is = |t: Option<&TokenTree>, c: char| matches!(t, Some(TokenTree::Punct(p)) if p.as_char() == c);
        match t {
            TokenTree::Group(g) => walk(g.stream(), out),
            TokenTree::Ident(ident) => {
                let path = is(before(1), ':') && is(before(2), ':');
                // `a: ::b` has three colons in a row.
                let starts = !matches!(before(3), Some(TokenTree::Ident(_))) && !is(before(3), '>');
                let field = is(all.get(i + 1), ':') && (!is(all.get(i + 2), ':') || is(all.get(i + 3), ':'));
                if !field && !is(before(1), '#') {
                    out.push(Seen {
                        name: ident.to_string(),
                        qualified: path || is(before(1), '.'),
                        root: path && starts,
                        macro_call: is(all.get(i + 1), '!'),
                    });
                }
            }
            _ => {}
        }
    }
}

fn seen() -> Vec<Seen> {
    let mut out = Vec::new();
    walk(code(), &mut out);
    out
}

#[test]
fn nothing_is_named_that_the_user_could_have_shadowed() {
    let all = seen();
    let bare = all.iter().filter(|s| !s.qualified && (BANNED.contains(&s.name.as_str()) || s.macro_call));
    let bare: Vec<&str> = bare.map(|s| s.name.as_str()).collect();
    assert!(bare.is_empty(), "named bare: {bare:?}");
}

#[test]
fn only_the_runtime_and_the_standard_library_are_named() {
    let all = seen();
    let mut roots: Vec<&str> = all.iter().filter(|s| s.root).map(|s| s.name.as_str()).collect();
    roots.sort_unstable();
    roots.dedup();
    assert_eq!(roots, ["core", "kubegraft", "std"]);
}
