//! Watches over websockets (W7), which browsers use: the same frames, each as one message. Only what a server that sends needs
//! of RFC 6455 is here; what the client sends is passed over, but for its leave-taking.

use super::body::Body;
use super::respond;
use crate::access::WEBSOCKET_TOKEN;
use base64::Engine as _;
use bytes::{BufMut, Bytes, BytesMut};
use futures::{Stream, StreamExt};
use http::header::{
    CONNECTION, HeaderName, HeaderValue, ORIGIN, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_PROTOCOL,
    SEC_WEBSOCKET_VERSION, UPGRADE,
};
use http::{Response, StatusCode, request};
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use sha1::{Digest, Sha1};
use tokio::io::{AsyncReadExt, AsyncWriteExt, split};
use tokio::sync::mpsc;

/// What a key is joined with before it is hashed (RFC 6455, 1.3).
const GUID: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
/// A message of text, one of bytes, the end, and the answer to a ping; all whole.
const TEXT: u8 = 0x81;
const BINARY: u8 = 0x82;
const CLOSE: u8 = 0x88;
const PONG: u8 = 0x8a;
/// What a client may send in a control frame, and more than it has any reason to send at once.
const MOST_RECEIVED: u64 = 64 << 10;

fn text<'a>(parts: &'a request::Parts, name: &HeaderName) -> &'a str {
    parts.headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default()
}

/// The connection that a request asks to have as a websocket.
pub(super) fn asked(parts: &request::Parts) -> Option<OnUpgrade> {
    let upgrades = text(parts, &CONNECTION).split(',').any(|t| t.trim().eq_ignore_ascii_case("upgrade"));
    let websocket = text(parts, &UPGRADE).eq_ignore_ascii_case("websocket");
    (upgrades && websocket).then(|| parts.extensions.get::<OnUpgrade>().cloned()).flatten()
}

/// Answers with a websocket onto which the frames go until they end.
pub(super) fn answer(
    parts: &request::Parts,
    upgrade: OnUpgrade,
    frames: impl Stream<Item = Bytes> + Send + Unpin + 'static,
    as_text: bool,
) -> Response<Body> {
    let refused = |code: u16| respond::nothing(code);
    if text(parts, &ORIGIN).is_empty() {
        return refused(403);
    }
    let key = text(parts, &SEC_WEBSOCKET_KEY);
    if key.is_empty() || text(parts, &SEC_WEBSOCKET_VERSION) != "13" {
        let mut response = refused(400);
        response.headers_mut().insert(SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
        return response;
    }
    tokio::spawn(async move {
        let Ok(upgraded) = upgrade.await else { return };
        let (reader, writer) = split(TokioIo::new(upgraded));
        let (pings, pinged) = mpsc::channel(1);
        tokio::select! {
            () = receive(reader, pings) => {}
            _ = send(writer, frames, pinged, if as_text { TEXT } else { BINARY }) => {}
        }
    });
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    headers.extend(HeaderValue::from_str(&accept(key)).map(|v| (SEC_WEBSOCKET_ACCEPT, v)));
    let mut offered = text(parts, &SEC_WEBSOCKET_PROTOCOL).split(',').map(str::trim);
    let chosen = offered.find(|p| !p.is_empty() && !p.starts_with(WEBSOCKET_TOKEN));
    headers.extend(chosen.and_then(|p| HeaderValue::from_str(p).ok()).map(|v| (SEC_WEBSOCKET_PROTOCOL, v)));
    response
}

fn accept(key: &str) -> String {
    base64::prelude::BASE64_STANDARD.encode(Sha1::digest(format!("{key}{GUID}")))
}

/// A message's head: what it is, and its length in one, three or nine bytes.
fn head(kind: u8, length: usize) -> BytesMut {
    let mut out = BytesMut::with_capacity(10);
    out.put_u8(kind);
    match length {
        0..=125 => out.put_u8(length as u8),
        126..=0xffff => {
            out.put_u8(126);
            out.put_u16(length as u16);
        }
        _ => {
            out.put_u8(127);
            out.put_u64(length as u64);
        }
    }
    out
}

async fn send<W: AsyncWriteExt + Unpin>(
    mut writer: W,
    mut frames: impl Stream<Item = Bytes> + Unpin,
    mut pinged: mpsc::Receiver<Vec<u8>>,
    kind: u8,
) -> std::io::Result<()> {
    loop {
        let (kind, message) = tokio::select! {
            frame = frames.next() => match frame {
                Some(frame) => (kind, frame),
                None => break,
            },
            Some(ping) = pinged.recv() => (PONG, ping.into()),
        };
        writer.write_all(&head(kind, message.len())).await?;
        writer.write_all(&message).await?;
        writer.flush().await?;
    }
    // 1000: all is well.
    writer.write_all(&[CLOSE, 2, 0x03, 0xe8]).await?;
    writer.shutdown().await
}

/// Reads until the client closes, or sends what is no websocket.
async fn receive<R: AsyncReadExt + Unpin>(mut reader: R, pings: mpsc::Sender<Vec<u8>>) {
    loop {
        let mut start = [0; 2];
        if reader.read_exact(&mut start).await.is_err() {
            return;
        }
        let length = match start[1] & 0x7f {
            126 => reader.read_u16().await.map(u64::from),
            127 => reader.read_u64().await,
            n => Ok(u64::from(n)),
        };
        let mut mask = [0; 4];
        let masked = start[1] & 0x80 != 0;
        let Ok(length) = length else { return };
        if length > MOST_RECEIVED || (masked && reader.read_exact(&mut mask).await.is_err()) {
            return;
        }
        let mut content = vec![0; usize::try_from(length).unwrap_or_default()];
        if reader.read_exact(&mut content).await.is_err() {
            return;
        }
        match start[0] & 0x0f {
            0x8 => return,
            0x9 => {
                content.iter_mut().zip(mask.iter().cycle()).for_each(|(b, m)| *b ^= m);
                // One unanswered ping is enough.
                let _ = pings.try_send(content);
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_is_answered_as_the_standard_says() {
        assert_eq!(accept("dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    }

    #[tokio::test]
    async fn messages_go_out_pings_come_back_and_the_end_is_told() {
        let (client, server) = tokio::io::duplex(1 << 20);
        let (reader, writer) = split(server);
        let (mut from, mut to) = split(client);
        let (frames, queue) = mpsc::channel(4);
        let queue = futures::stream::unfold(queue, async |mut queue| Some((queue.recv().await?, queue)));
        let (pings, pinged) = mpsc::channel(1);
        let receiving = tokio::spawn(receive(reader, pings));
        let sending = tokio::spawn(send(writer, Box::pin(queue), pinged, TEXT));
        frames.send(Bytes::from_static(b"{}\n")).await.expect("a reader");
        let mut message = [0; 5];
        from.read_exact(&mut message).await.expect("a message");
        assert_eq!(&message, b"\x81\x03{}\n");
        // A masked ping.
        to.write_all(&[0x89, 0x81, 1, 1, 1, 1, b'a' ^ 1]).await.expect("sent");
        let mut pong = [0; 3];
        from.read_exact(&mut pong).await.expect("a pong");
        assert_eq!(&pong, b"\x8a\x01a");
        frames.send(vec![b'x'; 70_000].into()).await.expect("a reader");
        let mut long = vec![0; 10 + 70_000];
        from.read_exact(&mut long).await.expect("a long message");
        assert_eq!(&long[..10], b"\x81\x7f\0\0\0\0\0\x01\x11\x70");
        drop(frames);
        let mut end = Vec::new();
        from.read_to_end(&mut end).await.expect("the end");
        assert_eq!(end, [CLOSE, 2, 0x03, 0xe8]);
        sending.await.expect("no panic").expect("sent");
        to.write_all(&[0x88, 0x80, 0, 0, 0, 0]).await.expect("sent");
        receiving.await.expect("no panic");
    }
}
