//! Response bodies that end when shutdown begins. Only bodies without a known length do: those of watches, which would
//! otherwise hold the server open for ever. Answers of a known length are always finished.

use crate::api::health::{Ending, Lifecycle};
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use std::pin::Pin;
use std::task::{Context, Poll};

/// A body that may be cut at a frame's end.
pub(super) struct Draining<B> {
    inner: B,
    /// Absent for bodies that are never cut.
    shutdown: Option<Ending>,
}

impl<B: Body> Draining<B> {
    pub(super) fn new(inner: B, lifecycle: &Lifecycle) -> Self {
        let streaming = inner.size_hint().exact().is_none();
        let shutdown = streaming.then(|| lifecycle.ending());
        Self { inner, shutdown }
    }
}

impl<B: Body<Data = Bytes> + Unpin> Body for Draining<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let this = &mut *self;
        if let Poll::Ready(frame) = Pin::new(&mut this.inner).poll_frame(cx) {
            return Poll::Ready(frame);
        }
        let Some(shutdown) = &mut this.shutdown else { return Poll::Pending };
        shutdown.poll(cx).map(|()| None)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
