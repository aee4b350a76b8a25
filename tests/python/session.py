"""A session of the Python client against a server that hosts definitions: typed APIs, the dynamic client, watches.

  session.py KUBECONFIG      prints what it did, a line a step; an assertion that fails ends it
"""
import json, sys, threading

import websocket
from kubernetes import client, config, dynamic, watch
from kubernetes.client.rest import ApiException
from kubernetes.dynamic.exceptions import ConflictError, NotFoundError, UnprocessibleEntityError

GROUP, VERSION, PLURAL = "py.example.com", "v1", "gauges"
DEFINITION = {
    "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
    "metadata": {"name": f"{PLURAL}.{GROUP}"},
    "spec": {
        "group": GROUP, "scope": "Namespaced", "names": {"plural": PLURAL, "singular": "gauge", "kind": "Gauge", "shortNames": ["gg"]},
        "versions": [{
            "name": VERSION, "served": True, "storage": True,
            "subresources": {"status": {}},
            "schema": {"openAPIV3Schema": {"type": "object", "properties": {
                "spec": {"type": "object", "required": ["size"], "properties": {
                    "size": {"type": "integer", "minimum": 1}, "unit": {"type": "string", "default": "m"}}},
                "status": {"type": "object", "properties": {"seen": {"type": "integer"}}}}}},
        }],
    },
}


def gauge(name, size, **labels):
    meta = {"name": name, "labels": labels} if labels else {"name": name}
    return {"apiVersion": f"{GROUP}/{VERSION}", "kind": "Gauge", "metadata": meta, "spec": {"size": size}}


def refused(error, call, **kwargs):
    try:
        call(**kwargs)
    except error as e:
        return e
    raise AssertionError(f"{call} was not refused")


def step(text):
    print(text, flush=True)


def main():
    config.load_kube_config(sys.argv[1])
    api = client.ApiClient()
    definitions = client.ApiextensionsV1Api(api)

    step("a definition is created and established")
    # The client's models want a status that the server has not written yet: the raw form is what scripts send.
    definitions.create_custom_resource_definition(DEFINITION, _preload_content=False)
    stream = watch.Watch().stream(
        client.CustomObjectsApi(api).list_cluster_custom_object, "apiextensions.k8s.io", "v1", "customresourcedefinitions",
        field_selector=f"metadata.name={PLURAL}.{GROUP}", timeout_seconds=20)
    for event in stream:
        conditions = event["object"].get("status", {}).get("conditions", [])
        if any(c["type"] == "Established" and c["status"] == "True" for c in conditions):
            break
    else:
        raise AssertionError("never established")

    step("the dynamic client finds the kind by discovery")
    dyn = dynamic.DynamicClient(api)
    gauges = dyn.resources.get(api_version=f"{GROUP}/{VERSION}", kind="Gauge")
    assert gauges.namespaced and "gg" in gauges.short_names, gauges

    step("objects are created, defaulted and read")
    made = gauges.create(body=gauge("a", 1, tier="low"), namespace="default")
    assert made.spec.unit == "m" and made.metadata.generation == 1, made
    gauges.create(body=gauge("b", 2, tier="high"), namespace="default")
    assert [g.metadata.name for g in gauges.get(namespace="default").items] == ["a", "b"]
    assert [g.metadata.name for g in gauges.get(label_selector="tier=high").items] == ["b"]

    step("what the schema refuses is a 422 that names the field")
    e = refused(UnprocessibleEntityError, gauges.create, body=gauge("c", 0), namespace="default")
    assert "spec.size in body should be greater than or equal to 1" in e.summary(), e.summary()
    refused(NotFoundError, gauges.get, name="nobody", namespace="default")

    step("a watch from a list's revision shows what came after, once and in order")
    listed = gauges.get(namespace="default")
    seen = []

    def follow():
        for event in gauges.watch(namespace="default", resource_version=listed.metadata.resourceVersion, timeout=20):
            seen.append((event["type"], event["object"].metadata.name, event["object"].spec.size))
            if event["type"] == "DELETED":
                return

    follower = threading.Thread(target=follow)
    follower.start()
    merge = {"content_type": "application/merge-patch+json", "namespace": "default"}
    gauges.patch(body={"spec": {"size": 5}}, name="a", **merge)
    gauges.create(body=gauge("d", 4), namespace="default")
    gauges.delete(name="a", namespace="default")
    follower.join(30)
    assert seen == [("MODIFIED", "a", 5), ("ADDED", "d", 4), ("DELETED", "a", 5)], seen

    step("a stale update conflicts")
    stale = gauges.get(name="b", namespace="default")
    gauges.patch(body={"spec": {"size": 6}}, name="b", **merge)
    body = stale.to_dict()
    body["spec"]["size"] = 7
    refused(ConflictError, gauges.replace, body=body, namespace="default")

    step("server-side apply owns what it sets, and conflicts name the owner")
    gauges.server_side_apply(body=gauge("e", 1), name="e", namespace="default", field_manager="one")
    e = refused(ConflictError, gauges.server_side_apply, body=gauge("e", 2), name="e", namespace="default", field_manager="two")
    assert 'conflict with "one"' in e.summary(), e.summary()
    gauges.server_side_apply(body=gauge("e", 2), name="e", namespace="default", field_manager="two", force_conflicts=True)

    step("the status subresource is its own")
    status = gauges.subresources["status"]
    status.patch(body={"status": {"seen": 3}, "spec": {"size": 99}}, name="b", **merge)
    now = gauges.get(name="b", namespace="default")
    assert (now.status.seen, now.spec.size) == (3, 6), now

    step("custom objects by the generated API: pages, patch, collection deleted")
    custom = client.CustomObjectsApi(api)
    names, token = [], None
    while True:
        page = custom.list_namespaced_custom_object(GROUP, VERSION, "default", PLURAL, limit=1, _continue=token)
        names += [i["metadata"]["name"] for i in page["items"]]
        token = page["metadata"].get("continue")
        if not token:
            break
    assert names == ["b", "d", "e"], names
    custom.delete_collection_namespaced_custom_object(GROUP, VERSION, "default", PLURAL)
    assert custom.list_cluster_custom_object(GROUP, VERSION, PLURAL)["items"] == []

    step("namespaces by the typed API")
    core = client.CoreV1Api(api)
    core.create_namespace(client.V1Namespace(metadata=client.V1ObjectMeta(name="py")))
    assert "py" in [n.metadata.name for n in core.list_namespace().items]
    e = refused(ApiException, core.create_namespace, body=client.V1Namespace(metadata=client.V1ObjectMeta(name="py")))
    assert e.status == 409, e
    core.delete_namespace("py")

    step("a browser watches over a websocket, one event a message")
    own = api.configuration
    socket = websocket.create_connection(
        own.host.replace("https://", "wss://") + "/api/v1/namespaces?watch=1&fieldSelector=metadata.name%3Ddefault",
        origin="https://console.example.com", timeout=20,
        sslopt={"ca_certs": own.ssl_ca_cert, "certfile": own.cert_file, "keyfile": own.key_file})
    event = json.loads(socket.recv())
    assert event["type"] == "ADDED" and event["object"]["metadata"]["name"] == "default", event
    socket.ping()
    core.patch_namespace("default", {"metadata": {"labels": {"seen": "yes"}}})
    event = json.loads(socket.recv())
    assert event["type"] == "MODIFIED" and event["object"]["metadata"]["labels"]["seen"] == "yes", event
    socket.close()

    step("the definition goes, and with it the kind")
    definitions.delete_custom_resource_definition(f"{PLURAL}.{GROUP}")
    for event in watch.Watch().stream(
            custom.list_cluster_custom_object, "apiextensions.k8s.io", "v1", "customresourcedefinitions", timeout_seconds=20):
        if event["type"] == "DELETED":
            break
    e = refused(ApiException, custom.list_cluster_custom_object, group=GROUP, version=VERSION, plural=PLURAL)
    assert e.status == 404, e


if __name__ == "__main__":
    main()
