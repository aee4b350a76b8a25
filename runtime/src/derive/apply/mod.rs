//! Server-side apply with types: what a configuration of a type is, and the metadata of one. The derive writes the structs; how
//! a server merges them is `patch::apply`'s.

mod whole;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, OwnerReference};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, LinkedList, VecDeque};
use std::fmt::Debug;
use std::hash::{BuildHasher, Hash};

/// A type that can be applied in parts. `#[x_kube(apply)]` makes the configuration of a struct or enum, `#[kube(apply)]` that of
/// a whole resource.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no apply configuration",
    label = "cannot be applied in parts",
    note = "write `#[x_kube(apply)]` on `{Self}`, beside `#[derive(KubeSchema)]`; or `#[x_kube(apply = \"whole\")]` on this field, whose values are then given as a whole"
)]
pub trait Apply: Sized {
    /// What is given of a value: fields that are not set are not written.
    type Configuration: Clone + Debug + Serialize;

    /// All of a value.
    fn into_configuration(self) -> Self::Configuration;
}

/// Compiles if a type can be applied in parts: derived code asks once for each.
#[doc(hidden)]
pub fn has_configuration<T: Apply>() {}

impl<T: Apply> Apply for Option<T> {
    /// None is null, which is written: a field that is not set is none around it.
    type Configuration = Option<T::Configuration>;

    fn into_configuration(self) -> Self::Configuration {
        self.map(T::into_configuration)
    }
}

impl<T: Apply> Apply for Box<T> {
    type Configuration = Box<T::Configuration>;

    fn into_configuration(self) -> Self::Configuration {
        Box::new((*self).into_configuration())
    }
}

/// Lists of all kinds are lists of configurations: those of keyed items are merged by their keys.
macro_rules! list {
    ([$($params:tt)*] $list:ty) => {
        impl<T: Apply, $($params)*> Apply for $list {
            type Configuration = Vec<T::Configuration>;

            fn into_configuration(self) -> Self::Configuration {
                self.into_iter().map(T::into_configuration).collect()
            }
        }
    };
}

list!([] Vec<T>);
list!([] VecDeque<T>);
list!([] LinkedList<T>);
list!([] BTreeSet<T>);
list!([S] HashSet<T, S>);
list!([const N: usize] [T; N]);

impl<K: Ord + Clone + Debug + Serialize, V: Apply> Apply for BTreeMap<K, V> {
    type Configuration = BTreeMap<K, V::Configuration>;

    fn into_configuration(self) -> Self::Configuration {
        self.into_iter().map(|(k, v)| (k, v.into_configuration())).collect()
    }
}

impl<K, V: Apply, S: BuildHasher + Default + Clone> Apply for HashMap<K, V, S>
where
    K: Eq + Hash + Clone + Debug + Serialize,
{
    type Configuration = HashMap<K, V::Configuration, S>;

    fn into_configuration(self) -> Self::Configuration {
        self.into_iter().map(|(k, v)| (k, v.into_configuration())).collect()
    }
}

/// What can be applied of an object's metadata.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MetadataApply {
    /// Which object it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Where it is. A request names it as well.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// Applied to this object only, not to another of the same name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uid: Option<String>,
    /// Applied to this state of the object only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource_version: Option<String>,
    /// Labels; those of other managers stay.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub labels: Option<BTreeMap<String, String>>,
    /// Annotations; those of other managers stay.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub annotations: Option<BTreeMap<String, String>>,
    /// Finalizers: a set, to which others may add.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finalizers: Option<Vec<String>>,
    /// Owners, told apart by their uid.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner_references: Option<Vec<OwnerReference>>,
}

impl MetadataApply {
    /// Of the object of this name.
    pub fn named(name: impl Into<String>) -> Self {
        Self { name: Some(name.into()), ..Self::default() }
    }

    /// Sets the namespace.
    #[must_use]
    pub fn with_namespace(mut self, namespace: impl Into<String>) -> Self {
        self.namespace = Some(namespace.into());
        self
    }

    /// Sets labels, or adds to them.
    #[must_use]
    pub fn with_labels(mut self, labels: impl IntoIterator<Item = (impl Into<String>, impl Into<String>)>) -> Self {
        self.labels.get_or_insert_default().extend(labels.into_iter().map(|(k, v)| (k.into(), v.into())));
        self
    }

    /// Sets annotations, or adds to them.
    #[must_use]
    pub fn with_annotations(mut self, all: impl IntoIterator<Item = (impl Into<String>, impl Into<String>)>) -> Self {
        self.annotations.get_or_insert_default().extend(all.into_iter().map(|(k, v)| (k.into(), v.into())));
        self
    }

    /// Sets finalizers, or adds to them.
    #[must_use]
    pub fn with_finalizers(mut self, finalizers: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.finalizers.get_or_insert_default().extend(finalizers.into_iter().map(Into::into));
        self
    }

    /// Sets owners, or adds to them.
    #[must_use]
    pub fn with_owner_references(mut self, owners: impl IntoIterator<Item = OwnerReference>) -> Self {
        self.owner_references.get_or_insert_default().extend(owners);
        self
    }
}

impl From<ObjectMeta> for MetadataApply {
    /// What a user may say; what the server keeps for itself is left out, with uid and resourceVersion, which would be
    /// conditions.
    fn from(m: ObjectMeta) -> Self {
        Self {
            name: m.name,
            namespace: m.namespace,
            labels: m.labels,
            annotations: m.annotations,
            finalizers: m.finalizers,
            owner_references: m.owner_references,
            ..Self::default()
        }
    }
}
