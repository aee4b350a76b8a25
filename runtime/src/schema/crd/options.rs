//! How strictly a definition is checked: a new one in full, a changed one as far as the old one was already right, so that
//! what was stored before a rule existed can still be updated.

use super::at::At;
use super::props::Props;
use super::view::Spec;
use super::{condition, conversion, defaults, lists, openapi, pem, selectable, structural};
use serde_json::Value;
use std::collections::HashSet;

/// What may be asked of a definition.
pub(super) struct Options<'a> {
    pub(super) require_recognized_review: bool,
    pub(super) immutable_names: bool,
    pub(super) require_schema: bool,
    pub(super) require_known_types: bool,
    pub(super) require_structural: bool,
    pub(super) require_pruned_defaults: bool,
    pub(super) require_atomic_sets: bool,
    pub(super) require_sound_keys: bool,
    pub(super) allow_invalid_ca_bundle: bool,
    /// Names of versions whose schema has not changed: the cost of their single rules is not asked again.
    pub(super) unchanged: HashSet<&'a str>,
    /// Names of versions, empty for all, that keep too many selectable fields.
    pub(super) too_many_selectable: HashSet<&'a str>,
}

impl<'a> Options<'a> {
    /// For a new definition. It is not established, so its caBundle need not be good yet.
    pub(super) fn create() -> Self {
        Self {
            require_recognized_review: true,
            immutable_names: false,
            require_schema: true,
            require_known_types: true,
            require_structural: true,
            require_pruned_defaults: true,
            require_atomic_sets: true,
            require_sound_keys: true,
            allow_invalid_ca_bundle: true,
            unchanged: HashSet::new(),
            too_many_selectable: HashSet::new(),
        }
    }

    /// For a change of `old`.
    pub(super) fn update(new: &Spec<'a>, old_crd: &'a Value, old: &Spec<'a>) -> Self {
        let schemas: Vec<Props<'a>> = old.schemas().collect();
        let any = |has: fn(Props<'_>) -> bool| schemas.iter().any(|s| s.any(&mut |s| has(s)));
        let established = condition(old_crd, "Established") == Some("True");
        let bundle = old_crd.pointer("/spec/conversion/webhook/clientConfig/caBundle").and_then(Value::as_str);
        Self {
            require_recognized_review: old.conversion().is_none_or(conversion::recognized_or_empty),
            immutable_names: established,
            require_schema: old.every_version_has_a_schema(),
            require_known_types: !any(|s| !matches!(s.type_(), "") && !openapi::TYPES.contains(&s.type_())),
            require_structural: !schemas
                .iter()
                .any(|s| structural::unsupported(*s).is_some() || !structural::validate(&At::Start(""), *s).is_empty()),
            require_pruned_defaults: !schemas.iter().any(|s| defaults::any_unpruned(*s)),
            require_atomic_sets: !any(lists::is_set_of_granular),
            require_sound_keys: !any(|s| {
                let mut found = Vec::new();
                lists::keys(s, &At::Start(""), &mut found);
                !found.is_empty()
            }),
            allow_invalid_ca_bundle: !established || bundle.is_some_and(|b| pem::certificates(b).is_err()),
            unchanged: new.versions.iter().map(|v| v.name).filter(|n| new.schema_of(n) == old.schema_of(n)).collect(),
            too_many_selectable: selectable::kept_too_many(new, old),
        }
    }
}
