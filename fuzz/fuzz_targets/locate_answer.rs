//! Answers of a locating service: read within limits, and again as they are written.
#![no_main]

use desserte_proto::locate::{Nearest, spec};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|octets: &[u8]| {
    let Ok(nearest) = Nearest::read(octets) else { return };
    assert!(nearest.results.len() <= spec::TARGETS_MAX);
    for target in &nearest.results {
        assert!(target.urls.len() <= spec::URLS_MAX);
        assert!(
            target.urls.values().all(|url| url.len() <= spec::URL_MAX && !url.contains(char::is_control))
        );
    }
    let text = serde_json::to_vec(&nearest).expect("texts and numbers can be written");
    assert_eq!(Nearest::read(&text).as_ref(), Ok(&nearest));
});
