//! Derived code in the least friendly crate: dependencies renamed, no prelude, edition 2021, and types named like std's. That
//! this compiles, and that its generated tests pass, is the test.
#![no_implicit_prelude]

use ::data::{Deserialize, Serialize};
use ::graft::{CustomResource, KubeSchema};

/// Not the one of std.
#[derive(KubeSchema, Serialize, Deserialize, ::core::clone::Clone, ::core::fmt::Debug, ::core::default::Default)]
#[serde(crate = "::data")]
#[x_kube(apply, crates(kubegraft = "::graft"))]
pub struct Option {
    /// A field.
    #[serde(default)]
    pub some: ::std::string::String,
}

/// Not the one of std.
#[doc = ::core::concat!("And", " more.")]
#[derive(KubeSchema, Serialize, Deserialize, ::core::clone::Clone, ::core::fmt::Debug)]
#[serde(crate = "::data", tag = "kind")]
#[x_kube(apply, crates(kubegraft = "::graft"))]
pub enum Result {
    /// A variant.
    Ok(Option),
    /// Another.
    Err {
        /// Why.
        why: ::std::option::Option<::std::string::String>,
    },
}

/// Not the one of std.
#[derive(KubeSchema, Serialize, Deserialize, ::core::clone::Clone, ::core::fmt::Debug)]
#[serde(crate = "::data", default)]
#[x_kube(apply, crates(kubegraft = "::graft"))]
pub struct Default {
    /// A list.
    #[x_kube(merge_strategy = ListMerge::Set, items(min_length = 1))]
    pub list: ::std::vec::Vec<::std::string::String>,
    /// An option.
    pub option: Option,
    /// Bounded.
    #[x_kube(minimum = 1, example = 3, immutable, validation = "self > 0")]
    pub number: i32,
}

impl ::core::default::Default for Default {
    fn default() -> Self {
        Self { list: ::std::vec::Vec::new(), option: ::core::default::Default::default(), number: 3 }
    }
}

/// A spec among such types.
#[derive(CustomResource, KubeSchema, Serialize, Deserialize, ::core::clone::Clone, ::core::fmt::Debug)]
#[serde(crate = "::data")]
#[kube(
    group = "example.com",
    version = "v1",
    kind = "String",
    status = "Vec",
    scale(spec_replicas_path = ".spec.number", status_replicas_path = ".status.number")
)]
#[kube(
    apply,
    crates(kubegraft = "::graft"),
    derive = "::core::cmp::PartialEq",
    printcolumn(name = "Number", type_ = "integer", json_path = ".spec.number")
)]
#[kube(cel, validation = Rule::new("self.spec.number > 0").message("positive"))]
#[x_kube(apply, crates(kubegraft = "::graft"))]
#[derive(::core::cmp::PartialEq)]
pub struct Box {
    /// A number.
    pub number: i32,
}

/// A status.
#[derive(KubeSchema, Serialize, Deserialize, ::core::clone::Clone, ::core::fmt::Debug, ::core::cmp::PartialEq)]
#[serde(crate = "::data")]
#[x_kube(apply, crates(kubegraft = "::graft"))]
pub struct Vec {
    /// A number.
    pub number: i32,
}

/// Versions among such types.
#[::graft::versioned(version(name = "v1"), version(name = "v2", storage), crates(kubegraft = "::graft"), test = false)]
pub mod versions {
    use ::data::{Deserialize, Serialize};
    use ::graft::{CustomResource, KubeSchema};

    /// A spec.
    #[derive(CustomResource, KubeSchema, Serialize, Deserialize, ::core::clone::Clone, ::core::fmt::Debug)]
    #[serde(crate = "::data")]
    #[kube(group = "example.com", kind = "Iterator", crates(kubegraft = "::graft"))]
    #[x_kube(crates(kubegraft = "::graft"))]
    pub struct Ok {
        /// Renamed and of another type.
        #[versioned(changed(since = "v2", from_name = "some", from_type = u8))]
        pub none: u16,
        /// New.
        #[versioned(added(since = "v2"))]
        #[serde(default)]
        pub err: Err,
        /// Of another type with versions.
        pub all: ::std::vec::Vec<Err>,
    }

    /// A variant is new.
    #[derive(
        KubeSchema, Serialize, Deserialize, ::core::clone::Clone, ::core::fmt::Debug, ::core::default::Default,
    )]
    #[serde(crate = "::data")]
    #[x_kube(crates(kubegraft = "::graft"))]
    pub enum Err {
        /// The usual.
        #[default]
        None,
        /// Another.
        #[versioned(added(since = "v2", instead = None))]
        Some {
            /// How many.
            count: u8,
        },
    }
}
