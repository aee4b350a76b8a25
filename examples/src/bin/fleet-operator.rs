//! Runs the operator against whatever KUBECONFIG points to: `fleet serve`, or a cluster that has the kinds (`fleet crd`).

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    match kube::Client::try_default().await {
        Ok(client) => {
            kubegraft_examples::fleet::run(client).await;
            ExitCode::SUCCESS
        }
        Err(e) => {
            eprintln!("error: no server to work on: {e}");
            ExitCode::FAILURE
        }
    }
}
