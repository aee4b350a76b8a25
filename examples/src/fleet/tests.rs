//! The operator on a server in this process: the real verbs, validation and watches, without a socket or a file.

use super::*;
use kubegraft::testing::Server;
use serde_json::json;

async fn sea() -> (Server, Api<Fleet>, Api<Ship>) {
    let server = Server::builder().resource::<Fleet>().resource::<Ship>().start().await.expect("a server");
    let client = server.client();
    tokio::spawn(run(client.clone()));
    let (fleets, ships) = (Api::default_namespaced(client.clone()), Api::default_namespaced(client));
    (server, fleets, ships)
}

async fn until(ships: &Api<Ship>, wanted: usize) {
    for _ in 0..500 {
        if ships.list(&ListParams::default()).await.expect("ships").items.len() == wanted {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("there are never {wanted} ships");
}

#[tokio::test]
async fn a_fleet_has_as_many_ships_as_it_wants() {
    let (_server, fleets, ships) = sea().await;
    let fleet = Fleet::new("home", FleetSpec { ships: 3, class: "tug".into() });
    fleets.create(&PostParams::default(), &fleet).await.expect("a fleet");
    until(&ships, 3).await;

    let fewer = Patch::Merge(json!({"spec": {"ships": 1}}));
    fleets.patch("home", &PatchParams::default(), &fewer).await.expect("patched");
    until(&ships, 1).await;

    let lost = ships.list(&ListParams::default()).await.expect("ships").items.remove(0);
    ships.delete(&lost.name_any(), &DeleteParams::default()).await.expect("a ship is lost");
    until(&ships, 1).await;
    assert_ne!(ships.list(&ListParams::default()).await.expect("ships").items[0].name_any(), lost.name_any());
}

#[tokio::test]
async fn a_fleet_cannot_want_more_than_the_schema_allows() {
    let (_server, fleets, _) = sea().await;
    let fleet = Fleet::new("armada", FleetSpec { ships: 130, class: "galleon".into() });
    let refused = fleets.create(&PostParams::default(), &fleet).await.expect_err("too many");
    assert!(refused.to_string().contains("should be less than or equal to 100"), "{refused}");
}
