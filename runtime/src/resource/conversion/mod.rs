//! Conversion between the versions of a kind: a chain of versions with typed steps between neighbours, and an object's way
//! along it. What a version on the way cannot hold is kept in an annotation and put back (`keep`). Pure: the engine and the
//! conversion webhook both call it.
//!
//! ```
//! use kubegraft::resource::conversion::Graph;
//! use serde::{Deserialize, Serialize};
//! use serde_json::json;
//!
//! #[derive(Serialize, Deserialize)]
//! struct V1 { size: String }
//! #[derive(Serialize, Deserialize)]
//! struct V2 { width: u32, height: u32 }
//!
//! impl TryFrom<V1> for V2 {
//!     type Error = String;
//!     fn try_from(old: V1) -> Result<Self, String> {
//!         let (w, h) = old.size.split_once('x').ok_or("spec.size: want WIDTHxHEIGHT")?;
//!         let side = |s: &str| s.parse().map_err(|_| format!("spec.size: {s:?} is not a number"));
//!         Ok(V2 { width: side(w)?, height: side(h)? })
//!     }
//! }
//! impl From<V2> for V1 {
//!     fn from(new: V2) -> Self {
//!         V1 { size: format!("{}x{}", new.width, new.height) }
//!     }
//! }
//!
//! let graph = Graph::new("v1").spec_step::<V1, V2>("v2");
//! let old = json!({"apiVersion": "ex.io/v1", "kind": "Pane", "metadata": {"name": "p"}, "spec": {"size": "2x3"}});
//! let new = graph.convert(old, "v2").unwrap();
//! assert_eq!(new["spec"], json!({"width": 2, "height": 3}));
//! assert_eq!(new["apiVersion"], "ex.io/v2");
//! ```

mod graph;
mod keep;
mod lists;
mod misfit;

pub use graph::{ConversionError, Graph, KEPT, Neighbour};
pub use misfit::{Container, Keyed, Misfit, Outcome, step};
