//! What becomes of a website in the next version, and in the one before. Nobody has to remember what an older version cannot
//! hold: Kubegraft keeps it in an annotation and brings it back.

use super::{v1, v1alpha1, v1beta1};

impl From<v1alpha1::WebsiteSpec> for v1beta1::WebsiteSpec {
    fn from(old: v1alpha1::WebsiteSpec) -> Self {
        let (name, tag) = match old.image.rsplit_once(':') {
            // What follows the last colon is a port of the registry when a path comes after it.
            Some((name, tag)) if !tag.contains('/') => (name.to_owned(), Some(tag.to_owned())),
            _ => (old.image, None),
        };
        Self {
            image: v1beta1::Image { name, tag },
            ports: old.port.into_iter().map(v1beta1::PortNumber).collect(),
            recreate: false,
        }
    }
}

impl From<v1beta1::WebsiteSpec> for v1alpha1::WebsiteSpec {
    fn from(new: v1beta1::WebsiteSpec) -> Self {
        let v1beta1::Image { name, tag } = new.image;
        let image = match tag {
            Some(tag) => format!("{name}:{tag}"),
            None => name,
        };
        Self { image, port: new.ports.first().map(|p| p.0) }
    }
}

impl From<v1beta1::WebsiteSpec> for v1::WebsiteSpec {
    fn from(old: v1beta1::WebsiteSpec) -> Self {
        let port = |v1beta1::PortNumber(port)| v1::Port { name: format!("port-{port}"), port };
        Self {
            image: old.image,
            ports: old.ports.into_iter().map(port).collect(),
            update: if old.recreate { v1::Update::Recreate } else { v1::Update::Rolling },
        }
    }
}

impl From<v1::WebsiteSpec> for v1beta1::WebsiteSpec {
    fn from(new: v1::WebsiteSpec) -> Self {
        let mut ports: Vec<v1beta1::PortNumber> = Vec::new();
        for v1::Port { port, .. } in new.ports {
            // Two names may stand for one number, which is once in a set.
            if !ports.contains(&v1beta1::PortNumber(port)) {
                ports.push(v1beta1::PortNumber(port));
            }
        }
        Self { image: new.image, ports, recreate: new.update == v1::Update::Recreate }
    }
}
