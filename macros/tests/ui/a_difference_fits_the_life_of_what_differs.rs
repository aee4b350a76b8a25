use kubegraft::KubeSchema;
use serde::{Deserialize, Serialize};

#[kubegraft::versioned(version(name = "v1alpha1"), version(name = "v1beta1"), version(name = "v1"))]
#[derive(KubeSchema, Serialize, Deserialize)]
struct Cup {
    #[versioned(added(since = "v1alpha1"))]
    a: u8,
    #[versioned(removed(since = "v1alpha1"))]
    b: u8,
    #[versioned(added(since = "v1"), removed(since = "v1beta1"))]
    c: u8,
    #[versioned(changed(since = "v1alpha1", from_name = "e"))]
    d: u8,
    #[versioned(added(since = "v1beta1"), changed(since = "v1beta1", from_type = u16))]
    f: u8,
    #[versioned(removed(since = "v1beta1"), deprecated(since = "v1"))]
    g: u8,
    #[versioned(changed(since = "v1", from_name = "i"), changed(since = "v1", from_type = u16))]
    h: u8,
    #[versioned(added(since = "v1"), added(since = "v1beta1"))]
    j: u8,
}

fn main() {}
