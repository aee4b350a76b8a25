//! A server inside a test: [`Server`] gives a `kube::Client` onto the same engine that serves over HTTPS, with no socket, no
//! file and no process. Ready in milliseconds, so every test can have one of its own. And [`round_trip`], which proves that
//! the versions of a kind can be served together.

mod arbitrary;
mod round_trip;

pub use round_trip::{NotLossless, round_trip};

use crate::access::{Standalone, User};
use crate::api::health::{Health, Lifecycle};
use crate::api::{self, Api};
use crate::generate::Versions;
use crate::schema::crd;
use crate::status::Status;
use crate::storage::{Backend, Memory};
use crate::verbs::{self, Engine};
use http::{Request, Response};
use kube::client::Body;
use serde_json::Value;
use std::sync::{Arc, LazyLock};
use tokio::runtime::Runtime;

/// The threads of all in-process servers: a test's own are too few and their stacks too small for what a server bears.
static RUNTIME: LazyLock<Option<Runtime>> = LazyLock::new(|| crate::server::runtime().ok());

/// What an in-process server serves, before it starts.
#[derive(Default)]
pub struct Builder {
    config: verbs::Config,
    store: Option<Arc<dyn Backend>>,
    unreadable: Option<String>,
}

impl Builder {
    /// Serves a type: one of our derive or of kube's.
    #[must_use]
    pub fn resource<T: kube_core::CustomResourceExt>(mut self) -> Self {
        match serde_json::to_value(T::crd()) {
            Ok(crd) => self.definition(crd),
            Err(e) => {
                self.unreadable = Some(e.to_string());
                self
            }
        }
    }

    /// Serves a CustomResourceDefinition object.
    #[must_use]
    pub fn definition(mut self, crd: Value) -> Self {
        match crd::of_program(&crd) {
            Ok(crd) => self.config.definitions.push(crd),
            Err(why) => {
                let name = crd.pointer("/metadata/name").and_then(Value::as_str).unwrap_or_default();
                self.unreadable = Some(format!("the definition {name} cannot be served: {}", why.join("; ")));
            }
        }
        self
    }

    /// Serves a kind in several versions, with conversion between them.
    #[must_use]
    pub fn versions<Newest>(mut self, versions: Versions<Newest>) -> Self {
        match versions.finish() {
            Ok((crd, graph)) => {
                let name = crd.pointer("/metadata/name").and_then(Value::as_str).unwrap_or_default();
                self.config.conversions.insert(name.to_owned(), graph);
                self.definition(crd)
            }
            Err(why) => {
                self.unreadable = Some(why);
                self
            }
        }
    }

    /// Serves CustomResourceDefinitions as a resource too, so that a test can create and delete them.
    #[must_use]
    pub fn host_definitions(mut self) -> Self {
        self.config.host_definitions = true;
        self
    }

    /// Takes objects into namespaces that do not exist.
    #[must_use]
    pub fn any_namespace(mut self) -> Self {
        self.config.disabled_admission.push("NamespaceLifecycle".into());
        self
    }

    /// Keeps objects in this store instead of a new one in memory: what is in it is served, and outlives the server.
    #[must_use]
    pub fn store(mut self, store: Arc<dyn Backend>) -> Self {
        self.store = Some(store);
        self
    }

    /// Starts the server.
    ///
    /// # Errors
    /// A definition that cannot be served; it says which and why.
    pub async fn start(self) -> Result<Server, Status> {
        if let Some(why) = self.unreadable {
            return Err(Status::internal(why));
        }
        let Some(runtime) = RUNTIME.as_ref() else {
            return Err(Status::internal("the threads of the in-process server cannot be started"));
        };
        let store = self.store.unwrap_or_else(|| Arc::new(Memory::new()));
        let start = runtime.spawn(Engine::start(store, self.config));
        let engine = start.await.map_err(Status::internal)??;
        let health = Health::new(Lifecycle::new());
        let api = Api::new(engine.clone(), health, Arc::new(Standalone), api::Config::default());
        Ok(Server { engine, api })
    }
}

/// An API server in this process, with a store in memory. It ends when the last client and this are dropped.
///
/// ```
/// use kube::api::{Api, DynamicObject, ListParams};
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let server = kubegraft::testing::Server::builder().start().await?;
/// let namespaces: Api<k8s_openapi::api::core::v1::Namespace> = Api::all(server.client());
/// assert!(namespaces.list(&ListParams::default()).await?.items.iter().any(|n| n.metadata.name.as_deref() == Some("default")));
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Server {
    engine: Arc<Engine>,
    api: Api,
}

impl Server {
    /// Says what is to be served.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// A client with all rights, in the namespace `default`.
    pub fn client(&self) -> kube::Client {
        self.client_as(User::admin("kubernetes-admin"))
    }

    /// A client that is somebody.
    pub fn client_as(&self, user: User) -> kube::Client {
        let api = self.api.clone();
        let service = tower::service_fn(move |mut request: Request<Body>| {
            let (api, user) = (api.clone(), user.clone());
            async move {
                request.extensions_mut().insert(user);
                let Some(runtime) = RUNTIME.as_ref() else { return Err("the in-process server has no threads") };
                let answer = runtime.spawn(api.handle(request)).await;
                answer.map_err(|_| "the in-process server could not answer").map(|r: Response<api::body::Body>| r)
            }
        });
        kube::Client::new(service, "default")
    }

    /// The engine behind it.
    pub fn engine(&self) -> &Arc<Engine> {
        &self.engine
    }
}
