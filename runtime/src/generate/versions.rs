//! `Versions`: one kind in several versions, each a struct of its own, made into one CustomResourceDefinition and the
//! conversion graph that goes with it. What a conversion means is the user's `From` and `TryFrom`; how an object gets along
//! the graph is `resource::conversion`'s.

use crate::resource::conversion::{Graph, Neighbour};
use kube_core::crd::merge_crds;
use kube_core::object::{HasSpec, HasStatus};
use kube_core::{CustomResourceExt, Resource};
use serde_json::Value;
use std::marker::PhantomData;

/// The versions of a kind, oldest first. The newest, `Newest`, is stored unless another is named; served are those whose own
/// definition says so.
///
/// Neighbours convert by `TryFrom` in both directions (`From` will do). What an older version cannot hold is kept in an
/// annotation and comes back where it can be held. An error of a conversion should begin with the path of the field.
///
/// ```no_run
/// # use kubegraft::{CustomResource, KubeSchema, Versions};
/// # use serde::{Deserialize, Serialize};
/// mod v1alpha1 {
/// #   use super::*;
///     #[derive(CustomResource, KubeSchema, Serialize, Deserialize, Clone, Debug)]
///     #[kube(group = "example.com", version = "v1alpha1", kind = "Pane", deprecated)]
///     pub struct PaneSpec { pub size: u32 }
/// }
/// mod v1 {
/// #   use super::*;
///     #[derive(CustomResource, KubeSchema, Serialize, Deserialize, Clone, Debug)]
///     #[kube(group = "example.com", version = "v1", kind = "Pane")]
///     pub struct PaneSpec { pub width: u32, pub height: u32 }
/// }
/// impl From<v1alpha1::PaneSpec> for v1::PaneSpec {
///     fn from(old: v1alpha1::PaneSpec) -> Self {
///         Self { width: old.size, height: old.size }
///     }
/// }
/// impl From<v1::PaneSpec> for v1alpha1::PaneSpec {
///     fn from(new: v1::PaneSpec) -> Self {
///         Self { size: new.width }
///     }
/// }
/// # fn main() -> std::process::ExitCode {
/// kubegraft::App::new("panes").versions(Versions::oldest::<v1alpha1::Pane>().then_spec::<v1::Pane>()).main()
/// # }
/// ```
pub struct Versions<Newest = ()> {
    crds: Vec<Value>,
    graph: Graph,
    storage: String,
    newest: PhantomData<fn() -> Newest>,
}

impl Versions<()> {
    /// The oldest version.
    pub fn oldest<T: CustomResourceExt + Resource<DynamicType = ()>>() -> Versions<T> {
        let version = T::version(&()).into_owned();
        Versions { crds: vec![crd::<T>()], graph: Graph::new(&*version), storage: version, newest: PhantomData }
    }
}

impl<Newest> Versions<Newest> {
    /// The next version, with conversions between whole objects.
    #[must_use]
    pub fn then<New>(self) -> Versions<New>
    where
        Newest: Neighbour<New>,
        New: Neighbour<Newest> + CustomResourceExt + Resource<DynamicType = ()>,
    {
        self.push(|graph, version| graph.step::<Newest, New>(version))
    }

    /// The next version, with conversions between specs; a status is the same in both.
    #[must_use]
    pub fn then_spec<New>(self) -> Versions<New>
    where
        Newest: HasSpec<Spec: Neighbour<New::Spec>>,
        New: HasSpec<Spec: Neighbour<Newest::Spec>> + CustomResourceExt + Resource<DynamicType = ()>,
    {
        self.push(|graph, version| graph.spec_step::<Newest::Spec, New::Spec>(version))
    }

    /// The next version, with conversions between specs and between statuses.
    #[must_use]
    pub fn then_spec_and_status<New>(self) -> Versions<New>
    where
        Newest: HasSpec<Spec: Neighbour<New::Spec>> + HasStatus<Status: Neighbour<New::Status>>,
        New: HasSpec<Spec: Neighbour<Newest::Spec>> + HasStatus<Status: Neighbour<Newest::Status>>,
        New: CustomResourceExt + Resource<DynamicType = ()>,
    {
        self.push(|graph, version| {
            graph.spec_and_status_step::<Newest::Spec, New::Spec, Newest::Status, New::Status>(version)
        })
    }

    fn push<New: CustomResourceExt + Resource<DynamicType = ()>>(
        mut self,
        step: impl FnOnce(Graph, &str) -> Graph,
    ) -> Versions<New> {
        let version = New::version(&()).into_owned();
        self.crds.push(crd::<New>());
        Versions { crds: self.crds, graph: step(self.graph, &version), storage: version, newest: PhantomData }
    }

    /// Stores this version instead of the newest.
    #[must_use]
    pub fn stored<T: Resource<DynamicType = ()>>(mut self) -> Self {
        self.storage = T::version(&()).into_owned();
        self
    }

    /// The CustomResourceDefinition of all versions, newest first, and their graph.
    ///
    /// # Errors
    /// Versions that are not of one kind, and what else keeps them from being one definition.
    pub fn finish(self) -> Result<(Value, Graph), String> {
        let crds = self.crds.into_iter().map(serde_json::from_value).collect::<Result<Vec<_>, _>>();
        let crds = crds.map_err(|e| format!("a definition cannot be read: {e}"))?;
        let order: Vec<String> = self.graph.versions().iter().rev().cloned().collect();
        let mut merged =
            merge_crds(crds, &self.storage).map_err(|e| format!("the versions do not fit together: {e}"))?;
        merged.spec.versions.sort_by_key(|v| order.iter().position(|o| *o == v.name));
        let crd = serde_json::to_value(merged).map_err(|e| format!("a definition is no JSON: {e}"))?;
        let mut graph = self.graph;
        for version in crd.pointer("/spec/versions").and_then(Value::as_array).into_iter().flatten() {
            let name = version.get("name").and_then(Value::as_str);
            if let (Some(name), Some(schema)) = (name, version.pointer("/schema/openAPIV3Schema")) {
                graph = graph.with_schema(name, schema.clone());
            }
        }
        Ok((crd, graph))
    }
}

fn crd<T: CustomResourceExt>() -> Value {
    // What is no JSON is found when it is read back.
    serde_json::to_value(T::crd()).unwrap_or_default()
}
