//! Keys, signed batches and the chain of records.
//!
//! A batch travels as an HTTP request whose body is covered by a `Content-Digest` (RFC 9530) and whose method, path,
//! content headers and digest are signed with the probe's Ed25519 key (RFC 9421). `docs/spec/wire-v1.md` states the
//! profile: one signature labelled `desserte`, the components of [`RequestTarget`] in a fixed order, the parameters
//! `created`, `keyid`, `alg` and `tag`. Structured fields are read and written by the `sfv` library.
//!
//! This crate reads no clock, file, socket or chance: times, seeds and octets are arguments.

mod batch;
mod chain;
mod digest;
mod enrolment;
mod invitation;
mod keys;
mod request;

pub use batch::{BatchLine, BatchTextError, encode_batch, split_batch};
pub use chain::record_sha256;
pub use digest::{DigestError, content_digest, verify_content_digest};
pub use enrolment::{Application, ApplicationError, apply};
pub use invitation::{InvitationCode, InvitationLink, MalformedInvitation};
pub use keys::{MalformedKey, ProbeKey, PublicKey};
pub use request::{
    RequestTarget, SIGNATURE_TAG, SignatureError, SignatureHeaders, SignatureWindow, sign_request,
    signing_probe, verify_head, verify_request,
};
