//! The operations of a kind's paths: what upstream's installers describe of each route. Parameters that every operation of a
//! path has are listed once, at the path.

use super::shared::{meta, parameter};
use super::{Flavour, Kind, reference};
use crate::schema::Scope;
use serde_json::{Map, Value, json};

const GET: &[&str] = &["resourceVersion"];
const LIST: &[&str] = &[
    "allowWatchBookmarks",
    "continue",
    "fieldSelector",
    "labelSelector",
    "limit",
    "resourceVersion",
    "resourceVersionMatch",
    "sendInitialEvents",
    "shardSelector",
    "timeoutSeconds",
    "watch",
];
const WRITE: &[&str] = &["dryRun", "fieldManager", "fieldValidation"];
/// The description of `fieldManager` is another one here.
const PATCH: &[&str] = &["dryRun", "fieldManager of patch", "fieldValidation", "force"];
const DELETE: &[&str] = &[
    "dryRun",
    "gracePeriodSeconds",
    "ignoreStoreReadErrorWithClusterBreakingPotential",
    "orphanDependents",
    "propagationPolicy",
];
const MEDIA: [&str; 2] = ["application/json", "application/yaml"];
const PATCHES: [&str; 3] =
    ["application/json-patch+json", "application/merge-patch+json", "application/apply-patch+yaml"];
const STRATEGIC: &str = "application/strategic-merge-patch+json";

/// What one HTTP method does with a kind.
struct Verb {
    method: &'static str,
    /// `x-kubernetes-action`, and the verb of discovery but for `post` and `put`.
    action: &'static str,
    /// The verb of the operation's name and description.
    operation: &'static str,
    parameters: &'static [&'static str],
    /// Success codes with their words.
    codes: &'static [(&'static str, &'static str)],
}

const OK: (&str, &str) = ("200", "OK");
const CREATED: (&str, &str) = ("201", "Created");
const ACCEPTED: (&str, &str) = ("202", "Accepted");
const LISTS: Verb = Verb { method: "get", action: "list", operation: "list", parameters: LIST, codes: &[OK] };
const CREATES: Verb =
    Verb { method: "post", action: "post", operation: "create", parameters: WRITE, codes: &[OK, CREATED, ACCEPTED] };
const DELETES_ALL: Verb = Verb {
    method: "delete",
    action: "deletecollection",
    operation: "deletecollection",
    parameters: LIST,
    codes: &[OK],
};
const READS: Verb = Verb { method: "get", action: "get", operation: "read", parameters: GET, codes: &[OK] };
const REPLACES: Verb =
    Verb { method: "put", action: "put", operation: "replace", parameters: WRITE, codes: &[OK, CREATED] };
const PATCHES_ONE: Verb =
    Verb { method: "patch", action: "patch", operation: "patch", parameters: PATCH, codes: &[OK] };
const DELETES: Verb =
    Verb { method: "delete", action: "delete", operation: "delete", parameters: DELETE, codes: &[OK, ACCEPTED] };

impl Verb {
    fn discovery(&self) -> &'static str {
        match self.action {
            "post" => "create",
            "put" => "update",
            other => other,
        }
    }
}

/// One path of a kind.
struct Route<'a> {
    kind: &'a Kind<'a>,
    path: String,
    subresource: &'static str,
    /// Ends the name of the operation.
    suffix: &'static str,
    /// The model of bodies and answers.
    model: String,
}

/// All paths of a kind with their operations.
pub(super) fn paths(kind: &Kind<'_>, flavour: Flavour) -> Map<String, Value> {
    let d = kind.definition();
    let (group, version, plural) = (&d.group, &kind.version.name, &d.names.plural);
    let root = if group.is_empty() { format!("/api/{version}") } else { format!("/apis/{group}/{version}") };
    let (model, list) = (kind.model(&d.names.kind), kind.model(&d.names.list_kind));
    let namespaced = d.scope == Scope::Namespaced;
    let collection =
        if namespaced { format!("{root}/namespaces/{{namespace}}/{plural}") } else { format!("{root}/{plural}") };
    let one = format!("{collection}/{{name}}");
    let route =
        |path: String, subresource, suffix, model: &str| Route { kind, path, subresource, suffix, model: model.into() };
    let mut out = Map::new();
    let mut add = |route: Route<'_>, verbs: &[&Verb]| {
        let verbs: Vec<&Verb> = verbs.iter().copied().filter(|v| kind.can(v.discovery())).collect();
        if !verbs.is_empty() {
            out.insert(route.path.clone(), route.item(&verbs, flavour));
        }
    };
    if namespaced {
        add(route(format!("{root}/{plural}"), "", "ForAllNamespaces", &list), &[&LISTS]);
    }
    add(Route { model: model.clone(), ..route(collection, "", "", &list) }, &[&LISTS, &CREATES, &DELETES_ALL]);
    add(route(one.clone(), "", "", &model), &[&READS, &REPLACES, &DELETES, &PATCHES_ONE]);
    let parts: &[&Verb] = &[&READS, &REPLACES, &PATCHES_ONE];
    if kind.version.status {
        add(route(format!("{one}/status"), "status", "Status", &model), parts);
    }
    if kind.version.scale.is_some() {
        add(route(format!("{one}/scale"), "scale", "Scale", "io.k8s.api.autoscaling.v1.Scale"), parts);
    }
    out
}

impl Route<'_> {
    fn item(&self, verbs: &[&Verb], flavour: Flavour) -> Value {
        let mut common = vec!["pretty"];
        if let [only] = verbs {
            common.extend(only.parameters);
        }
        let mut parameters: Vec<Value> = common.iter().map(|key| query(key, flavour)).collect();
        for (name, description) in [
            ("namespace", "object name and auth scope, such as for teams and projects".to_owned()),
            ("name", format!("name of the {}", self.kind.definition().names.kind)),
        ] {
            if self.path.contains(&format!("{{{name}}}")) {
                parameters.push(path_parameter(name, &description, flavour));
            }
        }
        let mut out = Map::from_iter([("parameters".to_owned(), sorted(parameters))]);
        for verb in verbs {
            out.insert(verb.method.into(), self.operation(verb, verbs.len() > 1, flavour));
        }
        out.into()
    }

    fn operation(&self, verb: &Verb, own_parameters: bool, flavour: Flavour) -> Value {
        let names = &self.kind.definition().names;
        let answer = match verb.action {
            "list" => self.kind.model(&names.list_kind),
            "delete" | "deletecollection" => meta("Status"),
            _ => self.model.clone(),
        };
        let body = match verb.action {
            "post" | "put" => Some(self.model.clone()),
            "patch" => Some(meta("Patch")),
            "delete" => Some(meta("DeleteOptions")),
            _ => None,
        };
        let required = verb.action != "delete";
        let consumes = self.consumes(verb);
        let mut parameters = Vec::new();
        if own_parameters {
            parameters.extend(verb.parameters.iter().map(|key| query(key, flavour)));
        }
        let (id, tag) = self.id(verb);
        let mut out = Map::from_iter([
            ("description".to_owned(), Value::from(self.description(verb))),
            ("operationId".into(), id.into()),
            ("tags".into(), json!([tag])),
            ("x-kubernetes-action".into(), verb.action.into()),
            ("x-kubernetes-group-version-kind".into(), self.kind.gvk(&names.kind)),
        ]);
        let answer = reference(&answer, flavour);
        let mut responses = Map::from_iter([("401".to_owned(), json!({"description": "Unauthorized"}))]);
        match flavour {
            Flavour::V3 => {
                for (code, words) in verb.codes {
                    responses
                        .insert((*code).into(), json!({"description": words, "content": content(&MEDIA, &answer)}));
                }
                if let Some(body) = body {
                    let mut body = json!({"content": content(&consumes, &reference(&body, flavour))});
                    if required {
                        body["required"] = true.into();
                    }
                    out.insert("requestBody".into(), body);
                }
            }
            Flavour::V2 => {
                for (code, words) in verb.codes {
                    responses.insert((*code).into(), json!({"description": words, "schema": answer}));
                }
                if let Some(body) = body {
                    let mut body = json!({"name": "body", "in": "body", "schema": reference(&body, flavour)});
                    if required {
                        body["required"] = true.into();
                    }
                    parameters.push(body);
                }
                out.insert("consumes".into(), json!(consumes));
                out.insert("produces".into(), json!(MEDIA));
                out.insert("schemes".into(), json!(["https"]));
            }
        }
        out.insert("responses".into(), responses.into());
        if !parameters.is_empty() {
            out.insert("parameters".into(), sorted(parameters));
        }
        out.into()
    }

    /// kubectl chooses strategic merge for the kinds that list it, so none but compiled-in ones do.
    fn consumes(&self, verb: &Verb) -> Vec<&'static str> {
        match verb.action {
            "patch" if self.kind.is_builtin() => PATCHES.into_iter().chain([STRATEGIC]).collect(),
            "patch" => PATCHES.to_vec(),
            _ => MEDIA.to_vec(),
        }
    }

    fn description(&self, verb: &Verb) -> String {
        let kind = &self.kind.definition().names.kind;
        let of = if self.subresource.is_empty() { String::new() } else { format!(" {} of", self.subresource) };
        match verb.operation {
            "list" => format!("list{of} objects of kind {kind}"),
            "read" | "replace" => format!("{}{of} the specified {kind}", verb.operation),
            "patch" => format!("partially update{of} the specified {kind}"),
            "deletecollection" => format!("delete collection of{of} {kind}"),
            other => format!("{other}{of} {}{kind}", article(kind)),
        }
    }

    /// The operation's name and its tag: verb, group, version, the rest (A/endpoints/openapi/openapi.go).
    fn id(&self, verb: &Verb) -> (String, String) {
        let d = self.kind.definition();
        let group = if d.group.is_empty() { "core" } else { d.group.strip_suffix(".k8s.io").unwrap_or(&d.group) };
        let (prefix, collection) = match verb.operation {
            "deletecollection" => ("delete", "collection"),
            other => (other, ""),
        };
        let all = self.suffix == "ForAllNamespaces";
        let namespaced = if d.scope == Scope::Namespaced && !all { "Namespaced" } else { "" };
        let rest = format!("{collection}{namespaced}{}{}", d.names.kind, self.suffix);
        let version = &self.kind.version.name;
        let id = format!("{prefix}{}{}{}", identifier(group, true), identifier(version, true), identifier(&rest, true));
        (id, format!("{}_{}", identifier(group, false), identifier(version, false)))
    }
}

fn article(noun: &str) -> &'static str {
    if noun.ends_with('s') && !noun.ends_with("ss") {
        ""
    } else if noun.starts_with(|c: char| "aeiouAEIOU".contains(c)) {
        "an "
    } else {
        "a "
    }
}

/// Camel case of what may stand in an identifier.
pub(super) fn identifier(text: &str, capitalize: bool) -> String {
    let (mut out, mut capitalize) = (String::with_capacity(text.len()), capitalize);
    for (i, c) in text.chars().enumerate() {
        if c.is_alphabetic() || c == '_' || (i != 0 && c.is_numeric()) {
            if capitalize {
                out.extend(c.to_uppercase())
            } else {
                out.push(c)
            }
            capitalize = false;
        } else {
            capitalize = true;
        }
    }
    out
}

pub(super) fn content(media: &[&str], schema: &Value) -> Value {
    media.iter().map(|m| ((*m).to_owned(), json!({"schema": schema}))).collect::<Map<_, _>>().into()
}

fn query(key: &str, flavour: Flavour) -> Value {
    let (description, type_) = parameter(key);
    let name = key.split(' ').next().unwrap_or_default();
    typed(json!({"name": name, "in": "query", "description": description}), type_, flavour)
}

fn path_parameter(name: &str, description: &str, flavour: Flavour) -> Value {
    typed(json!({"name": name, "in": "path", "description": description, "required": true}), "string", flavour)
}

fn typed(mut parameter: Value, type_: &str, flavour: Flavour) -> Value {
    match flavour {
        Flavour::V2 => {
            parameter["type"] = type_.into();
            parameter["uniqueItems"] = true.into();
        }
        Flavour::V3 => parameter["schema"] = json!({"type": type_, "uniqueItems": true}),
    }
    parameter
}

fn sorted(mut parameters: Vec<Value>) -> Value {
    parameters.sort_by(|a, b| a["name"].as_str().cmp(&b["name"].as_str()));
    parameters.into()
}
