//! Bodies: read within limits, and sent in pieces that are shared with the cache.

use std::{
    collections::VecDeque,
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll},
};

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use hyper::body::{Body as HttpBody, Frame, SizeHint};

use super::Limits;

/// Why a body was not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unread {
    /// It is larger than allowed.
    TooLarge,
    /// It did not arrive in time.
    TooSlow,
    /// The connection broke.
    Broken,
}

/// Reads a whole body.
pub(super) async fn read(body: Body, limits: Limits) -> Result<Bytes, Unread> {
    if body.size_hint().lower() > limits.body_bytes as u64 {
        return Err(Unread::TooLarge);
    }
    tokio::time::timeout(limits.body_timeout, gather(body, limits.body_bytes)).await.unwrap_or(Err(Unread::TooSlow))
}

async fn gather(mut body: Body, limit: usize) -> Result<Bytes, Unread> {
    let mut first = Bytes::new();
    let mut rest = BytesMut::new();
    while let Some(frame) = std::future::poll_fn(|ctx| Pin::new(&mut body).poll_frame(ctx)).await {
        let Ok(data) = frame.map_err(|_| Unread::Broken)?.into_data() else { continue };
        if first.len() + rest.len() + data.len() > limit {
            return Err(Unread::TooLarge);
        }
        if first.is_empty() {
            // Most bodies come in one piece, which is used as it is.
            first = data;
        } else {
            rest.extend_from_slice(&data);
        }
    }
    if rest.is_empty() { Ok(first) } else { Ok([&first[..], &rest[..]].concat().into()) }
}

/// A body in pieces, none of them copied.
pub(super) struct Pieces {
    pieces: VecDeque<Bytes>,
    left: u64,
}

impl Pieces {
    pub(super) fn new(pieces: impl IntoIterator<Item = Bytes>) -> Self {
        let pieces: VecDeque<Bytes> = pieces.into_iter().filter(|piece| !piece.is_empty()).collect();
        let left = pieces.iter().map(|piece| piece.len() as u64).sum();
        Self { pieces, left }
    }
}

impl HttpBody for Pieces {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let piece = self.pieces.pop_front();
        self.left -= piece.as_ref().map_or(0, |piece| piece.len() as u64);
        Poll::Ready(piece.map(|piece| Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.pieces.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits() -> Limits {
        Limits { body_bytes: 8, ..Limits::default() }
    }

    fn body(pieces: &[&'static str]) -> Body {
        Body::new(Pieces::new(pieces.iter().map(|piece| Bytes::from_static(piece.as_bytes()))))
    }

    #[tokio::test]
    async fn a_body_is_read_up_to_its_limit_and_no_further() {
        assert_eq!(read(body(&["1234", "5678"]), limits()).await, Ok(Bytes::from_static(b"12345678")));
        assert_eq!(read(body(&["1234", "5678", "9"]), limits()).await, Err(Unread::TooLarge));
        assert_eq!(read(body(&[]), limits()).await, Ok(Bytes::new()));
    }

    #[test]
    fn pieces_know_what_is_left_of_them() {
        let mut pieces = Pieces::new(["ab", "", "c"].map(|piece| Bytes::from_static(piece.as_bytes())));
        assert_eq!(pieces.size_hint().exact(), Some(3));
        let mut ctx = Context::from_waker(std::task::Waker::noop());
        assert!(matches!(Pin::new(&mut pieces).poll_frame(&mut ctx), Poll::Ready(Some(Ok(_)))));
        assert_eq!((pieces.size_hint().exact(), pieces.is_end_stream()), (Some(1), false));
    }
}
