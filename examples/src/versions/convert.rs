//! What becomes of a website's fields in the next version, and in the one before. Nobody has to remember what an older version
//! cannot hold: Kubegraft keeps it in an annotation and brings it back.

use super::{v1, v1alpha1, v1beta1};

pub(super) fn name_and_tag(image: String) -> v1beta1::Image {
    match image.rsplit_once(':') {
        // What follows the last colon is a port of the registry when a path comes after it.
        Some((name, tag)) if !tag.contains('/') => v1beta1::Image { name: name.to_owned(), tag: Some(tag.to_owned()) },
        _ => v1beta1::Image { name: image, tag: None },
    }
}

pub(super) fn one_text(image: v1beta1::Image) -> String {
    let v1beta1::Image { name, tag } = image;
    match tag {
        Some(tag) => format!("{name}:{tag}"),
        None => name,
    }
}

pub(super) fn only(old: &v1alpha1::WebsiteSpec) -> Vec<v1beta1::PortNumber> {
    old.port.into_iter().map(v1beta1::PortNumber).collect()
}

pub(super) fn first(new: &v1beta1::WebsiteSpec) -> Option<u16> {
    new.ports.first().map(|p| p.0)
}

pub(super) fn named(ports: Vec<v1beta1::PortNumber>) -> Vec<v1::Port> {
    let port = |v1beta1::PortNumber(port)| v1::Port { name: format!("port-{port}"), port };
    ports.into_iter().map(port).collect()
}

pub(super) fn numbers(ports: Vec<v1::Port>) -> Vec<v1beta1::PortNumber> {
    let mut numbers: Vec<v1beta1::PortNumber> = Vec::new();
    for v1::Port { port, .. } in ports {
        // Two names may stand for one number, which is once in a set.
        if !numbers.contains(&v1beta1::PortNumber(port)) {
            numbers.push(v1beta1::PortNumber(port));
        }
    }
    numbers
}

pub(super) fn way(recreate: bool) -> v1::Update {
    if recreate { v1::Update::Recreate } else { v1::Update::Rolling }
}

pub(super) fn starts_anew(update: v1::Update) -> bool {
    update == v1::Update::Recreate
}
