//! The messages that are spoken in protobuf, as tables over their JSON form: field numbers and names are those of the
//! `generated.proto` files of k8s.io/api and k8s.io/apimachinery.

/// What a member is.
pub(super) enum Type {
    Text,
    Flag,
    Integer,
    /// `metav1.Time`
    Time,
    /// `FieldsV1`: JSON as it stands.
    Raw,
    Texts,
    TextMap,
    Message(&'static [Field]),
    Messages(&'static [Field]),
    /// A list of texts in a message of its own (`Verbs`).
    Wrapped,
}

/// A member: its number, its JSON name, its type, and whether it is no pointer in Go: then it is always written, and its zero
/// stands for its absence.
pub(super) struct Field(pub u32, pub &'static str, pub Type, pub bool);

use Type::{Flag, Integer, Message, Messages, Raw, Text, TextMap, Texts, Time, Wrapped};

const ALWAYS: bool = true;
const GIVEN: bool = false;

const OWNER: &[Field] = &[
    Field(1, "kind", Text, ALWAYS),
    Field(3, "name", Text, ALWAYS),
    Field(4, "uid", Text, ALWAYS),
    Field(5, "apiVersion", Text, ALWAYS),
    Field(6, "controller", Flag, GIVEN),
    Field(7, "blockOwnerDeletion", Flag, GIVEN),
];
const MANAGED: &[Field] = &[
    Field(1, "manager", Text, ALWAYS),
    Field(2, "operation", Text, ALWAYS),
    Field(3, "apiVersion", Text, ALWAYS),
    Field(4, "time", Time, GIVEN),
    Field(6, "fieldsType", Text, ALWAYS),
    Field(7, "fieldsV1", Raw, GIVEN),
    Field(8, "subresource", Text, ALWAYS),
];
const OBJECT_META: &[Field] = &[
    Field(1, "name", Text, ALWAYS),
    Field(2, "generateName", Text, ALWAYS),
    Field(3, "namespace", Text, ALWAYS),
    Field(4, "selfLink", Text, ALWAYS),
    Field(5, "uid", Text, ALWAYS),
    Field(6, "resourceVersion", Text, ALWAYS),
    Field(7, "generation", Integer, ALWAYS),
    Field(8, "creationTimestamp", Time, ALWAYS),
    Field(9, "deletionTimestamp", Time, GIVEN),
    Field(10, "deletionGracePeriodSeconds", Integer, GIVEN),
    Field(11, "labels", TextMap, GIVEN),
    Field(12, "annotations", TextMap, GIVEN),
    Field(13, "ownerReferences", Messages(OWNER), GIVEN),
    Field(14, "finalizers", Texts, GIVEN),
    Field(17, "managedFields", Messages(MANAGED), GIVEN),
];
const LIST_META: &[Field] = &[
    Field(1, "selfLink", Text, ALWAYS),
    Field(2, "resourceVersion", Text, ALWAYS),
    Field(3, "continue", Text, ALWAYS),
    Field(4, "remainingItemCount", Integer, GIVEN),
];
pub(super) const TYPE_META: &[Field] = &[Field(1, "apiVersion", Text, ALWAYS), Field(2, "kind", Text, ALWAYS)];
const PARTIAL: &[Field] = &[Field(1, "metadata", Message(OBJECT_META), ALWAYS)];
const PARTIAL_LIST: &[Field] =
    &[Field(1, "metadata", Message(LIST_META), ALWAYS), Field(2, "items", Messages(PARTIAL), GIVEN)];
const CAUSE: &[Field] =
    &[Field(1, "reason", Text, ALWAYS), Field(2, "message", Text, ALWAYS), Field(3, "field", Text, ALWAYS)];
const DETAILS: &[Field] = &[
    Field(1, "name", Text, ALWAYS),
    Field(2, "group", Text, ALWAYS),
    Field(3, "kind", Text, ALWAYS),
    Field(4, "causes", Messages(CAUSE), GIVEN),
    Field(5, "retryAfterSeconds", Integer, ALWAYS),
    Field(6, "uid", Text, ALWAYS),
];
const STATUS: &[Field] = &[
    Field(1, "metadata", Message(LIST_META), ALWAYS),
    Field(2, "status", Text, ALWAYS),
    Field(3, "message", Text, ALWAYS),
    Field(4, "reason", Text, ALWAYS),
    Field(5, "details", Message(DETAILS), GIVEN),
    Field(6, "code", Integer, ALWAYS),
];
const ADDRESS: &[Field] = &[Field(1, "clientCIDR", Text, ALWAYS), Field(2, "serverAddress", Text, ALWAYS)];
const API_VERSIONS: &[Field] =
    &[Field(1, "versions", Texts, GIVEN), Field(2, "serverAddressByClientCIDRs", Messages(ADDRESS), GIVEN)];
const GROUP_VERSION: &[Field] = &[Field(1, "groupVersion", Text, ALWAYS), Field(2, "version", Text, ALWAYS)];
const API_GROUP: &[Field] = &[
    Field(1, "name", Text, ALWAYS),
    Field(2, "versions", Messages(GROUP_VERSION), GIVEN),
    Field(3, "preferredVersion", Message(GROUP_VERSION), ALWAYS),
    Field(4, "serverAddressByClientCIDRs", Messages(ADDRESS), GIVEN),
];
const API_GROUP_LIST: &[Field] = &[Field(1, "groups", Messages(API_GROUP), GIVEN)];
const API_RESOURCE: &[Field] = &[
    Field(1, "name", Text, ALWAYS),
    Field(2, "namespaced", Flag, ALWAYS),
    Field(3, "kind", Text, ALWAYS),
    Field(4, "verbs", Wrapped, GIVEN),
    Field(5, "shortNames", Texts, GIVEN),
    Field(6, "singularName", Text, ALWAYS),
    Field(7, "categories", Texts, GIVEN),
    Field(8, "group", Text, ALWAYS),
    Field(9, "version", Text, ALWAYS),
    Field(10, "storageVersionHash", Text, ALWAYS),
];
const API_RESOURCE_LIST: &[Field] =
    &[Field(1, "groupVersion", Text, ALWAYS), Field(2, "resources", Messages(API_RESOURCE), GIVEN)];
const KIND: &[Field] =
    &[Field(1, "group", Text, ALWAYS), Field(2, "version", Text, ALWAYS), Field(3, "kind", Text, ALWAYS)];
const SUBRESOURCE_DISCOVERY: &[Field] = &[
    Field(1, "subresource", Text, ALWAYS),
    Field(2, "responseKind", Message(KIND), GIVEN),
    Field(3, "acceptedTypes", Messages(KIND), GIVEN),
    Field(4, "verbs", Texts, GIVEN),
];
const RESOURCE_DISCOVERY: &[Field] = &[
    Field(1, "resource", Text, ALWAYS),
    Field(2, "responseKind", Message(KIND), GIVEN),
    Field(3, "scope", Text, ALWAYS),
    Field(4, "singularResource", Text, ALWAYS),
    Field(5, "verbs", Texts, GIVEN),
    Field(6, "shortNames", Texts, GIVEN),
    Field(7, "categories", Texts, GIVEN),
    Field(8, "subresources", Messages(SUBRESOURCE_DISCOVERY), GIVEN),
];
const VERSION_DISCOVERY: &[Field] = &[
    Field(1, "version", Text, ALWAYS),
    Field(2, "resources", Messages(RESOURCE_DISCOVERY), GIVEN),
    Field(3, "freshness", Text, ALWAYS),
];
const GROUP_DISCOVERY: &[Field] =
    &[Field(1, "metadata", Message(OBJECT_META), ALWAYS), Field(2, "versions", Messages(VERSION_DISCOVERY), GIVEN)];
const GROUP_DISCOVERY_LIST: &[Field] =
    &[Field(1, "metadata", Message(LIST_META), ALWAYS), Field(2, "items", Messages(GROUP_DISCOVERY), GIVEN)];
const PRECONDITIONS: &[Field] = &[Field(1, "uid", Text, GIVEN), Field(2, "resourceVersion", Text, GIVEN)];
const DELETE_OPTIONS: &[Field] = &[
    Field(1, "gracePeriodSeconds", Integer, GIVEN),
    Field(2, "preconditions", Message(PRECONDITIONS), GIVEN),
    Field(3, "orphanDependents", Flag, GIVEN),
    Field(4, "propagationPolicy", Text, GIVEN),
    Field(5, "dryRun", Texts, GIVEN),
    Field(6, "ignoreStoreReadErrorWithClusterBreakingPotential", Flag, GIVEN),
];
const NAMESPACE: &[Field] = &[
    Field(1, "metadata", Message(OBJECT_META), ALWAYS),
    Field(2, "spec", Message(NAMESPACE_SPEC), ALWAYS),
    Field(3, "status", Message(NAMESPACE_STATUS), ALWAYS),
];
const NAMESPACE_SPEC: &[Field] = &[Field(1, "finalizers", Texts, GIVEN)];
const NAMESPACE_STATUS: &[Field] =
    &[Field(1, "phase", Text, ALWAYS), Field(2, "conditions", Messages(NAMESPACE_CONDITION), GIVEN)];
const NAMESPACE_CONDITION: &[Field] = &[
    Field(1, "type", Text, ALWAYS),
    Field(2, "status", Text, ALWAYS),
    Field(4, "lastTransitionTime", Time, ALWAYS),
    Field(5, "reason", Text, ALWAYS),
    Field(6, "message", Text, ALWAYS),
];
const SCALE: &[Field] = &[
    Field(1, "metadata", Message(OBJECT_META), ALWAYS),
    Field(2, "spec", Message(SCALE_SPEC), ALWAYS),
    Field(3, "status", Message(SCALE_STATUS), ALWAYS),
];
const SCALE_SPEC: &[Field] = &[Field(1, "replicas", Integer, ALWAYS)];
const SCALE_STATUS: &[Field] = &[Field(1, "replicas", Integer, ALWAYS), Field(2, "selector", Text, ALWAYS)];
/// A question about the client itself: nothing in it is the client's to say.
const SUBJECT_REVIEW: &[Field] = &[Field(1, "metadata", Message(OBJECT_META), ALWAYS)];
const ACCESS_REVIEW: &[Field] =
    &[Field(1, "metadata", Message(OBJECT_META), ALWAYS), Field(2, "spec", Message(ACCESS_SPEC), ALWAYS)];
const ACCESS_SPEC: &[Field] = &[
    Field(1, "resourceAttributes", Message(RESOURCE_ATTRIBUTES), GIVEN),
    Field(2, "nonResourceAttributes", Message(PATH_ATTRIBUTES), GIVEN),
];
const RESOURCE_ATTRIBUTES: &[Field] = &[
    Field(1, "namespace", Text, ALWAYS),
    Field(2, "verb", Text, ALWAYS),
    Field(3, "group", Text, ALWAYS),
    Field(4, "version", Text, ALWAYS),
    Field(5, "resource", Text, ALWAYS),
    Field(6, "subresource", Text, ALWAYS),
    Field(7, "name", Text, ALWAYS),
];
const PATH_ATTRIBUTES: &[Field] = &[Field(1, "path", Text, ALWAYS), Field(2, "verb", Text, ALWAYS)];
const RULES_REVIEW: &[Field] =
    &[Field(1, "metadata", Message(OBJECT_META), ALWAYS), Field(2, "spec", Message(RULES_SPEC), ALWAYS)];
const RULES_SPEC: &[Field] = &[Field(1, "namespace", Text, ALWAYS)];

/// The table of a kind; `None` for one without a protobuf form here.
pub(super) fn of(kind: &str) -> Option<&'static [Field]> {
    Some(match kind {
        "Status" => STATUS,
        "PartialObjectMetadata" => PARTIAL,
        "PartialObjectMetadataList" => PARTIAL_LIST,
        "APIVersions" => API_VERSIONS,
        "APIGroup" => API_GROUP,
        "APIGroupList" => API_GROUP_LIST,
        "APIResourceList" => API_RESOURCE_LIST,
        "APIGroupDiscoveryList" => GROUP_DISCOVERY_LIST,
        "DeleteOptions" => DELETE_OPTIONS,
        "Namespace" => NAMESPACE,
        "Scale" => SCALE,
        "SelfSubjectReview" => SUBJECT_REVIEW,
        "SelfSubjectAccessReview" => ACCESS_REVIEW,
        "SelfSubjectRulesReview" => RULES_REVIEW,
        _ => return None,
    })
}
