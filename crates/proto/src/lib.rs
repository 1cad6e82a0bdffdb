//! Measurement protocols as machines: no socket, no clock, no chance, not async.
//!
//! [`ndt7`], [`librespeed`] (throughput over plain HTTP) and [`iperf3`] are protocols, each with a client and a server;
//! [`stamp`] measures loss and delay of each direction; [`locate`] says who measures where; [`dns`] asks for names; [`websocket`] splits octets into
//! frames and says how many of them were payload. A driver (`desserte-net`, or a test in virtual time) moves octets, reads the
//! clock and passes both in. Bulk payload passes as lengths, so that a fast line costs nothing here.

pub mod dns;
pub mod iperf3;
pub mod librespeed;
pub mod locate;
pub mod ndt7;
pub mod stamp;
pub mod websocket;
