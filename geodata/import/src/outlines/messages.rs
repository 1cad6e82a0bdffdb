//! What GDAL and GEOS say on the side: kept for the report and the log rather than printed.

use std::cell::RefCell;
use std::sync::Once;

use gdal::errors::CplErrType;

/// A message, and whether GDAL gave up on something with it.
pub(super) struct Message {
    pub(super) failure: bool,
    pub(super) text: String,
}

thread_local! {
    static MESSAGES: RefCell<Vec<Message>> = const { RefCell::new(Vec::new()) };
}

/// Takes over GDAL's messages for the whole process, once. GDAL calls the handler on the thread that is at work.
pub(super) fn collect() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        gdal::config::set_error_handler(|kind, _, text| {
            let failure = matches!(kind, CplErrType::Failure | CplErrType::Fatal);
            MESSAGES.with_borrow_mut(|messages| messages.push(Message { failure, text: text.to_owned() }));
        });
    });
    drop(take());
}

/// The messages of this thread since the last call.
pub(super) fn take() -> Vec<Message> {
    MESSAGES.take()
}

/// Logs the messages since the last call and returns the first failure among them.
pub(super) fn failure() -> Option<String> {
    let mut failed = None;
    for Message { failure, text } in take() {
        tracing::warn!(message = text.as_str(), failure, "GDAL says");
        if failure && failed.is_none() {
            failed = Some(text);
        }
    }
    failed
}
