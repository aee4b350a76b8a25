//! The `/version` document (D36). kubectl reads major, minor and gitVersion from it.

use serde_json::{Value, json};

/// The Kubernetes version whose behaviour is served.
pub const KUBERNETES: (u32, u32, u32) = (1, 36, 2);

/// `v1.36.2+kubegraft-0.1.0`: the behaviour served, with this crate's version as build metadata.
pub fn git_version() -> String {
    let (major, minor, patch) = KUBERNETES;
    format!("v{major}.{minor}.{patch}+kubegraft-{}", env!("CARGO_PKG_VERSION"))
}

/// The document.
pub fn document() -> Value {
    let (major, minor, _) = KUBERNETES;
    let arch = match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    };
    json!({
        "major": major.to_string(),
        "minor": minor.to_string(),
        "emulationMajor": major.to_string(),
        "emulationMinor": minor.to_string(),
        "minCompatibilityMajor": major.to_string(),
        "minCompatibilityMinor": (minor - 1).to_string(),
        "gitVersion": git_version(),
        "gitCommit": "",
        "gitTreeState": "",
        "buildDate": "1970-01-01T00:00:00Z",
        "goVersion": "",
        "compiler": "rustc",
        "platform": format!("{}/{arch}", std::env::consts::OS),
    })
}

#[cfg(test)]
mod tests {
    #[test]
    fn clients_can_read_major_and_minor() {
        let v = super::document();
        assert_eq!((v["major"].as_str(), v["minor"].as_str()), (Some("1"), Some("36")));
        assert!(v["gitVersion"].as_str().is_some_and(|g| g.starts_with("v1.36.2+kubegraft")));
    }
}
