//! A definition's spec as upstream's internal form has it: what all versions share stands above them, and errors name it
//! there (`spec.validation...` instead of `spec.versions[0].schema...`; X/apis/apiextensions/v1/conversion.go).

use super::props::Props;
use crate::status::field::BadValue;
use serde_json::{Value, json};

/// `spec`, borrowed.
pub(super) struct Spec<'a> {
    spec: &'a Value,
    /// In declared order; none also where there is no list.
    pub(super) versions: Vec<Version<'a>>,
    /// The schema object (`{openAPIV3Schema}`) that all versions share.
    pub(super) validation: Option<&'a Value>,
    pub(super) subresources: Option<&'a Value>,
    pub(super) columns: &'a [Value],
    pub(super) selectable: &'a [Value],
}

/// One of `spec.versions`, without what is shared.
pub(super) struct Version<'a> {
    pub(super) version: &'a Value,
    pub(super) name: &'a str,
    pub(super) schema: Option<&'a Value>,
    pub(super) subresources: Option<&'a Value>,
    pub(super) columns: &'a [Value],
    pub(super) selectable: &'a [Value],
}

fn list<'a>(v: &'a Value, field: &str) -> &'a [Value] {
    v.get(field).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

fn open_api(validation: Option<&Value>) -> Option<Props<'_>> {
    validation?.get("openAPIV3Schema").and_then(Props::of)
}

impl<'a> Spec<'a> {
    /// Of a whole definition.
    pub(super) fn of(crd: &'a Value) -> Self {
        let spec = crd.get("spec").unwrap_or(&Value::Null);
        let all = list(spec, "versions");
        let mut versions: Vec<Version<'a>> = all
            .iter()
            .map(|v| Version {
                version: v,
                name: v.get("name").and_then(Value::as_str).unwrap_or_default(),
                schema: v.get("schema"),
                subresources: v.get("subresources"),
                columns: list(v, "additionalPrinterColumns"),
                selectable: list(v, "selectableFields"),
            })
            .collect();
        let mut view =
            Self { spec, versions: Vec::new(), validation: None, subresources: None, columns: &[], selectable: &[] };
        if let Some(first) = all.first() {
            let shared = |field: &str| all.iter().all(|v| v.get(field) == first.get(field));
            if shared("schema") {
                view.validation = first.get("schema");
                versions.iter_mut().for_each(|v| v.schema = None);
            }
            if shared("subresources") {
                view.subresources = first.get("subresources");
                versions.iter_mut().for_each(|v| v.subresources = None);
            }
            if shared("additionalPrinterColumns") {
                view.columns = list(first, "additionalPrinterColumns");
                versions.iter_mut().for_each(|v| v.columns = &[]);
            }
            if shared("selectableFields") {
                view.selectable = list(first, "selectableFields");
                versions.iter_mut().for_each(|v| v.selectable = &[]);
            }
        }
        view.versions = versions;
        view
    }

    /// A member of spec.
    pub(super) fn get(&self, field: &str) -> Option<&'a Value> {
        self.spec.get(field)
    }

    /// A text of spec.
    pub(super) fn text(&self, field: &str) -> &'a str {
        self.get(field).and_then(Value::as_str).unwrap_or_default()
    }

    pub(super) fn conversion(&self) -> Option<&'a Value> {
        self.get("conversion")
    }

    /// `preserveUnknownFields`, which only definitions older than v1 can have set.
    pub(super) fn preserves(&self) -> bool {
        self.get("preserveUnknownFields").and_then(Value::as_bool).unwrap_or(false)
    }

    /// All schemas: the shared one, or each version's.
    pub(super) fn schemas(&self) -> impl Iterator<Item = Props<'a>> {
        let own = self.versions.iter().map(|v| v.schema);
        std::iter::once(self.validation).chain(own).filter_map(open_api)
    }

    /// The `{openAPIV3Schema}` that a version has, shared or its own.
    pub(super) fn schema_of(&self, version: &str) -> Option<&'a Value> {
        self.validation.or_else(|| self.versions.iter().find(|v| v.name == version)?.schema)
    }

    pub(super) fn every_version_has_a_schema(&self) -> bool {
        open_api(self.validation).is_some() || self.versions.iter().all(|v| v.has_schema())
    }

    /// Whether the shared schema is one.
    pub(super) fn has_shared_schema(&self) -> bool {
        open_api(self.validation).is_some()
    }

    /// Whether any version has a status subresource.
    pub(super) fn any_status(&self) -> bool {
        has_status(self.subresources) || self.versions.iter().any(|v| has_status(v.subresources))
    }

    /// The versions as errors show them: upstream's internal structs, member by member.
    pub(super) fn dump(&self) -> BadValue {
        if !self.get("versions").is_some_and(Value::is_array) {
            return BadValue::Json(Value::Null);
        }
        let all: Vec<String> = self.versions.iter().map(Version::dump).collect();
        BadValue::Raw(format!("[{}]", all.join(",")))
    }
}

/// Whether subresources enable status.
pub(super) fn has_status(subresources: Option<&Value>) -> bool {
    subresources.is_some_and(|s| s.get("status").is_some())
}

impl<'a> Version<'a> {
    pub(super) fn flag(&self, field: &str) -> bool {
        self.version.get(field).and_then(Value::as_bool).unwrap_or(false)
    }

    pub(super) fn has_schema(&self) -> bool {
        open_api(self.schema).is_some()
    }

    fn dump(&self) -> String {
        let list = |list: &[Value]| if list.is_empty() { Value::Null } else { list.into() };
        let schema = self.schema.map_or(Value::Null, |s| json!({"OpenAPIV3Schema": s.get("openAPIV3Schema")}));
        let members = [
            ("Name", self.name.into()),
            ("Served", self.flag("served").into()),
            ("Storage", self.flag("storage").into()),
            ("Deprecated", self.flag("deprecated").into()),
            ("DeprecationWarning", self.version.get("deprecationWarning").cloned().unwrap_or_default()),
            ("Schema", schema),
            ("Subresources", self.subresources.cloned().unwrap_or_default()),
            ("AdditionalPrinterColumns", list(self.columns)),
            ("SelectableFields", list(self.selectable)),
        ];
        let members: Vec<String> = members.iter().map(|(k, v)| format!("\"{k}\":{v}")).collect();
        format!("{{{}}}", members.join(","))
    }
}
