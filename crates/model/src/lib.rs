//! What Desserte records and sends: identifiers, observations, and wire schema v1.
//!
//! A probe writes one [`Record`] for each observation and sends them in batches: a [`BatchHeader`] line, then one line
//! for each record, as JSON text. The published form is `docs/spec/wire-v1.md`; unknown fields are ignored by a reader
//! so that a later minor version can add some, and a missing optional field means "not known", never zero.
//!
//! This crate reads no clock, file or socket.

mod access;
mod batch;
mod clock;
mod course;
mod enrolment;
mod health;
mod ids;
mod interruption;
mod minute;
mod mobile;
mod place;
mod reachability;
mod receipt;
mod record;
mod register;
mod tcp;
mod throughput;

pub use access::{AccessLine, AccessTechnology, LineSource, Medium};
pub use batch::{BATCH_CONTENT_TYPE, BATCH_SCHEMA, BatchHeader, BootAnchor};
pub use clock::{ClockSource, ClockStamp};
pub use course::{
    Course, DeviceLoad, LimitedBy, LoadedEchoes, OthersTraffic, RunMode, StopReason, TimedEcho,
};
pub use enrolment::{
    ENROLMENT_SCHEMA, EnrolmentAnswer, EnrolmentPosition, EnrolmentRequest, EnrolmentStep, EnrolmentTarget,
};
pub use health::{Device, DeviceClass, Health};
pub use ids::{BatchId, BootId, MalformedId, ProbeId, RecordId, ServerId, TargetId};
pub use interruption::{EdgeEcho, Interruption, InterruptionCause, WatchPace, WitnessKind};
pub use minute::{EchoMethod, LinkState, Minute, TargetEchoes};
pub use mobile::{
    Fix, Mobile, PositionFault, Radio, RadioFault, RadioSample, RadioSignal, RadioTechnology, Registration,
    ServingCell, Track,
};
pub use place::{CogVintage, CommuneCode, LonLat, NotACommuneCode, NotAPosition, Position, PositionSource};
pub use reachability::{PageSeen, ReachFailure, ReachStep, Reachability};
pub use receipt::{Problem, Receipt, Refusal, RefusalReason};
pub use record::{Observation, RECORD_SCHEMA, Record, Software};
pub use register::{SharedInvitation, SharedProbe};
pub use tcp::TcpCounters;
pub use throughput::{
    ByteSample, CongestionControl, Connection, CountedBy, CountingLayer, Direction, End, IpFamily, Protocol,
    RunOutcome, Server, Throughput,
};
