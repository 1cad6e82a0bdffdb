//! Proofs and seals from strangers: read within limits, checked without a panic, never believed against a seal that was not theirs.
#![no_main]

use desserte_custody::{Proof, Statement, verify};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|octets: &[u8]| {
    if let Ok(text) = std::str::from_utf8(octets)
        && let Ok(seal) = Statement::read(text)
    {
        assert_eq!(Statement::read(&seal.text()).as_ref().ok(), Some(&seal));
    }
    let Ok(proof) = Proof::read(octets) else { return };
    let text = serde_json::to_vec(&proof).expect("a proof can be written");
    assert_eq!(Proof::read(&text).as_ref().ok(), Some(&proof));
    let _ = verify(&proof, None, None);
    let _ = verify(&proof, Some(&proof.seal), Some("HBwcx2STvz0qjdkvBZBg30rlQVHuqb8+9b024A8NBqw="));
});
