//! How server-side apply merges the lists of Kubernetes' own types (the `x-kubernetes-list-*` of its OpenAPI document), which
//! k8s-openapi's schemas leave out.

use serde_json::{Map, Value, json};

/// Type, field, and the keys of its list map; `*` alone for a set, none for a list that is replaced as a whole.
type Entry = (&'static str, &'static str, &'static [&'static str]);

const SET: &[&str] = &["*"];
const ATOMIC: &[&str] = &[];

const LISTS: &[Entry] = &[
    ("meta.v1.LabelSelector", "matchExpressions", ATOMIC),
    ("meta.v1.LabelSelectorRequirement", "values", ATOMIC),
    ("meta.v1.ObjectMeta", "finalizers", SET),
    ("meta.v1.ObjectMeta", "ownerReferences", &["uid"]),
    ("meta.v1.ObjectMeta", "managedFields", ATOMIC),
    ("core.v1.PodSpec", "containers", &["name"]),
    ("core.v1.PodSpec", "initContainers", &["name"]),
    ("core.v1.PodSpec", "ephemeralContainers", &["name"]),
    ("core.v1.PodSpec", "volumes", &["name"]),
    ("core.v1.PodSpec", "imagePullSecrets", &["name"]),
    ("core.v1.PodSpec", "hostAliases", &["ip"]),
    ("core.v1.PodSpec", "readinessGates", ATOMIC),
    ("core.v1.PodSpec", "resourceClaims", &["name"]),
    ("core.v1.PodSpec", "schedulingGates", &["name"]),
    ("core.v1.PodSpec", "tolerations", ATOMIC),
    ("core.v1.PodSpec", "topologySpreadConstraints", &["topologyKey", "whenUnsatisfiable"]),
    ("core.v1.PodSecurityContext", "supplementalGroups", ATOMIC),
    ("core.v1.PodSecurityContext", "sysctls", ATOMIC),
    ("core.v1.PodDNSConfig", "nameservers", ATOMIC),
    ("core.v1.PodDNSConfig", "options", ATOMIC),
    ("core.v1.PodDNSConfig", "searches", ATOMIC),
    ("core.v1.Container", "args", ATOMIC),
    ("core.v1.Container", "command", ATOMIC),
    ("core.v1.Container", "env", &["name"]),
    ("core.v1.Container", "envFrom", ATOMIC),
    ("core.v1.Container", "ports", &["containerPort", "protocol"]),
    ("core.v1.Container", "resizePolicy", ATOMIC),
    ("core.v1.Container", "volumeDevices", &["devicePath"]),
    ("core.v1.Container", "volumeMounts", &["mountPath"]),
    ("core.v1.EphemeralContainer", "args", ATOMIC),
    ("core.v1.EphemeralContainer", "command", ATOMIC),
    ("core.v1.EphemeralContainer", "env", &["name"]),
    ("core.v1.EphemeralContainer", "envFrom", ATOMIC),
    ("core.v1.EphemeralContainer", "ports", &["containerPort", "protocol"]),
    ("core.v1.EphemeralContainer", "resizePolicy", ATOMIC),
    ("core.v1.EphemeralContainer", "volumeDevices", &["devicePath"]),
    ("core.v1.EphemeralContainer", "volumeMounts", &["mountPath"]),
    ("core.v1.ExecAction", "command", ATOMIC),
    ("core.v1.HTTPGetAction", "httpHeaders", ATOMIC),
    ("core.v1.HostAlias", "hostnames", ATOMIC),
    ("core.v1.Capabilities", "add", ATOMIC),
    ("core.v1.Capabilities", "drop", ATOMIC),
    ("core.v1.ResourceRequirements", "claims", &["name"]),
    ("core.v1.NodeSelector", "nodeSelectorTerms", ATOMIC),
    ("core.v1.NodeSelectorTerm", "matchExpressions", ATOMIC),
    ("core.v1.NodeSelectorTerm", "matchFields", ATOMIC),
    ("core.v1.NodeSelectorRequirement", "values", ATOMIC),
    ("core.v1.NodeAffinity", "preferredDuringSchedulingIgnoredDuringExecution", ATOMIC),
    ("core.v1.PodAffinity", "preferredDuringSchedulingIgnoredDuringExecution", ATOMIC),
    ("core.v1.PodAffinity", "requiredDuringSchedulingIgnoredDuringExecution", ATOMIC),
    ("core.v1.PodAntiAffinity", "preferredDuringSchedulingIgnoredDuringExecution", ATOMIC),
    ("core.v1.PodAntiAffinity", "requiredDuringSchedulingIgnoredDuringExecution", ATOMIC),
    ("core.v1.PodAffinityTerm", "matchLabelKeys", ATOMIC),
    ("core.v1.PodAffinityTerm", "mismatchLabelKeys", ATOMIC),
    ("core.v1.PodAffinityTerm", "namespaces", ATOMIC),
    ("core.v1.TopologySpreadConstraint", "matchLabelKeys", ATOMIC),
    ("core.v1.ConfigMapVolumeSource", "items", ATOMIC),
    ("core.v1.ConfigMapProjection", "items", ATOMIC),
    ("core.v1.SecretVolumeSource", "items", ATOMIC),
    ("core.v1.SecretProjection", "items", ATOMIC),
    ("core.v1.DownwardAPIVolumeSource", "items", ATOMIC),
    ("core.v1.DownwardAPIProjection", "items", ATOMIC),
    ("core.v1.ProjectedVolumeSource", "sources", ATOMIC),
    ("core.v1.CephFSVolumeSource", "monitors", ATOMIC),
    ("core.v1.RBDVolumeSource", "monitors", ATOMIC),
    ("core.v1.ISCSIVolumeSource", "portals", ATOMIC),
    ("core.v1.FCVolumeSource", "targetWWNs", ATOMIC),
    ("core.v1.FCVolumeSource", "wwids", ATOMIC),
    ("core.v1.PersistentVolumeClaimSpec", "accessModes", ATOMIC),
    ("core.v1.ServiceSpec", "clusterIPs", ATOMIC),
    ("core.v1.ServiceSpec", "externalIPs", ATOMIC),
    ("core.v1.ServiceSpec", "ipFamilies", ATOMIC),
    ("core.v1.ServiceSpec", "loadBalancerSourceRanges", ATOMIC),
    ("core.v1.ServiceSpec", "ports", &["port", "protocol"]),
];

/// Objects that are replaced as a whole.
const ATOMIC_MAPS: &[&str] = &[
    "meta.v1.LabelSelector",
    "meta.v1.OwnerReference",
    "core.v1.ConfigMapKeySelector",
    "core.v1.LocalObjectReference",
    "core.v1.NodeSelector",
    "core.v1.NodeSelectorTerm",
    "core.v1.ObjectFieldSelector",
    "core.v1.ObjectReference",
    "core.v1.ResourceFieldSelector",
    "core.v1.SecretKeySelector",
    "core.v1.SecretReference",
    "core.v1.TypedLocalObjectReference",
];

/// A key that the API server fills in, so that it may be one.
fn default_of(key: &str) -> Option<&'static str> {
    match key {
        "protocol" => Some("TCP"),
        "name" => Some(""),
        _ => None,
    }
}

/// Adds to the schema of a type what k8s-openapi leaves out. `name` is its OpenAPI name.
pub(super) fn complete(name: &str, node: &mut Map<String, Value>) {
    if !name.starts_with("io.k8s.") {
        return;
    }
    let is = |t: &str| name.ends_with(t) && name[..name.len() - t.len()].ends_with('.');
    if ATOMIC_MAPS.iter().any(|t| is(t)) {
        node.insert("x-kubernetes-map-type".into(), "atomic".into());
    }
    let Some(Value::Object(properties)) = node.get_mut("properties") else { return };
    for (_, field, keys) in LISTS.iter().filter(|(t, ..)| is(t)) {
        let Some(Value::Object(list)) = properties.get_mut(*field) else { continue };
        let type_ = match *keys {
            [] => "atomic",
            ["*"] => "set",
            _ => "map",
        };
        list.insert("x-kubernetes-list-type".into(), type_.into());
        if type_ == "map" {
            list.insert("x-kubernetes-list-map-keys".into(), json!(keys));
            keys.iter().for_each(|k| require(list, k));
        }
    }
}

/// A key must be there: required, or with a default.
fn require(list: &mut Map<String, Value>, key: &str) {
    let Some(Value::Object(item)) = list.get_mut("items") else { return };
    let required = item.get("required").and_then(Value::as_array).is_some_and(|r| r.iter().any(|n| n == key));
    if required {
        return;
    }
    if let (Some(default), Some(Value::Object(property))) =
        (default_of(key), item.get_mut("properties").and_then(|p| p.get_mut(key)))
    {
        property.entry("default").or_insert(default.into());
    }
}
