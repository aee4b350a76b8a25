//! helm renders a chart against the server, and kubectl applies what it rendered: install, upgrade, uninstall of a chart with
//! a definition and an object of it. `helm install` keeps its releases in Secrets, which no server of ours has: it says so.

use kubegraft_tests::{Server, Shell, helm, kubectls};
use std::path::Path;

#[test]
fn a_chart_is_installed_upgraded_and_taken_away() {
    let (Some(helm), Some(kubectl)) = (helm(), kubectls().pop()) else { return };
    let data = tempfile::tempdir().expect("a directory");
    let server = Server::start("crd-host", data.path(), &[]);
    let shell = Shell::new(&kubectl, &server.kubeconfig);
    let chart = Path::new(env!("CARGO_MANIFEST_DIR")).join("helm/chart");
    let prelude = format!("helm() {{ {} \"$@\" 2> err; }}; chart={}\n", helm.display(), chart.display());
    let check = |script: &str, want: &[&str]| {
        let output = shell.run(&format!("{prelude}{script}"));
        let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        for line in want {
            assert!(out.contains(line), "{script}\n{line:?} is not in\n{out}{err}");
        }
    };
    check(
        "helm show crds $chart | kubectl apply -f -; kubectl wait crd/gadgets.helm.example.com --for=condition=Established",
        &["customresourcedefinition.apiextensions.k8s.io/gadgets.helm.example.com created", "condition met"],
    );
    // It asks the server for its version and its kinds.
    check(
        "helm template one $chart --dry-run=server | kubectl apply --server-side -f -",
        &["gadget.helm.example.com/one serverside-applied"],
    );
    check(
        "helm template one $chart --set replicas=3 | kubectl apply --server-side -f -; kubectl get gadgets --no-headers",
        &["gadget.helm.example.com/one serverside-applied", "one   red   3"],
    );
    check(
        "helm template one $chart --set replicas=30 | kubectl apply --server-side -f - 2>&1",
        &["spec.replicas: Invalid value: 30"],
    );
    check("helm template one $chart | kubectl delete -f -", &["gadget.helm.example.com \"one\" deleted"]);
    check(
        "helm install two $chart; cat err; kubectl get gadgets 2>&1",
        &["the server could not find the requested resource", "No resources found"],
    );
}
