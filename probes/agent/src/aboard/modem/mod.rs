//! The radio, from ModemManager on the system's message bus: asked once a second while a run is near.

mod reading;

use std::collections::HashMap;
use std::time::Duration;

use desserte_model::{ClockStamp, RadioFault, RadioSample};
use reading::{Interfaces, LOCATION, MODEM, MODEM_3GPP, Objects, Properties, SIGNAL};
use serde::de::DeserializeOwned;
use zbus::Connection;
use zbus::zvariant::{DynamicType, OwnedObjectPath, OwnedValue, Type};

use super::Seen;

/// Time between two questions: what a modem can be read at, and often enough for a skew below a second.
const EVERY: Duration = Duration::from_secs(1);

/// The bus is on this machine.
const CONNECT_MAX: Duration = Duration::from_secs(2);

/// The longest wait for one answer; ModemManager itself waits long for a modem that hangs.
const ANSWER_MAX: Duration = Duration::from_millis(800);

/// Questions that a modem has refused are put again this much later: another modem may be there.
const REFUSED_FOR: u32 = 60;

/// Levels are read from the modem every so many seconds at our request; the finest that ModemManager knows.
const SIGNAL_EVERY_S: u32 = 1;

const SERVICE: &str = "org.freedesktop.ModemManager1";
const ROOT: &str = "/org/freedesktop/ModemManager1";
const OBJECT_MANAGER: &str = "org.freedesktop.DBus.ObjectManager";

/// Who asks, and what it learnt of the modem.
#[derive(Debug, Default)]
pub(super) struct Modem {
    connection: Option<Connection>,
    /// The modem whose levels are read more often for us, and how often they were before.
    quickened: Option<(OwnedObjectPath, u32)>,
    /// Questions left before the refused one is put again.
    cells_refused: u32,
    rate_refused: u32,
}

impl Modem {
    /// Asks and notes what is said, for as long as it is polled.
    pub(super) async fn listen(
        &mut self,
        seen: &Seen,
        now: &dyn Fn() -> ClockStamp,
        interface: &dyn Fn() -> Option<String>,
    ) {
        let mut next = tokio::time::Instant::now();
        loop {
            let asked = now().monotonic_us;
            match self.ask(interface().as_deref()).await {
                Ok(answer) => {
                    let at = now().monotonic_us;
                    let took_us = u64::try_from(at.since(asked).as_micros()).unwrap_or(u64::MAX);
                    seen.answer(RadioSample { at_us: at, took_us, ..answer });
                }
                Err(fault) => {
                    if matches!(fault, RadioFault::Absent | RadioFault::Silent) {
                        // A connection that was lost is not noticed otherwise.
                        self.connection = None;
                    }
                    seen.no_answer(fault, now().monotonic_us);
                }
            }
            next = (next + EVERY).max(tokio::time::Instant::now());
            tokio::time::sleep_until(next).await;
        }
    }

    /// Lets the modem be read as seldom as before.
    pub(super) async fn rest(&mut self) {
        if let (Some(connection), Some((path, rate))) = (&self.connection, self.quickened.take()) {
            let _: Result<(), _> = call(connection, path.as_str(), SIGNAL, "Setup", &rate).await;
        }
    }

    async fn ask(&mut self, interface: Option<&str>) -> Result<RadioSample, RadioFault> {
        let connection = self.connect().await?;
        let objects: Objects = call(&connection, ROOT, OBJECT_MANAGER, "GetManagedObjects", &()).await?;
        let (path, interfaces) = reading::choose(&objects, interface)?;
        self.quicken(&connection, path, interfaces).await;
        let cells = self.cells(&connection, path, interfaces).await;
        let nothing = Properties::new();
        let part = |name| interfaces.get(name).unwrap_or(&nothing);
        let rate = reading::number(part(SIGNAL), "Rate").filter(|rate| *rate > 0);
        Ok(RadioSample {
            at_us: desserte_units::Monotonic::ORIGIN,
            took_us: 0,
            signals_age_max_us: rate.map(|seconds| u64::from(seconds) * 1_000_000),
            registration: reading::registration(part(MODEM_3GPP)),
            operator: reading::text(part(MODEM_3GPP), "OperatorCode")
                .and_then(|code| reading::operator(&code)),
            access: reading::access(reading::number(part(MODEM), "AccessTechnologies").unwrap_or(0)),
            // Levels that nobody reads any more are those of an unknown past.
            signals: if rate.is_some() { reading::signals(part(SIGNAL)) } else { Vec::new() },
            cells,
        })
    }

    async fn connect(&mut self) -> Result<Connection, RadioFault> {
        if let Some(connection) = &self.connection {
            return Ok(connection.clone());
        }
        let connecting = tokio::time::timeout(CONNECT_MAX, Connection::system()).await;
        let connection = connecting.map_err(|_| RadioFault::Silent)?.map_err(|_| RadioFault::Absent)?;
        self.connection = Some(connection.clone());
        Ok(connection)
    }

    /// Has the modem's levels read every second; another program may have asked for it already.
    async fn quicken(&mut self, connection: &Connection, path: &OwnedObjectPath, interfaces: &Interfaces) {
        let Some(signal) = interfaces.get(SIGNAL) else { return };
        let rate = reading::number(signal, "Rate").unwrap_or(0);
        self.rate_refused = self.rate_refused.saturating_sub(1);
        if rate == SIGNAL_EVERY_S || self.rate_refused > 0 {
            return;
        }
        match call::<(), _>(connection, path.as_str(), SIGNAL, "Setup", &SIGNAL_EVERY_S).await {
            Ok(()) => self.quickened = Some((path.clone(), rate)),
            Err(_) => self.rate_refused = REFUSED_FOR,
        }
    }

    /// The serving cells: from the modem itself, else from what ModemManager remembers of where it is.
    async fn cells(
        &mut self,
        connection: &Connection,
        path: &OwnedObjectPath,
        interfaces: &Interfaces,
    ) -> Vec<desserte_model::ServingCell> {
        self.cells_refused = self.cells_refused.saturating_sub(1);
        if self.cells_refused == 0 {
            match call::<Vec<Properties>, _>(connection, path.as_str(), MODEM, "GetCellInfo", &()).await {
                Ok(answer) => return reading::cells(&answer),
                Err(RadioFault::Silent) => return Vec::new(),
                Err(_) => self.cells_refused = REFUSED_FOR,
            }
        }
        if !interfaces.contains_key(LOCATION) {
            return Vec::new();
        }
        let answer: Result<HashMap<u32, OwnedValue>, _> =
            call(connection, path.as_str(), LOCATION, "GetLocation", &()).await;
        answer.ok().and_then(|answer| reading::cell_of_location(&answer)).into_iter().collect()
    }
}

async fn call<T, B>(
    connection: &Connection,
    path: &str,
    interface: &str,
    method: &str,
    body: &B,
) -> Result<T, RadioFault>
where
    T: DeserializeOwned + Type,
    B: serde::Serialize + DynamicType,
{
    let calling = connection.call_method(Some(SERVICE), path, Some(interface), method, body);
    let answer = tokio::time::timeout(ANSWER_MAX, calling).await.map_err(|_| RadioFault::Silent)?;
    let answer = answer.map_err(|error| fault(&error))?;
    answer.body().deserialize().map_err(|_| RadioFault::Refused)
}

fn fault(error: &zbus::Error) -> RadioFault {
    match error {
        zbus::Error::MethodError(name, ..) => match name.as_str() {
            "org.freedesktop.DBus.Error.ServiceUnknown"
            | "org.freedesktop.DBus.Error.NameHasNoOwner"
            | "org.freedesktop.DBus.Error.Spawn.ServiceNotFound" => RadioFault::Absent,
            "org.freedesktop.DBus.Error.NoReply" | "org.freedesktop.DBus.Error.Timeout" => RadioFault::Silent,
            _ => RadioFault::Refused,
        },
        zbus::Error::InputOutput(_) => RadioFault::Absent,
        _ => RadioFault::Refused,
    }
}
