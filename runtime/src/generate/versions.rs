//! `Versions`: one kind in several versions, each a struct of its own, made into one CustomResourceDefinition and the
//! conversion graph that goes with it. What a conversion means is the user's `From` and `TryFrom`; how an object gets along
//! the graph is `resource::conversion`'s.

use crate::resource::conversion::Graph;
use kube_core::crd::merge_crds;
use kube_core::{CustomResourceExt, Resource};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::fmt::Display;

/// The versions of a kind, oldest first. The newest is stored unless another is named; all are served.
///
/// Neighbours convert by `TryFrom` in both directions (`From` will do), of whole objects. What an older version cannot hold
/// is kept in an annotation and comes back where it can be held.
pub struct Versions {
    crds: Vec<Value>,
    graph: Graph,
    storage: String,
}

impl Versions {
    /// The oldest version.
    pub fn oldest<T: CustomResourceExt + Resource<DynamicType = ()>>() -> Self {
        let version = T::version(&()).into_owned();
        Self { crds: vec![crd::<T>()], graph: Graph::new(&*version), storage: version }
    }

    /// The next version, which comes after `Old`.
    #[must_use]
    pub fn then<Old, New>(mut self) -> Self
    where
        Old: Serialize + DeserializeOwned + TryFrom<New> + 'static,
        New: Serialize + DeserializeOwned + TryFrom<Old> + CustomResourceExt + Resource<DynamicType = ()> + 'static,
        <Old as TryFrom<New>>::Error: Display,
        <New as TryFrom<Old>>::Error: Display,
    {
        let version = New::version(&()).into_owned();
        self.crds.push(crd::<New>());
        self.graph = self.graph.step::<Old, New>(&*version);
        self.storage = version;
        self
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
        Ok((crd, self.graph))
    }
}

fn crd<T: CustomResourceExt>() -> Value {
    // What is no JSON is found when it is read back.
    serde_json::to_value(T::crd()).unwrap_or_default()
}
