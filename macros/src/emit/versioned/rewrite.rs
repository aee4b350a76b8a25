//! What a type's tokens are in a module one deeper than where they were written, and in a version where types have other
//! names.

use proc_macro2::{Group, Literal, Spacing, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use std::collections::BTreeMap;
use syn::{Ident, LitStr, Visibility};

/// Paths from the module around a version's: `self::` and `super::` have one more `super::`, also as text.
pub(super) fn deepen(tokens: TokenStream) -> TokenStream {
    let all: Vec<TokenTree> = tokens.into_iter().collect();
    let colons = |at: usize| {
        let is = |i: usize| matches!(all.get(i), Some(TokenTree::Punct(p)) if p.as_char() == ':');
        is(at) && is(at + 1)
    };
    let mut out = TokenStream::new();
    for (i, t) in all.iter().enumerate() {
        match t {
            TokenTree::Group(g) => {
                let mut deeper = Group::new(g.delimiter(), deepen(g.stream()));
                deeper.set_span(g.span());
                out.extend([TokenTree::Group(deeper)]);
            }
            TokenTree::Ident(name) if colons(i + 1) && !(i >= 2 && colons(i - 2)) && name == "self" => {
                out.extend([TokenTree::Ident(Ident::new("super", name.span()))]);
            }
            TokenTree::Ident(name) if colons(i + 1) && !(i >= 2 && colons(i - 2)) && name == "super" => {
                out.extend([TokenTree::Ident(name.clone())]);
                out.extend(quote!(::));
                out.extend([TokenTree::Ident(name.clone())]);
            }
            TokenTree::Literal(l) => out.extend([TokenTree::Literal(deeper_text(l))]),
            other => out.extend([other.clone()]),
        }
    }
    out
}

/// `"super::function"` in an attribute.
fn deeper_text(literal: &Literal) -> Literal {
    let Ok(text) = syn::parse2::<LitStr>(literal.to_token_stream()) else { return literal.clone() };
    let value = text.value();
    let deeper = match value.strip_prefix("self::") {
        Some(rest) => format!("super::{rest}"),
        None if value.starts_with("super::") => format!("super::{value}"),
        None => return literal.clone(),
    };
    let mut out = Literal::string(&deeper);
    out.set_span(literal.span());
    out
}

/// Names that are others in a version, where they stand alone or begin a path; and as the text of `status = "..."`.
pub(super) fn rename(tokens: TokenStream, names: &BTreeMap<String, Ident>) -> TokenStream {
    let mut before: [Option<String>; 2] = [None, None];
    let mut out = TokenStream::new();
    for t in tokens {
        let text = t.to_string();
        let in_path = matches!(&before[1], Some(b) if b == ":" || b == "." || b == "'");
        let renamed = match &t {
            TokenTree::Group(g) => {
                let mut inner = Group::new(g.delimiter(), rename(g.stream(), names));
                inner.set_span(g.span());
                TokenTree::Group(inner)
            }
            TokenTree::Ident(i) if !in_path => match names.get(&text) {
                Some(name) => TokenTree::Ident(Ident::new(&name.to_string(), i.span())),
                None => t.clone(),
            },
            TokenTree::Literal(l) if before == [Some("status".into()), Some("=".into())] => {
                match syn::parse2::<LitStr>(l.to_token_stream()).ok().and_then(|s| names.get(&s.value())) {
                    Some(name) => {
                        let mut text = Literal::string(&name.to_string());
                        text.set_span(l.span());
                        TokenTree::Literal(text)
                    }
                    None => t.clone(),
                }
            }
            // `a: T` has one colon, `a::T` two.
            TokenTree::Punct(p)
                if p.as_char() == ':' && p.spacing() == Spacing::Alone && before[1].as_deref() != Some(":") =>
            {
                before = [None, None];
                out.extend([t]);
                continue;
            }
            _ => t.clone(),
        };
        before = [before[1].take(), Some(text)];
        out.extend([renamed]);
    }
    out
}

/// A visibility one module deeper; what is private is for the module around, where conversions are.
pub(super) fn visibility(vis: &Visibility) -> TokenStream {
    match vis {
        Visibility::Inherited => quote!(pub(super)),
        Visibility::Public(_) => vis.to_token_stream(),
        Visibility::Restricted(r) => {
            let path = &r.path;
            match path.segments.first().map(|s| s.ident.to_string()).as_deref() {
                Some("self") if path.segments.len() == 1 => quote!(pub(super)),
                Some("super") => quote!(pub(in super::#path)),
                Some("self") => {
                    let rest = path.segments.iter().skip(1);
                    quote!(pub(in super #(::#rest)*))
                }
                _ => vis.to_token_stream(),
            }
        }
    }
}

/// The type in the middle of options, lists and maps, in a version: `Vec<other::Port>` is `Vec<other::v1::Port>`, or without
/// modules `Vec<other::PortV1>`.
pub(super) fn nested(ty: &mut syn::Type, version: &Ident, suffix: Option<&str>) {
    let path = match ty {
        syn::Type::Paren(t) => return nested(&mut t.elem, version, suffix),
        syn::Type::Group(t) => return nested(&mut t.elem, version, suffix),
        syn::Type::Array(t) => return nested(&mut t.elem, version, suffix),
        syn::Type::Path(p) => &mut p.path,
        _ => return,
    };
    if let Some(last) = path.segments.last_mut()
        && let syn::PathArguments::AngleBracketed(a) = &mut last.arguments
    {
        // What comes last may be how a map or set hashes.
        let types =
            a.args.iter_mut().filter_map(|a| if let syn::GenericArgument::Type(t) = a { Some(t) } else { None });
        let held = usize::from(last.ident.to_string().ends_with("Map"));
        return types.into_iter().nth(held).map_or((), |inner| nested(inner, version, suffix));
    }
    nested_path(path, version, suffix);
}

fn nested_path(path: &mut syn::Path, version: &Ident, suffix: Option<&str>) {
    let Some(last) = path.segments.last_mut() else { return };
    match suffix {
        Some(suffix) => last.ident = Ident::new(&format!("{}{suffix}", last.ident), last.ident.span()),
        None => {
            let at = path.segments.len() - 1;
            let version = Ident::new(&version.to_string(), Span::call_site());
            path.segments.insert(at, version.into());
        }
    }
}

/// `status = "..."` of a type that another `#[versioned]` has made, likewise.
pub(super) fn nested_status(tokens: TokenStream, version: &Ident, suffix: Option<&str>) -> TokenStream {
    let mut before: [Option<String>; 2] = [None, None];
    let mut out = TokenStream::new();
    for t in tokens {
        let text = t.to_string();
        let there = match &t {
            TokenTree::Group(g) => {
                let mut inner = Group::new(g.delimiter(), nested_status(g.stream(), version, suffix));
                inner.set_span(g.span());
                TokenTree::Group(inner)
            }
            TokenTree::Literal(l) if before == [Some("status".into()), Some("=".into())] => {
                match syn::parse2::<LitStr>(l.to_token_stream()).and_then(|s| s.parse::<syn::Path>()) {
                    Ok(mut path) => {
                        nested_path(&mut path, version, suffix);
                        let mut literal = Literal::string(&path.to_token_stream().to_string().replace(' ', ""));
                        literal.set_span(l.span());
                        TokenTree::Literal(literal)
                    }
                    // The derive says what is wrong with it.
                    Err(_) => t.clone(),
                }
            }
            _ => t.clone(),
        };
        before = [before[1].take(), Some(text)];
        out.extend([there]);
    }
    out
}
