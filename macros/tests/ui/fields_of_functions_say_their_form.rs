use kubegraft::KubeSchema;
use serde::{Deserialize, Serialize};

mod hex {
    pub fn serialize<S: serde::Serializer>(v: &u64, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(&format!("{v:x}"))
    }

    pub fn deserialize<'de, D: serde::Deserializer<'de>>(d: D) -> Result<u64, D::Error> {
        let text = <String as serde::Deserialize>::deserialize(d)?;
        u64::from_str_radix(&text, 16).map_err(serde::de::Error::custom)
    }
}

#[derive(KubeSchema, Serialize, Deserialize)]
struct Widget {
    #[serde(with = "hex")]
    unknown: u64,
    #[serde(with = "hex")]
    #[x_kube(schema = String, pattern = "^[0-9a-f]+$")]
    known: u64,
}

fn main() {}
