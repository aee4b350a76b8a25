//! The bodies of answers: chunks that are already there, or a watch that goes on; and those of requests, read when a handler
//! wants them, up to a limit.

use crate::status::{Result, Status};

use bytes::{Bytes, BytesMut};
use futures::Stream;
use http_body::{Body as HttpBody, Frame, SizeHint};
use http_body_util::BodyExt;
use http_body_util::combinators::UnsyncBoxBody;
use std::collections::VecDeque;
use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

/// An answer's body.
pub enum Body {
    /// All of it.
    Chunks(VecDeque<Bytes>),
    /// Blocks that are made as they are sent, and how many bytes are still to come.
    Blocks(Box<dyn Iterator<Item = Bytes> + Send>, u64),
    /// Frames as they come.
    Stream(Pin<Box<dyn Stream<Item = Bytes> + Send>>),
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
            Self::Blocks(blocks, left) => {
                let block = blocks.next();
                *left = left.saturating_sub(block.as_ref().map_or(0, |b| b.len() as u64));
                Poll::Ready(block.map(|b| Ok(Frame::data(b))))
            }
            Self::Stream(frames) => frames.as_mut().poll_next(cx).map(|f| f.map(|f| Ok(Frame::data(f)))),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Chunks(c) => c.is_empty(),
            Self::Blocks(_, left) => *left == 0,
            Self::Stream(_) => false,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Chunks(c) => SizeHint::with_exact(c.iter().map(|c| c.len() as u64).sum()),
            Self::Blocks(_, left) => SizeHint::with_exact(*left),
            Self::Stream(_) => SizeHint::default(),
        }
    }
}

/// The largest request body (R18).
pub const MAX_BODY: usize = 3 * 1024 * 1024;

/// A request's body, unread.
pub(super) struct Incoming(UnsyncBoxBody<Bytes, String>);

impl Incoming {
    /// Any body.
    pub(super) fn new<B>(body: B) -> Self
    where
        B: HttpBody<Data = Bytes> + Send + 'static,
        B::Error: std::fmt::Display,
    {
        Self(body.map_err(|e| e.to_string()).boxed_unsync())
    }

    /// All of it; what comes in one piece is not copied.
    ///
    /// # Errors
    /// 413, and 400 when the client stops in the middle.
    pub(super) async fn read(&mut self) -> Result<Bytes> {
        let (mut first, mut all) = (Bytes::new(), BytesMut::new());
        let mut too_large = self.0.size_hint().lower() > MAX_BODY as u64;
        while !too_large && let Some(data) = self.next().await? {
            too_large = first.len() + all.len() + data.len() > MAX_BODY;
            if first.is_empty() && all.is_empty() {
                first = data;
            } else {
                if all.is_empty() {
                    all.extend_from_slice(&std::mem::take(&mut first));
                }
                all.extend_from_slice(&data);
            }
        }
        if too_large {
            self.discard().await;
            return Err(Status::too_large(format!("limit is {MAX_BODY}")));
        }
        Ok(if all.is_empty() { first } else { all.freeze() })
    }

    async fn next(&mut self) -> Result<Option<Bytes>> {
        while let Some(frame) = self.0.frame().await {
            let frame = frame.map_err(|e| Status::bad_request(format!("unable to read the request body: {e}")))?;
            if let Ok(data) = frame.into_data() {
                return Ok(Some(data));
            }
        }
        Ok(None)
    }

    /// Takes in what a client still sends, so that it comes to read the answer; not for ever.
    async fn discard(&mut self) {
        let mut left = 4 * MAX_BODY;
        while let Ok(Some(data)) = self.next().await {
            match left.checked_sub(data.len()) {
                Some(n) => left = n,
                None => return,
            }
        }
    }
}
