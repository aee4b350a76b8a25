use kubegraft::{CustomResource, KubeSchema};
use serde::{Deserialize, Serialize};

#[derive(CustomResource, KubeSchema, Serialize, Deserialize, Clone, Debug)]
#[kube(group = "example.com", version = "v1", kind = "Widget", status = "WidgetStatus")]
#[kube(scale(spec_replicas_path = ".spec.size.high", status_replicas_path = ".status.replica"))]
#[kube(printcolumn(name = "Name", type_ = "string", json_path = ".spec.ports[0].nmae"))]
#[kube(printcolumn(name = "Port", type_ = "integer", json_path = ".spec.ports[?(@.nam==\"http\")].name"))]
#[kube(printcolumn(name = "Colour", type_ = "string", json_path = ".spec.look.paint.shade"))]
#[kube(printcolumn(name = "Far", type_ = "string", json_path = ".spec.look.elsewhere"))]
#[kube(printcolumn(name = "Deep", type_ = "string", json_path = ".spec.colour.red"))]
#[kube(printcolumn(name = "First", type_ = "string", json_path = ".spec.look[0]"))]
#[kube(printcolumn(name = "Kind", type_ = "string", json_path = ".spec.source.git.brnach"))]
#[kube(printcolumn(name = "Ok", type_ = "string", json_path = ".spec.labels.anything"))]
#[kube(printcolumn(name = "Up", type_ = "boolean", json_path = ".status.ready"))]
#[kube(selectable = ".spec.ports")]
#[kube(validation = Rule::new("self.spec.size.low < self.spec.size.high").field_path(".spec.size.lo"))]
#[x_kube(validation = Rule::new("self.colour != ''").field_path(".color"))]
struct WidgetSpec {
    colour: String,
    ports: Vec<Port>,
    look: Option<Box<Look>>,
    source: Source,
    size: Size,
    labels: std::collections::BTreeMap<String, String>,
}

#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug)]
struct Port {
    name: String,
}

#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug)]
#[serde(rename_all = "camelCase")]
struct Look {
    shine: bool,
    #[serde(flatten)]
    painted: Painted,
}

#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug)]
struct Painted {
    paint: Paint,
}

#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug)]
struct Paint {
    shades: Vec<String>,
}

#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug)]
#[serde(rename_all = "camelCase")]
enum Source {
    Git { branch: String },
    Local(String),
}

#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug)]
struct Size {
    low: i32,
    high: String,
}

#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug)]
struct WidgetStatus {
    replicas: i32,
    ready: String,
}

fn main() {}
