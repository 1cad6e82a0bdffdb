//! What GDAL and GEOS say on the side: kept for the report rather than printed.

use std::cell::RefCell;
use std::sync::Once;

thread_local! {
    static MESSAGES: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// Takes over GDAL's messages for the whole process, once. GDAL calls the handler on the thread that is at work.
pub(super) fn collect() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        gdal::config::set_error_handler(|_, _, text| {
            MESSAGES.with_borrow_mut(|messages| messages.push(text.to_owned()));
        });
    });
    drop(take());
}

/// The messages of this thread since the last call.
pub(super) fn take() -> Vec<String> {
    MESSAGES.take()
}
