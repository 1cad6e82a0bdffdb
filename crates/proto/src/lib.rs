//! Measurement protocols as machines: no socket, no clock, no chance, not async.
//!
//! [`librespeed`] is throughput over plain HTTP. [`websocket`] splits octets into frames and says how many of them were payload; [`ndt7`] is the protocol, client and
//! server. A driver (`desserte-net`, or a test in virtual time) moves octets, reads the clock and passes both in. Bulk
//! payload passes as lengths, so that a fast line costs nothing here.

pub mod librespeed;
pub mod ndt7;
pub mod websocket;
