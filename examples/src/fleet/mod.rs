//! A small operator: a Fleet says how many ships it wants, the operator builds and scraps Ships and reports how many there are.
//! Nothing here knows what serves the kinds; `tests` runs it on a server in the same process.

// Two columns may be of one type, which clippy takes for a slip.
#![allow(clippy::duplicated_attributes)]

use futures::StreamExt;
use kube::api::{Api, DeleteParams, ListParams, Patch, PatchParams, PostParams};
use kube::runtime::controller::{Action, Controller};
use kube::runtime::watcher;
use kube::{Client, Resource, ResourceExt};
use kubegraft::{CustomResource, KubeSchema};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Duration;

#[cfg(test)]
mod tests;

/// A number of ships of one class.
#[derive(CustomResource, KubeSchema, Serialize, Deserialize, Clone, Debug)]
#[kube(group = "fleet.example.com", version = "v1", kind = "Fleet", namespaced, status = "FleetStatus", apply)]
#[kube(scale(spec_replicas_path = ".spec.ships", status_replicas_path = ".status.ships"))]
#[kube(printcolumn(name = "Wanted", type_ = "integer", json_path = ".spec.ships"))]
#[kube(printcolumn(name = "There", type_ = "integer", json_path = ".status.ships"))]
pub struct FleetSpec {
    /// How many ships there are to be.
    #[x_kube(minimum = 0, maximum = 100)]
    pub ships: u32,
    /// What they are.
    pub class: String,
}

/// What has become of a fleet.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default)]
#[x_kube(apply)]
pub struct FleetStatus {
    /// How many ships there are.
    #[serde(default)]
    pub ships: u32,
}

/// A ship, built by the operator.
#[derive(CustomResource, KubeSchema, Serialize, Deserialize, Clone, Debug)]
#[kube(group = "fleet.example.com", version = "v1", kind = "Ship", namespaced)]
pub struct ShipSpec {
    /// What it is.
    pub class: String,
}

const LABEL: &str = "fleet.example.com/fleet";

/// Watches fleets and their ships, and goes on until the process ends.
pub async fn run(client: Client) {
    let fleets: Api<Fleet> = Api::all(client.clone());
    let ships: Api<Ship> = Api::all(client.clone());
    Controller::new(fleets, watcher::Config::default())
        .owns(ships, watcher::Config::default())
        .run(
            reconcile,
            |_, error, _| {
                eprintln!("a fleet could not be brought in line: {error}");
                Action::requeue(Duration::from_secs(5))
            },
            Arc::new(client),
        )
        .for_each(|_| async {})
        .await;
}

async fn reconcile(fleet: Arc<Fleet>, client: Arc<Client>) -> Result<Action, kube::Error> {
    let namespace = fleet.namespace().unwrap_or_default();
    let ships: Api<Ship> = Api::namespaced((*client).clone(), &namespace);
    let fleets: Api<Fleet> = Api::namespaced((*client).clone(), &namespace);
    let mine = ListParams::default().labels(&format!("{LABEL}={}", fleet.name_any()));
    let there = ships.list(&mine).await?.items;
    let wanted = fleet.spec.ships as usize;
    for ship in there.iter().skip(wanted) {
        ships.delete(&ship.name_any(), &DeleteParams::default()).await?;
    }
    for _ in there.len()..wanted {
        let mut ship = Ship::new("", ShipSpec { class: fleet.spec.class.clone() });
        ship.metadata.name = None;
        ship.metadata.generate_name = Some(format!("{}-", fleet.name_any()));
        ship.metadata.labels = Some([(LABEL.to_owned(), fleet.name_any())].into());
        ship.metadata.owner_references = fleet.controller_owner_ref(&()).map(|owner| vec![owner]);
        ships.create(&PostParams::default(), &ship).await?;
    }
    // Of the status, the operator owns what it sets, and nothing else.
    let status = FleetApply::new(fleet.name_any()).with_status(FleetStatusApply::new().with_ships(fleet.spec.ships));
    let operator = PatchParams::apply("fleet-operator").force();
    fleets.patch_status(&fleet.name_any(), &operator, &Patch::Apply(status)).await?;
    Ok(Action::await_change())
}
