//! Core `v1` Namespace: `default` and the kube- ones exist from the start; one that is deleted takes its objects with it.

use crate::resource::Object;
use crate::resource::validate::{self, NameRule};
use crate::schema::Schema;
use crate::schema::definition::Definition;
use crate::status::field::{FieldError, Path};
use crate::status::{Result, Status};
use crate::verbs::context::{Context, Part, Target};
use crate::verbs::delete::set_policy_finalizers;
use crate::verbs::engine::Engine;
use crate::verbs::options::{DeleteOptions, Propagation, WriteOptions};
use crate::verbs::served::Served;
use crate::verbs::store::{Change, Preconditions};
use crate::verbs::strategy::{Strategy, keep_content, keep_status};
use serde_json::{Map, Value, json};
use std::sync::{Arc, Weak};
use std::time::Duration;

/// Namespaces that are always there and cannot be deleted.
const ALWAYS: [&str; 4] = ["default", "kube-node-lease", "kube-public", "kube-system"];
/// The finalizer in `spec.finalizers` that keeps a namespace until it is empty.
const KUBERNETES: &str = "kubernetes";
/// Between looks at a namespace that is not empty yet.
const PAUSE: Duration = Duration::from_millis(500);

/// The definition of the kind.
pub fn definition() -> Value {
    let condition = json!({"type": "object", "required": ["type", "status"], "properties": {
        "type": {"type": "string"}, "status": {"type": "string"}, "reason": {"type": "string"},
        "message": {"type": "string"}, "lastTransitionTime": {"type": "string", "format": "date-time", "nullable": true}}});
    let spec = json!({"type": "object", "description": "What keeps the namespace.", "properties": {
        "finalizers": {"type": "array", "items": {"type": "string"}, "x-kubernetes-list-type": "atomic",
            "description": "Values that must be gone before the namespace is."}}});
    let status = json!({"type": "object", "description": "Where the namespace is in its life.", "properties": {
        "phase": {"type": "string", "description": "Active or Terminating."},
        "conditions": {"type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["type"],
            "x-kubernetes-patch-strategy": "merge", "x-kubernetes-patch-merge-key": "type",
            "description": "What the namespace controller found.", "items": condition}}});
    let columns = json!([
        {"name": "Status", "type": "string", "description": "The status of the namespace", "jsonPath": ".status.phase"},
        {"name": "Age", "type": "date", "description": "How long the namespace has existed", "jsonPath": ".metadata.creationTimestamp"}]);
    json!({
        "metadata": {"name": "namespaces"},
        "spec": {
            "group": "", "scope": "Cluster",
            "names": {"plural": "namespaces", "singular": "namespace", "kind": "Namespace", "listKind": "NamespaceList", "shortNames": ["ns"]},
            "versions": [{
                "name": "v1", "served": true, "storage": true, "subresources": {"status": {}},
                "additionalPrinterColumns": columns, "selectableFields": [{"jsonPath": ".status.phase"}],
                "schema": {"openAPIV3Schema": {"type": "object", "description": "Namespace provides a scope for Names.",
                    "properties": {"spec": spec, "status": status}}}
            }]
        }
    })
}

/// The kind's particulars.
struct Namespaces;

fn finalizers(object: &Object) -> &[Value] {
    object.0.get("spec").and_then(|s| s.get("finalizers")).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn set_phase(object: &mut Object, phase: &str) {
    let status = object.0.entry("status").or_insert_with(|| json!({}));
    if let Some(status) = status.as_object_mut() {
        status.insert("phase".into(), phase.into());
    }
}

impl Strategy for Namespaces {
    fn builtin(&self) -> bool {
        true
    }

    fn blank(&self) -> Object {
        Object::from_value(json!({"spec": {}, "status": {}})).unwrap_or_default()
    }

    fn name_rule(&self) -> NameRule {
        NameRule::Label
    }

    fn shape(&self, schema: &Schema, object: &mut Value, unknown: &mut Vec<String>) -> std::result::Result<(), String> {
        schema.shape(object, unknown)?;
        object.as_object_mut().map(name_label);
        Ok(())
    }

    fn complete(&self, schema: &Schema, object: &mut Value) -> std::result::Result<(), String> {
        schema.complete(object)?;
        object.as_object_mut().map(name_label);
        Ok(())
    }

    fn prepare_create(&self, _: &Target, new: &mut Object) {
        new.0.insert("status".into(), json!({"phase": "Active"}));
        let spec = new.0.entry("spec").or_insert_with(|| json!({}));
        if let Some(spec) = spec.as_object_mut() {
            let list = spec.entry("finalizers").or_insert_with(|| json!([]));
            if let Some(list) = list.as_array_mut()
                && !list.iter().any(|f| f == KUBERNETES)
            {
                list.push(KUBERNETES.into());
            }
        }
        // A name that was generated is known only now.
        name_label(&mut new.0);
    }

    fn prepare_update(&self, target: &Target, new: &mut Object, old: &Object) {
        match target.part {
            Part::Status => keep_content(new, old),
            Part::Finalize => {
                keep_status(new, old);
                let spec = new.0.entry("spec").or_insert_with(|| json!({}));
                if let Some(spec) = spec.as_object_mut() {
                    spec.retain(|_, v| v.as_array().is_none_or(|a| !a.is_empty()));
                }
            }
            _ => {
                keep_status(new, old);
                // Finalizers change through /finalize only.
                match old.0.get("spec") {
                    Some(spec) => new.0.insert("spec".into(), spec.clone()),
                    None => new.0.remove("spec"),
                };
            }
        }
    }

    fn validate_create(&self, target: &Target, new: &mut Object, ctx: &Context) -> Vec<FieldError> {
        let mut errors = named_finalizers(new);
        errors.extend(spec_finalizers(new, |at, _| at));
        errors.extend(crate::verbs::strategy::validate(target, new, None, ctx));
        errors
    }

    fn validate_update(&self, target: &Target, new: &mut Object, old: &mut Object, ctx: &Context) -> Vec<FieldError> {
        let mut errors = named_finalizers(new);
        match target.part {
            // A change of the namespace itself is checked as a new one, too.
            Part::Main => {
                errors.extend(named_finalizers(new));
                errors.extend(validate::metadata(new, false, self.name_rule()));
            }
            Part::Finalize => errors.extend(spec_finalizers(new, |at, i| at.index(i))),
            _ => errors.extend(phase_error(new)),
        }
        errors.extend(crate::verbs::strategy::validate(target, new, Some(old), ctx));
        errors
    }

    fn default_propagation(&self) -> Propagation {
        Propagation::Background
    }

    fn deletes_itself(&self) -> bool {
        true
    }

    fn mark_deleted(&self, target: &Target, object: &mut Object, options: &DeleteOptions, now: &str) -> Result<bool> {
        if ["default", "kube-system", "kube-public"].contains(&object.name()) {
            let why = "this namespace may not be deleted";
            return Err(Status::forbidden(target.resource(), object.name(), why));
        }
        if object.is_terminating() {
            // It goes when nothing in it is left.
            return Ok(!finalizers(object).is_empty());
        }
        object.set_meta("deletionTimestamp", now);
        set_phase(object, "Terminating");
        set_policy_finalizers(object, options, self.default_propagation());
        Ok(true)
    }

    fn holds(&self, object: &Object) -> bool {
        !finalizers(object).is_empty()
    }

    fn unconditional_update(&self) -> bool {
        true
    }
}

/// What is wrong with the names of finalizers in the metadata, beyond what is wrong with them for any kind.
fn named_finalizers(object: &Object) -> Vec<FieldError> {
    let at = Path::new("metadata.finalizers");
    let finalizers = object.finalizers().into_iter().enumerate();
    finalizers.filter_map(|(i, f)| validate::core_finalizer(f, &at.index(i))).collect()
}

/// What is wrong with `spec.finalizers`; `place` is where the message says that one is.
fn spec_finalizers(object: &Object, place: impl Fn(Path, usize) -> Path) -> Vec<FieldError> {
    let mut errors = Vec::new();
    for (i, f) in finalizers(object).iter().enumerate() {
        let (at, name) = (place(Path::new("spec.finalizers"), i), f.as_str().unwrap_or_default());
        errors.extend(validate::qualified_name(name).into_iter().map(|p| FieldError::invalid(&at, name, p)));
        errors.extend(validate::core_finalizer(name, &at));
    }
    errors
}

/// The phase follows from whether the namespace is being deleted.
fn phase_error(object: &Object) -> Option<FieldError> {
    let phase = object.0.get("status").and_then(|s| s.get("phase")).and_then(Value::as_str).unwrap_or_default();
    let (wanted, when) = match object.is_terminating() {
        true => ("Terminating", "is not empty"),
        false => ("Active", "is empty"),
    };
    let detail = format!("may only be '{wanted}' if `deletionTimestamp` {when}");
    (phase != wanted).then(|| FieldError::invalid("status.Phase", phase, detail))
}

/// Every namespace can be selected by its name's label, which belongs to who creates it.
fn name_label(object: &mut Map<String, Value>) {
    let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) else { return };
    let Some(name) = metadata.get("name").and_then(Value::as_str).filter(|n| !n.is_empty()) else { return };
    let name = Value::from(name);
    let labels = metadata.entry("labels").or_insert(Value::Null);
    if labels.is_null() {
        *labels = json!({});
    }
    if let Some(labels) = labels.as_object_mut() {
        labels.insert("kubernetes.io/metadata.name".into(), name);
    }
}

/// Serves the kind and makes the namespaces that are always there.
pub(super) async fn serve(engine: &Arc<Engine>) -> Result<()> {
    let definition = Definition::builtin(&definition()).map_err(|e| Status::internal(format!("{e:?}")))?;
    let served = Arc::new(engine.load(definition, Some(Arc::new(Namespaces)), None, String::new()).await?);
    engine.update_kinds(|all| {
        all.insert(served.resource.clone(), served.clone());
    });
    for name in ALWAYS {
        if served.objects.get(name).is_some() {
            continue;
        }
        let object = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}});
        let object = Object::from_value(object).unwrap_or_default();
        let target = target(&served, "");
        let ctx = Context::default();
        match crate::verbs::create::create(engine, &ctx, &target, object, &WriteOptions::default()).await {
            Err(e) if e.code != 409 => return Err(e),
            _ => {}
        }
    }
    Ok(())
}

fn target(served: &Arc<Served>, name: &str) -> Target {
    Target { served: served.clone(), version: 0, namespace: String::new(), name: name.into(), part: Part::Main }
}

/// Lets a terminating namespace go that has nothing in it, unless somebody else holds it.
async fn release(engine: &Engine, target: &Target) -> Result<()> {
    let anyhow = Preconditions::default();
    let released = engine.change(target, &anyhow, false, |_, mut new| {
        if let Some(spec) = new.0.get_mut("spec").and_then(Value::as_object_mut) {
            let left = spec.get_mut("finalizers").and_then(Value::as_array_mut);
            if let Some(left) = left {
                left.retain(|f| f != KUBERNETES);
                if left.is_empty() {
                    spec.remove("finalizers");
                }
            }
        }
        new.set_meta("resourceVersion", Value::Null);
        let gone = new.is_terminating() && new.finalizers().is_empty() && finalizers(&new).is_empty();
        Ok(if gone { Change::Remove(new) } else { Change::Put(new) })
    });
    released.await.map(drop)
}

/// Empties namespaces that are being deleted, and lets them go.
pub(super) fn run(engine: &Arc<Engine>) {
    let weak = Arc::downgrade(engine);
    let mut kinds_change = engine.changes();
    tokio::spawn(async move {
        while let Some(busy) = sweep(&weak).await {
            if !busy {
                let Some(engine) = weak.upgrade() else { return };
                let kinds = engine.kinds();
                let Some((served, _)) = kinds.find("", "v1", "namespaces") else { return };
                let Ok(mut watcher) = served.objects.watch(served.objects.revision()) else { continue };
                drop((engine, kinds, served));
                tokio::select! {
                    _ = watcher.next() => {}
                    // It cannot change when the engine is gone: the store is let go of at once.
                    change = kinds_change.changed() => if change.is_err() { return },
                    () = tokio::time::sleep(Duration::from_secs(5)) => {}
                }
            }
            tokio::time::sleep(PAUSE).await;
        }
    });
}

/// One look at all namespaces; whether some are still terminating. `None` when the engine is gone.
async fn sweep(engine: &Weak<Engine>) -> Option<bool> {
    let engine = engine.upgrade()?;
    let kinds = engine.kinds();
    let (served, _) = kinds.find("", "v1", "namespaces")?;
    let all = served.objects.page("", None, 0, served.objects.revision(), |_| true).ok()?;
    let mut busy = false;
    for entry in all.items {
        let object = entry.decode();
        if !object.is_terminating() {
            continue;
        }
        busy = true;
        let mut left = 0;
        for kind in kinds.all.values().filter(|k| k.namespaced()) {
            left += empty(&engine, kind, &entry.name, Some(Propagation::Background)).await;
        }
        if left == 0
            && let Err(e) = release(&engine, &target(&served, &entry.name)).await
            && e.code != 404
        {
            tracing::warn!(namespace = %entry.name, "a namespace cannot be finalized: {e}");
        }
    }
    Some(busy)
}

/// Deletes a kind's objects in a namespace by a policy; how many are still there.
pub(super) async fn empty(
    engine: &Engine,
    kind: &Arc<Served>,
    namespace: &str,
    propagation: Option<Propagation>,
) -> usize {
    let under = if namespace.is_empty() { String::new() } else { format!("{namespace}/") };
    let all =
        || kind.objects.page(&under, None, 0, kind.objects.revision(), |_| true).map(|p| p.items).unwrap_or_default();
    for entry in all() {
        let target = Target {
            served: kind.clone(),
            // That one needs no conversion, which might fail.
            version: entry.version,
            namespace: entry.namespace.to_string(),
            name: entry.name.to_string(),
            part: Part::Main,
        };
        let options = DeleteOptions { propagation, ..DeleteOptions::default() };
        if let Err(e) = crate::verbs::delete::delete(engine, &Context::default(), &target, &options).await
            && e.code != 404
        {
            tracing::warn!(kind = %kind.resource, name = %entry.name, "an object cannot be deleted: {e}");
        }
    }
    all().len()
}
