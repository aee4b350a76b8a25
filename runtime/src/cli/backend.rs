//! Which store is served, and its flags: the embedded one, memory, or etcd with kube-apiserver's flags for it.

use super::{Failure, store};
use crate::storage::embedded::Retention;
use crate::storage::{Backend, Embedded, Memory};
use clap::{Args, ValueEnum};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

#[derive(Args)]
#[group(id = "storage")]
#[command(next_help_heading = "Storage")]
pub(super) struct Flags {
    /// Where objects are kept [default: embedded, or etcd with --etcd-servers]
    #[arg(long, value_enum, value_name = "STORE")]
    storage_backend: Option<Kind>,
    /// Members of an etcd cluster, URLs joined by commas; needs a program built with the feature etcd
    #[arg(long, value_name = "URLS", value_delimiter = ',')]
    etcd_servers: Vec<String>,
    /// What all keys in etcd start with
    #[arg(long, default_value = "/registry", value_name = "PREFIX")]
    etcd_prefix: String,
    /// CA of the etcd servers' certificates, PEM
    #[arg(long, value_name = "FILE")]
    etcd_cafile: Option<PathBuf>,
    /// Certificate to show to etcd, PEM; needs --etcd-keyfile
    #[arg(long, value_name = "FILE")]
    etcd_certfile: Option<PathBuf>,
    /// Its key, PEM
    #[arg(long, value_name = "FILE")]
    etcd_keyfile: Option<PathBuf>,
    /// How often etcd's history is compacted; 0 leaves that to others
    #[arg(long, default_value = "5m", value_name = "DURATION", value_parser = super::serve::duration)]
    etcd_compaction_interval: Duration,
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum Kind {
    /// One file in the data directory
    Embedded,
    /// Nothing is kept when the server ends
    Memory,
    /// An etcd cluster, which any number of servers may share
    #[value(alias = "etcd3")]
    Etcd,
}

impl Flags {
    /// Which store it is; servers of etcd are for etcd.
    fn kind(&self) -> Result<Kind, Failure> {
        let etcd = !self.etcd_servers.is_empty();
        match self.storage_backend.unwrap_or(if etcd { Kind::Etcd } else { Kind::Embedded }) {
            Kind::Memory | Kind::Embedded if etcd => {
                Err("--etcd-servers: goes with --storage-backend=etcd alone".into())
            }
            kind => Ok(kind),
        }
    }

    /// Whether the store is a file of the data directory.
    pub(super) fn is_embedded(&self) -> bool {
        matches!(self.kind(), Ok(Kind::Embedded))
    }

    /// Whether a store that is elsewhere can be reached.
    pub(super) async fn probe(&self) -> Result<(), Failure> {
        match self.kind()? {
            Kind::Etcd => self.connect().await.map(drop),
            Kind::Memory | Kind::Embedded => Ok(()),
        }
    }

    /// Opens the store.
    pub(super) async fn open(&self, data_dir: &Path) -> Result<Arc<dyn Backend>, Failure> {
        match self.kind()? {
            Kind::Etcd => {
                let store = self.connect().await?;
                #[cfg(feature = "etcd")]
                if !self.etcd_compaction_interval.is_zero() {
                    store.compact_every(self.etcd_compaction_interval);
                }
                Ok(Arc::new(store))
            }
            Kind::Memory => Ok(Arc::new(Memory::new())),
            Kind::Embedded => {
                let embedded = Embedded::open(data_dir, Retention::default())?;
                store::listen(data_dir, embedded.clone());
                Ok(Arc::new(embedded))
            }
        }
    }

    #[cfg(feature = "etcd")]
    async fn connect(&self) -> Result<crate::storage::etcd::Etcd, Failure> {
        use crate::storage::etcd::{Etcd, Options};
        Ok(Etcd::connect(&Options {
            servers: self.etcd_servers.clone(),
            prefix: self.etcd_prefix.clone(),
            ca: self.etcd_cafile.clone(),
            cert: self.etcd_certfile.clone(),
            key: self.etcd_keyfile.clone(),
        })
        .await?)
    }

    #[cfg(not(feature = "etcd"))]
    async fn connect(&self) -> Result<Memory, Failure> {
        Err("--etcd-servers: this program was built without etcd; build it with --features etcd".into())
    }
}
