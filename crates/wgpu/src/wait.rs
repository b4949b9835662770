//! Waiting for what is there at once.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

/// The value of a future that needs nobody to wake it, as all of wgpu's are outside a browser. `None` if it is not ready
/// after all.
pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> Option<T> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => Some(value),
        Poll::Pending => None,
    }
}
