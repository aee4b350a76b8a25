//! The admin kubeconfig: one cluster, one user, certificates embedded.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

/// What goes into a kubeconfig.
pub(super) struct Kubeconfig<'a> {
    /// `https://host:port`.
    pub(super) server: &'a str,
    /// The name to expect in the serving certificate, when the host is not among its names.
    pub(super) tls_server_name: Option<&'a str>,
    /// PEM.
    pub(super) certificate_authority: &'a str,
    /// PEM.
    pub(super) client_certificate: &'a str,
    /// PEM.
    pub(super) client_key: &'a str,
}

impl Kubeconfig<'_> {
    /// The file's text. All values are base64, an URL or a DNS name: none needs quoting in YAML.
    pub(super) fn to_yaml(&self) -> String {
        let name = self.tls_server_name.map(|n| format!("    tls-server-name: {n}\n")).unwrap_or_default();
        let data = |pem: &str| BASE64_STANDARD.encode(pem);
        format!(
            "apiVersion: v1\nkind: Config\ncurrent-context: kubegraft\nclusters:\n- name: kubegraft\n  cluster:\n    \
             server: {}\n{name}    certificate-authority-data: {}\nusers:\n- name: kubegraft-admin\n  user:\n    \
             client-certificate-data: {}\n    client-key-data: {}\ncontexts:\n- name: kubegraft\n  context:\n    \
             cluster: kubegraft\n    user: kubegraft-admin\n",
            self.server,
            data(self.certificate_authority),
            data(self.client_certificate),
            data(self.client_key),
        )
    }
}
