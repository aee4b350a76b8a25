//! Kubernetes' authorization library. No rule has an authorizer, but its functions are declared, and names are taken.

use super::{Function, T, function, method};

pub(super) const AUTHORIZER: &str = "kubernetes.authorization.Authorizer";
pub(super) const PATH: &str = "kubernetes.authorization.PathCheck";
pub(super) const GROUP: &str = "kubernetes.authorization.GroupCheck";
pub(super) const RESOURCE: &str = "kubernetes.authorization.ResourceCheck";
pub(super) const DECISION: &str = "kubernetes.authorization.Decision";

const A: T = T::Named(AUTHORIZER);
const R: T = T::Named(RESOURCE);
const D: T = T::Named(DECISION);

pub(super) const FUNCTIONS: &[Function] = &[
    function("path", &[method("authorizer_path", &[A, T::String], T::Named(PATH))]),
    function("group", &[method("authorizer_group", &[A, T::String], T::Named(GROUP))]),
    function("serviceAccount", &[method("authorizer_serviceaccount", &[A, T::String, T::String], A)]),
    function("resource", &[method("groupcheck_resource", &[T::Named(GROUP), T::String], R)]),
    function("subresource", &[method("resourcecheck_subresource", &[R, T::String], R)]),
    function("namespace", &[method("resourcecheck_namespace", &[R, T::String], R)]),
    function("name", &[method("resourcecheck_name", &[R, T::String], R)]),
    function(
        "check",
        &[
            method("pathcheck_check", &[T::Named(PATH), T::String], D),
            method("resourcecheck_check", &[R, T::String], D),
        ],
    ),
    function("errored", &[method("decision_errored", &[D], T::Bool)]),
    function("error", &[method("decision_error", &[D], T::String)]),
    function("allowed", &[method("decision_allowed", &[D], T::Bool)]),
    function("reason", &[method("decision_reason", &[D], T::String)]),
    function("fieldSelector", &[method("authorizer_fieldselector", &[R, T::String], R)]),
    function("labelSelector", &[method("authorizer_labelselector", &[R, T::String], R)]),
];
