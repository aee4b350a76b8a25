//! `apiextensions.k8s.io/v1` CustomResourceDefinition as a resource: what it brings is served once its names are accepted,
//! and gone with it. What a definition may say is `schema::crd`'s.

use crate::resource::{GroupResource, Object, validate::NameRule};
use crate::schema::definition::{Conversion, Definition};
use crate::schema::{Schema, crd};
use crate::status::field::FieldError;
use crate::status::{Result, Status};
use crate::storage::cache::Next;
use crate::verbs::context::{Context, Part, Target};
use crate::verbs::engine::Engine;
use crate::verbs::options::{DeleteOptions, Propagation};
use crate::verbs::served::Served;
use crate::verbs::store::{Change, Preconditions};
use crate::verbs::strategy::{Strategy, content_differs, keep_content, keep_status};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::{Arc, Weak};
use std::time::Duration;

/// Keeps a definition until its objects are gone.
const CLEANUP: &str = "customresourcecleanup.apiextensions.k8s.io";
/// Who writes the status.
const MANAGER: &str = "kube-apiserver";

/// The kind's particulars.
struct Definitions;

impl Strategy for Definitions {
    fn builtin(&self) -> bool {
        true
    }

    fn blank(&self) -> Object {
        let blank = json!({
            "spec": {"group": "", "names": {"plural": "", "kind": ""}, "scope": "", "versions": null},
            "status": {"acceptedNames": {"plural": "", "kind": ""}, "conditions": null, "storedVersions": null}});
        Object::from_value(blank).unwrap_or_default()
    }

    fn name_rule(&self) -> NameRule {
        NameRule::Subdomain
    }

    fn shape(&self, _: &Schema, object: &mut Value, unknown: &mut Vec<String>) -> std::result::Result<(), String> {
        crd::decode(object, unknown)
    }

    fn complete(&self, _: &Schema, object: &mut Value) -> std::result::Result<(), String> {
        crd::decode(object, &mut Vec::new())
    }

    fn prepare_create(&self, _: &Target, new: &mut Object) {
        new.set_meta("generation", 1);
        let stored = Some(storage_version(new)).filter(|s| !s.is_empty());
        let status = json!({"acceptedNames": {"plural": "", "kind": ""}, "conditions": null, "storedVersions": stored});
        new.0.insert("status".into(), status);
    }

    fn prepare_update(&self, target: &Target, new: &mut Object, old: &Object) {
        if target.part == Part::Status {
            keep_content(new, old);
            return;
        }
        keep_status(new, old);
        for version in storage_version(new) {
            if let Some(stored) =
                new.0.get_mut("status").and_then(|s| s.get_mut("storedVersions")).and_then(Value::as_array_mut)
                && !stored.contains(&version)
            {
                stored.push(version);
            }
        }
        let bump = content_differs(new, old, false);
        new.set_meta("generation", old.generation() + i64::from(bump));
    }

    fn validate_create(&self, _: &Target, new: &mut Object, ctx: &Context) -> Vec<FieldError> {
        let (errors, warnings) = new.lend(crd::validate_create);
        warnings.into_iter().for_each(|w| ctx.warn(w));
        errors
    }

    fn validate_update(&self, target: &Target, new: &mut Object, old: &mut Object, ctx: &Context) -> Vec<FieldError> {
        if target.part == Part::Status {
            return new.lend(crd::validate_status_update);
        }
        let (errors, warnings) = new.lend(|new| old.lend(|old| crd::validate_update(new, old)));
        warnings.into_iter().for_each(|w| ctx.warn(w));
        errors
    }

    fn default_propagation(&self) -> Propagation {
        Propagation::Background
    }

    fn deletes_itself(&self) -> bool {
        true
    }

    fn mark_deleted(&self, _: &Target, object: &mut Object, _: &DeleteOptions, now: &str) -> Result<bool> {
        if object.is_terminating() {
            return Ok(false);
        }
        object.set_meta("deletionTimestamp", now);
        let mut finalizers: Vec<Value> = object.finalizers().into_iter().map(Value::from).collect();
        if !finalizers.iter().any(|f| f == CLEANUP) {
            finalizers.push(CLEANUP.into());
        }
        object.set_meta("finalizers", finalizers);
        let message = "CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon";
        condition(object, "Terminating", "True", "InstanceDeletionPending", message, now);
        Ok(true)
    }

    fn holds(&self, _: &Object) -> bool {
        false
    }

    fn unconditional_update(&self) -> bool {
        false
    }

    fn selects_by_metadata_alone(&self) -> bool {
        true
    }
}

fn storage_version(object: &Object) -> Vec<Value> {
    let versions = object.0.get("spec").and_then(|s| s.get("versions")).and_then(Value::as_array);
    let stored = versions.into_iter().flatten().filter(|v| v.get("storage") == Some(&Value::Bool(true)));
    stored.filter_map(|v| v.get("name").cloned()).take(1).collect()
}

fn condition(object: &mut Object, type_: &str, status: &str, reason: &str, message: &str, now: &str) {
    let mut value = Value::Object(std::mem::take(&mut object.0));
    crd::set_condition(&mut value, type_, status, reason, message, now);
    *object = Object::from_value(value).unwrap_or_default();
}

/// Serves the kind, brings back what stored definitions bring, and follows changes.
pub(super) async fn serve(engine: &Arc<Engine>) -> Result<()> {
    let definition = Definition::builtin(&crd::definition()).map_err(|e| Status::internal(format!("{e:?}")))?;
    let definition = definition.with_verbatim_dates();
    let served = Arc::new(engine.load(definition, Some(Arc::new(Definitions)), None, String::new()).await?);
    engine.update_kinds(|all| {
        all.insert(served.resource.clone(), served.clone());
    });
    let at = served.objects.revision();
    reconcile_all(engine, &served).await;
    let weak = Arc::downgrade(engine);
    tokio::spawn(async move { follow(weak, served, at).await });
    Ok(())
}

async fn follow(engine: Weak<Engine>, served: Arc<Served>, mut at: u64) {
    let Some(mut kinds_change) = engine.upgrade().map(|e| e.changes()) else { return };
    loop {
        let Ok(mut watcher) = served.objects.watch(at) else {
            at = served.objects.revision();
            continue;
        };
        // Terminating definitions are looked at again until their objects are gone.
        let dying = all(&served).into_iter().filter(|e| e.decode().is_terminating());
        let mut dying: BTreeSet<String> = dying.map(|e| e.name.to_string()).collect();
        loop {
            let next = tokio::select! {
                next = tokio::time::timeout(Duration::from_millis(500), watcher.next()) => next,
                // It cannot change when the engine is gone: the store is let go of at once.
                change = kinds_change.changed() => if change.is_err() { return } else { continue },
            };
            let Some(engine) = engine.upgrade() else { return };
            match next {
                Err(_) => {
                    for name in &dying {
                        reconcile(&engine, &served, name).await;
                    }
                }
                Ok(Next::Events(events, _)) => {
                    let mut gone = false;
                    for e in &events.events {
                        match &e.new {
                            Some(new) => {
                                if new.decode().is_terminating() {
                                    dying.insert(e.key.to_string());
                                }
                                gone |= e.old.as_ref().is_some_and(|old| accepted(old) != accepted(new));
                                reconcile(&engine, &served, &e.key).await;
                            }
                            None => {
                                dying.remove(&*e.key);
                                gone = true;
                            }
                        }
                        withdraw(&engine, &served, &e.key);
                    }
                    // Names that are free now may be another definition's.
                    if gone {
                        reconcile_all(&engine, &served).await;
                    }
                }
                Ok(Next::Lagged) => break,
                Ok(Next::Closed) => return,
            }
        }
        at = served.objects.revision();
        if let Some(engine) = engine.upgrade() {
            reconcile_all(&engine, &served).await;
        }
    }
}

/// The names that an entry's definition has.
fn accepted(entry: &crate::verbs::Entry) -> Option<Value> {
    entry.decode().0.get("status")?.get("acceptedNames").cloned()
}

fn all(served: &Served) -> Vec<Arc<crate::verbs::Entry>> {
    served.objects.page("", None, 0, served.objects.revision(), |_| true).map(|p| p.items).unwrap_or_default()
}

fn group_of(name: &str) -> Option<&str> {
    name.split_once('.').map(|(_, group)| group)
}

async fn reconcile_all(engine: &Arc<Engine>, served: &Arc<Served>) {
    for entry in all(served) {
        reconcile(engine, served, &entry.name).await;
    }
}

/// Stops serving what a definition that is gone brought.
fn withdraw(engine: &Engine, served: &Served, name: &str) {
    if served.objects.get(name).is_none() {
        stop(engine, name);
    }
}

fn stop(engine: &Engine, name: &str) {
    let Some((plural, group)) = name.split_once('.') else { return };
    let resource = GroupResource::new(group, plural);
    let kinds = engine.kinds();
    if let Some(old) = kinds.all.get(&resource).filter(|s| !s.uid.is_empty()) {
        old.objects.close();
        engine.update_kinds(|all| {
            all.remove(&resource);
        });
    }
}

/// Brings one definition's status up to date, and what is served in line with it.
async fn reconcile(engine: &Arc<Engine>, served: &Arc<Served>, name: &str) {
    let Some(entry) = served.objects.get(name) else { return };
    let mut object = entry.decode();
    // Names are only taken within a group, and a definition's own name ends with it.
    let others = all(served).into_iter().filter(|e| *e.name != *name && group_of(&e.name) == group_of(name));
    let others: Vec<Value> = others.map(|e| e.decode().into_value()).collect();
    let now = engine.now_text();
    let change = |o: &mut Object| {
        let mut value = Value::Object(std::mem::take(&mut o.0));
        crd::settle(&mut value, &others, &now);
        *o = Object::from_value(value).unwrap_or_default();
    };
    change(&mut object);
    if write_status(engine, served, name, change).await.is_err() {
        return;
    }
    let value = object.clone().into_value();
    if crd::condition(&value, "Established") == Some("True")
        && let Err(e) = bring(engine, &value, &object).await
    {
        tracing::error!(definition = name, "a definition cannot be served: {e}");
    }
    // Its names can be taken back by whoever writes its status.
    if ["Established", "NamesAccepted"].iter().all(|c| crd::condition(&value, c) != Some("True")) {
        stop(engine, name);
    }
    if object.is_terminating() {
        terminate(engine, served, name).await;
    }
}

/// Serves a definition, anew when it has changed.
async fn bring(engine: &Arc<Engine>, crd: &Value, object: &Object) -> Result<()> {
    let definition = Definition::from_crd(crd).map_err(|e| Status::internal(format!("{e:?}")))?;
    let resource = definition.group_resource();
    let kinds = engine.kinds();
    let old = kinds.all.get(&resource);
    let same = old.is_some_and(|s| s.uid == object.uid() && same_definition(&s.definition, &definition));
    if let Some(old) = old.filter(|_| same) {
        if old.terminating == object.is_terminating() {
            return Ok(());
        }
        let again = Served { terminating: object.is_terminating(), ..old.duplicate() };
        engine.update_kinds(|all| {
            all.insert(resource, Arc::new(again));
        });
        return Ok(());
    }
    if matches!(definition.conversion, Conversion::Webhook(_)) && definition.versions.len() > 1 {
        tracing::warn!(definition = %resource, "its versions are converted by a webhook, which this server does not call: objects \
            are served in the version that they are stored in, and requests for another one are refused");
    }
    let mut served = engine.load(definition, None, None, object.uid().to_owned()).await?;
    served.terminating = object.is_terminating();
    if let Some(old) = old {
        // Clients of the old storage reconnect to the new one (W27).
        old.objects.close();
    }
    engine.update_kinds(|all| {
        all.insert(resource, Arc::new(served));
    });
    Ok(())
}

fn same_definition(a: &Definition, b: &Definition) -> bool {
    let conversion = match (&a.conversion, &b.conversion) {
        (Conversion::None, Conversion::None) => true,
        (Conversion::Webhook(x), Conversion::Webhook(y)) => x == y,
        _ => false,
    };
    let same = |x: &crate::schema::definition::Version, y: &crate::schema::definition::Version| {
        (&x.name, x.served, x.storage, x.deprecated, &x.deprecation_warning, x.status)
            == (&y.name, y.served, y.storage, y.deprecated, &y.deprecation_warning, y.status)
            && x.source == y.source
            && (&x.scale, &x.columns, &x.selectable_fields) == (&y.scale, &y.columns, &y.selectable_fields)
    };
    conversion
        && a.names == b.names
        && a.versions.len() == b.versions.len()
        && a.versions.iter().zip(&b.versions).all(|(x, y)| same(x, y))
}

/// Deletes a terminating definition's objects, then lets it go.
async fn terminate(engine: &Arc<Engine>, served: &Arc<Served>, name: &str) {
    let Some((plural, group)) = name.split_once('.') else { return };
    let Some(object) = served.objects.get(name).map(|e| e.decode()) else { return };
    // What else holds it is not for the server to see to.
    if !object.finalizers().contains(&CLEANUP) {
        return;
    }
    let now = engine.now_text();
    let message = "CustomResource deletion is in progress";
    let told = write_status(engine, served, name, |o| {
        condition(o, "Terminating", "True", "InstanceDeletionInProgress", message, &now);
    });
    if told.await.is_err() {
        return;
    }
    let established = crd::condition(&object.into_value(), "Established") == Some("True");
    let (reason, message) = match established {
        true => ("InstanceDeletionCompleted", "removed all instances"),
        false => ("NeverEstablished", "resource was never established"),
    };
    let kind = engine.kinds().all.get(&GroupResource::new(group, plural)).cloned();
    if let Some(kind) = kind.filter(|_| established)
        && super::namespaces::empty(engine, &kind, "", None).await > 0
    {
        return;
    }
    let writer = crate::patch::apply::Writer { manager: MANAGER, subresource: "status", time: &now };
    let done = engine
        .change(&target(served, name, Part::Status), &Preconditions::default(), false, |_, old| {
            let mut new = old.clone();
            condition(&mut new, "Terminating", "False", reason, message, &now);
            let left: Vec<Value> = new.finalizers().into_iter().filter(|f| *f != CLEANUP).map(Value::from).collect();
            let gone = left.is_empty();
            new.set_meta("finalizers", left);
            served.managers[0].on_update(&old, &mut new, writer);
            new.set_meta("resourceVersion", Value::Null);
            Ok(if gone { Change::Remove(new) } else { Change::Put(new) })
        })
        .await;
    match done {
        Err(e) if e.code != 404 => tracing::warn!(definition = name, "a definition cannot be removed: {e}"),
        _ => withdraw(engine, served, name),
    }
}

fn target(served: &Arc<Served>, name: &str, part: Part) -> Target {
    Target { served: served.clone(), version: 0, namespace: String::new(), name: name.into(), part }
}

/// Changes the status as the server's own manager; nothing is written when nothing changes.
async fn write_status(engine: &Engine, served: &Arc<Served>, name: &str, change: impl Fn(&mut Object)) -> Result<()> {
    let now = engine.now_text();
    let writer = crate::patch::apply::Writer { manager: MANAGER, subresource: "status", time: &now };
    let target = target(served, name, Part::Status);
    engine
        .change(&target, &Preconditions::default(), false, |_, old| {
            let mut new = old.clone();
            change(&mut new);
            if new == old {
                return Ok(Change::Keep);
            }
            served.managers[0].on_update(&old, &mut new, writer);
            new.set_meta("resourceVersion", Value::Null);
            Ok(Change::Put(new))
        })
        .await
        .map(|_| ())
}

/// Says in a stored definition that nothing is left in any version but the storage version, if that is still the one its
/// objects were brought to.
pub(in crate::verbs) async fn forget_stored_versions(engine: &Engine, kind: &Served) -> Result<()> {
    if kind.uid.is_empty() {
        return Ok(());
    }
    let kinds = engine.kinds();
    let Some((definitions, _)) = kinds.find("apiextensions.k8s.io", "v1", "customresourcedefinitions") else {
        return Ok(());
    };
    let stored = vec![Value::from(kind.definition.versions[kind.storage_version].name.as_str())];
    write_status(engine, &definitions, &kind.resource.to_string(), |definition| {
        if definition.uid() == kind.uid
            && storage_version(definition) == stored
            && let Some(status) = definition.0.get_mut("status").and_then(Value::as_object_mut)
        {
            status.insert("storedVersions".into(), stored.clone().into());
        }
    })
    .await
}
