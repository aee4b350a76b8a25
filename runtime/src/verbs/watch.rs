//! Watch: the state as synthetic events where asked for, then every change, in order, each once (wire contract 5).

use super::context::Target;
use super::engine::Engine;
use super::entry::Entry;
use super::get::{FUTURE_PATIENCE, revision};
use super::list::{ListOptions, Selection};
use super::options::invalid_options;
use super::served::{Codec, Objects};
use crate::status::field::FieldError;
use crate::status::{Result, Status};
use crate::storage::cache::{Batch, Change, Event, Next, Watcher};
use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, Sleep, sleep_until};

/// Between bookmarks (W20).
const BOOKMARKS: Duration = Duration::from_secs(60);
/// The last bookmark comes this long before the end.
const BEFORE_END: Duration = Duration::from_secs(2);

/// Options of watch.
#[derive(Clone, Debug, Default)]
pub struct WatchOptions {
    /// What is selected.
    pub selection: Selection,
    /// `resourceVersion`.
    pub resource_version: String,
    /// `resourceVersionMatch`.
    pub resource_version_match: String,
    /// `sendInitialEvents`.
    pub send_initial_events: Option<bool>,
    /// `allowWatchBookmarks`.
    pub bookmarks: bool,
    /// `continue`, which watches refuse together with a match.
    pub continue_token: String,
    /// When the watch ends.
    pub timeout: Duration,
}

/// So many objects of a state are told at once.
const AT_ONCE: usize = 512;

/// What a watcher is told.
pub enum Told {
    /// Objects of the state that the watch begins with.
    State(Vec<Arc<Entry>>),
    /// Events, and what each is to this watcher; `None` for one that is nothing to it.
    Changes(Arc<Batch<Entry>>, Vec<Option<Change>>),
    /// Everything up to the revision has been told; with `true`, the initial state is complete.
    Bookmark(u64, bool),
    /// The watch ends with this.
    Error(Box<Status>),
}

impl Told {
    /// How many events it is to the client.
    pub fn events(&self) -> usize {
        match self {
            Self::State(entries) => entries.len(),
            Self::Changes(_, changes) => changes.iter().flatten().count(),
            Self::Bookmark(..) | Self::Error(_) => 1,
        }
    }
}

/// The object that a change shows: the last state at the revision of the change when it is gone.
pub fn shown(event: &Event<Entry>, change: Change) -> Option<&Arc<Entry>> {
    match change {
        Change::Added | Change::Modified => event.new.as_ref(),
        Change::Deleted => {
            let old = event.old.as_ref()?;
            Some(event.departed.get_or_init(|| Arc::new(old.moved_to(event.revision))))
        }
    }
}

impl WatchOptions {
    /// Fills in what a watch from no or any revision means: the state first, as if that had been asked for
    /// (M/apis/meta/internalversion/defaults.go).
    pub fn complete(&mut self) {
        let from_now = ["", "0"].contains(&self.resource_version.as_str());
        if self.send_initial_events.is_none() && self.resource_version_match.is_empty() && from_now {
            self.send_initial_events = Some(true);
            self.resource_version_match = "NotOlderThan".into();
        }
    }

    /// Refuses combinations as those of a list.
    ///
    /// # Errors
    /// 422.
    pub fn validate_as_list(&self) -> Result<()> {
        let list = ListOptions {
            resource_version: self.resource_version.clone(),
            resource_version_match: self.resource_version_match.clone(),
            continue_token: self.continue_token.clone(),
            send_initial_events: self.send_initial_events,
            ..ListOptions::default()
        };
        list.validate()
    }

    /// Refuses combinations as upstream's `ValidateListOptions` does for watches (W15).
    ///
    /// # Errors
    /// 422.
    pub fn validate(&self) -> Result<()> {
        let mut errors = Vec::new();
        let m = self.resource_version_match.as_str();
        let field = "resourceVersionMatch";
        if self.send_initial_events.is_some() && m != "NotOlderThan" {
            let detail = "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan";
            errors.push(FieldError::forbidden(field, detail));
        }
        if !m.is_empty() {
            if self.send_initial_events.is_none() {
                let detail = "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided";
                errors.push(FieldError::forbidden(field, detail));
            }
            if m != "NotOlderThan" {
                errors.push(FieldError::not_supported(field, m, &["NotOlderThan"]));
            }
            if !self.continue_token.is_empty() {
                let detail = "resourceVersionMatch is forbidden when continue is provided";
                errors.push(FieldError::forbidden(field, detail));
            }
        }
        if errors.is_empty() { Ok(()) } else { Err(invalid_options("ListOptions", &errors)) }
    }
}

/// A place in the state that a watch begins with. A reader that takes its time holds this, and no objects.
struct Initial {
    objects: Arc<Objects>,
    /// The revision of the state.
    at: u64,
    /// The last key that was told.
    after: Option<Arc<str>>,
    /// Whether its end is told.
    marked: bool,
}

/// A running watch.
pub struct Watch {
    waiting: VecDeque<Told>,
    /// `None` once it has ended.
    watcher: Option<Watcher<Codec>>,
    selection: Selection,
    namespace: String,
    bookmarks: bool,
    next_bookmark: Instant,
    end: Instant,
    /// Where it began: a bookmark of that would tell nothing.
    begun: u64,
    sent: u64,
    timer: Pin<Box<Sleep>>,
    /// What is still to be told of the state that the watch begins with.
    initial: Option<Initial>,
}

/// A minute on, or shortly before the end; after that there is none.
fn next_bookmark(now: Instant, end: Instant) -> Instant {
    let last = end.checked_sub(BEFORE_END).filter(|t| *t > now).unwrap_or(end + BOOKMARKS);
    last.min(now + BOOKMARKS)
}

/// Starts a watch on the target's collection; the options are complete and valid.
pub async fn watch(engine: &Engine, target: &Target, options: WatchOptions) -> Result<Watch> {
    let objects = &target.served.objects;
    let rv = options.resource_version.as_str();
    let wanted: u64 = match rv {
        "" => 0,
        rv => revision(rv).map_err(Status::unclassified)?,
    };
    let now = Instant::now();
    let mut watch = Watch {
        waiting: VecDeque::new(),
        watcher: None,
        selection: options.selection,
        namespace: target.namespace.clone(),
        bookmarks: options.bookmarks,
        next_bookmark: next_bookmark(now, now + options.timeout),
        end: now + options.timeout,
        begun: 0,
        sent: 0,
        timer: Box::pin(sleep_until(now + options.timeout)),
        initial: None,
    };
    let marked = options.send_initial_events == Some(true);
    let initial = marked || (options.send_initial_events.is_none() && wanted == 0);
    if marked && wanted > 0 && !objects.reaches(wanted, FUTURE_PATIENCE).await {
        let status = Status::too_large_resource_version(wanted, objects.revision());
        watch.waiting.push_back(Told::Error(Box::new(status)));
        return Ok(watch);
    }
    if wanted == 0 {
        engine.fresh(&target.served).await?;
    }
    let from = if initial || wanted == 0 { objects.revision() } else { wanted };
    match objects.watch(from) {
        Ok(w) => watch.watcher = Some(w),
        Err(e) => {
            let text = match e {
                crate::storage::Error::Compacted { wanted, oldest } => {
                    format!("too old resource version: {wanted} ({oldest})")
                }
                e => e.to_string(),
            };
            watch.waiting.push_back(Told::Error(Box::new(Status::expired(text))));
            return Ok(watch);
        }
    }
    (watch.begun, watch.sent) = (from, from);
    if initial {
        watch.initial = Some(Initial { objects: objects.clone(), at: from, after: None, marked });
        watch.tell_state().map_err(super::store::storage_error)?;
    }
    Ok(watch)
}

impl Watch {
    /// What comes next; `None` when the watch has ended.
    pub async fn next(&mut self) -> Option<Told> {
        loop {
            if let Some(told) = self.waiting.pop_front() {
                return Some(told);
            }
            // A state that is no longer kept ends the watch: who was so slow begins anew (W25).
            if self.tell_state().is_err() {
                self.end();
            }
            if !self.waiting.is_empty() {
                continue;
            }
            let watcher = self.watcher.as_mut()?;
            let wake = if self.bookmarks { self.end.min(self.next_bookmark) } else { self.end };
            if self.timer.deadline() != wake {
                self.timer.as_mut().reset(wake);
            }
            let next = tokio::select! {
                biased;
                next = watcher.next() => Some(next),
                () = self.timer.as_mut() => None,
            };
            match next {
                Some(Next::Events(batch, upto)) => {
                    self.sent = upto;
                    let changes: Vec<_> = batch.events.iter().map(|e| self.change(e)).collect();
                    if changes.iter().any(Option::is_some) {
                        return Some(Told::Changes(batch, changes));
                    }
                }
                // The client resumes from what it has seen (W25).
                Some(Next::Lagged | Next::Closed) => self.watcher = None,
                None => {
                    let at = watcher.progress();
                    let now = Instant::now();
                    if self.bookmarks && now >= self.next_bookmark {
                        self.next_bookmark = next_bookmark(now, self.end);
                        let at = at.max(self.sent);
                        if at > self.begun {
                            self.waiting.push_back(Told::Bookmark(at, false));
                        }
                    }
                    if Instant::now() >= self.end {
                        self.watcher = None;
                    }
                }
            }
        }
    }

    /// The next part of the state that the watch begins with, and the mark of its end.
    fn tell_state(&mut self) -> std::result::Result<(), crate::storage::Error> {
        let Some(Initial { objects, at, after, marked }) = self.initial.take() else { return Ok(()) };
        let under = if self.namespace.is_empty() { String::new() } else { format!("{}/", self.namespace) };
        let terms = self.selection.terms();
        let page = objects.select(&under, after.as_deref(), AT_ONCE, at, &terms, |e| self.selection.matches(e))?;
        if !page.items.is_empty() {
            self.waiting.push_back(Told::State(page.items));
        }
        match page.more_after {
            after @ Some(_) => self.initial = Some(Initial { objects, at, after, marked }),
            None if self.bookmarks && marked => self.waiting.push_back(Told::Bookmark(at, true)),
            None => {}
        }
        Ok(())
    }

    /// Nothing more is told.
    pub fn end(&mut self) {
        self.initial = None;
        self.waiting.clear();
        self.watcher = None;
    }

    /// What a change means for this watcher's selection (W22).
    fn change(&self, event: &Event<Entry>) -> Option<Change> {
        let selected = |e: &Option<Arc<Entry>>| {
            let here = |e: &Entry| self.namespace.is_empty() || *e.namespace == *self.namespace;
            e.as_ref().is_some_and(|e| here(e) && self.selection.matches(e))
        };
        match (selected(&event.old), selected(&event.new)) {
            (false, false) => None,
            (false, true) => Some(Change::Added),
            (true, true) => Some(Change::Modified),
            (true, false) => Some(Change::Deleted),
        }
    }
}
