//! The bodies of answers: chunks that are already there, or a watch that goes on.

use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};
use std::collections::VecDeque;
use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::sync::mpsc;

/// An answer's body.
pub enum Body {
    /// All of it.
    Chunks(VecDeque<Bytes>),
    /// Frames as they come, until the sender is dropped.
    Stream(mpsc::Receiver<Bytes>),
}

impl Body {
    /// Nothing.
    pub fn empty() -> Self {
        Self::Chunks(VecDeque::new())
    }
}

impl<T: Into<Bytes>> From<T> for Body {
    fn from(bytes: T) -> Self {
        Self::Chunks(VecDeque::from([bytes.into()]))
    }
}

impl HttpBody for Body {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        match &mut *self {
            Self::Chunks(chunks) => Poll::Ready(chunks.pop_front().map(|c| Ok(Frame::data(c)))),
            Self::Stream(frames) => frames.poll_recv(cx).map(|f| f.map(|f| Ok(Frame::data(f)))),
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self, Self::Chunks(c) if c.is_empty())
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Chunks(c) => SizeHint::with_exact(c.iter().map(|c| c.len() as u64).sum()),
            Self::Stream(_) => SizeHint::default(),
        }
    }
}
