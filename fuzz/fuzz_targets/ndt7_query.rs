//! Query strings of ndt7: what is read means the same once it is written.
#![no_main]

use desserte_proto::ndt7::RequestParameters;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|query: &str| {
    if let Ok(mut parameters) = RequestParameters::parse(query) {
        // A key without a value is understood but never written.
        parameters.metadata.retain(|(_, value)| !value.is_empty());
        let written = parameters.to_query();
        // Escapes may make it longer than a query may be.
        if let Ok(again) = RequestParameters::parse(&written) {
            assert_eq!(parameters, again, "{written}");
        }
    }
});
