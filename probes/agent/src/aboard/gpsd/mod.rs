//! The place, from gpsd: its JSON over a connection on this machine.
//!
//! Our own reader of one line, as gpsd's protocol is that small; the crates for it read blocking.

mod report;

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use desserte_model::{ClockStamp, PositionFault};
use report::{Reader, Told};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::Seen;

/// gpsd is on this machine and answers at once, or never.
const CONNECT_MAX: Duration = Duration::from_secs(2);

/// A receiver reports every second, with a fix or without; one that is silent for longer is not there.
const SILENCE_MAX: Duration = Duration::from_secs(3);

/// Waited before another connection: gpsd may be starting.
const AGAIN_AFTER: Duration = Duration::from_secs(2);

/// Longest line: gpsd's own limit is 10 240 octets (GPS_JSON_RESPONSE_MAX).
const LINE_MAX: usize = 16 * 1024;

const WATCH: &[u8] = b"?WATCH={\"enable\":true,\"json\":true};\n";

/// Follows the receiver and notes what it says, for as long as it is polled.
pub(super) async fn follow(address: SocketAddr, seen: &Seen, now: &dyn Fn() -> ClockStamp) {
    loop {
        let fault = match connect(address).await {
            Ok(stream) => read(stream, seen, now).await,
            Err(_) => PositionFault::Absent,
        };
        seen.no_position(fault, now().monotonic_us);
        tokio::time::sleep(AGAIN_AFTER).await;
    }
}

async fn connect(address: SocketAddr) -> io::Result<TcpStream> {
    tokio::time::timeout(CONNECT_MAX, async {
        let mut stream = TcpStream::connect(address).await?;
        stream.write_all(WATCH).await?;
        Ok(stream)
    })
    .await?
}

/// Reads until the connection ends or says what gpsd would not.
async fn read(mut stream: TcpStream, seen: &Seen, now: &dyn Fn() -> ClockStamp) -> PositionFault {
    let mut reader = Reader::default();
    let mut held = Vec::new();
    loop {
        match tokio::time::timeout(SILENCE_MAX, stream.read_buf(&mut held)).await {
            // The connection is kept: a receiver may be plugged in.
            Err(_) => {
                seen.no_position(PositionFault::Silent, now().monotonic_us);
                continue;
            }
            Ok(Err(_) | Ok(0)) => return PositionFault::Absent,
            Ok(Ok(_)) => {}
        }
        while let Some(end) = held.iter().position(|octet| *octet == b'\n') {
            let line: Vec<u8> = held.drain(..=end).collect();
            let at = now();
            match reader.read(&line, &at) {
                Told::Nothing => {}
                Told::Fix(fix) => seen.position(fix),
                Told::None(fault) => seen.no_position(fault, at.monotonic_us),
            }
        }
        if held.len() > LINE_MAX {
            return PositionFault::Silent;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use desserte_model::ClockSource;
    use desserte_units::Monotonic;
    use tokio::net::TcpListener;

    use super::*;

    fn clock() -> impl Fn() -> ClockStamp {
        let micros = Cell::new(0);
        move || {
            micros.set(micros.get() + 1_000_000);
            ClockStamp {
                boot: "00000000-0000-4000-8000-000000000001".parse().unwrap(),
                monotonic_us: Monotonic::from_micros(micros.get()),
                utc_us: None,
                source: ClockSource::Unsynchronised,
                offset_us: None,
                uncertainty_us: None,
            }
        }
    }

    /// What is seen of a gpsd that says `lines` and then closes.
    async fn seen_of(lines: &'static [u8]) -> Seen {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (seen, now) = (Seen::default(), clock());
        let serve = async {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut asked = vec![0; WATCH.len()];
            stream.read_exact(&mut asked).await.unwrap();
            assert_eq!(asked, WATCH);
            stream.write_all(lines).await.unwrap();
        };
        let follow = tokio::time::timeout(Duration::from_millis(400), follow(address, &seen, &now));
        let (_, _) = tokio::join!(serve, follow);
        seen
    }

    #[tokio::test]
    async fn positions_are_noted_and_the_end_of_gpsd_is_told() {
        let seen = seen_of(
            b"{\"class\":\"VERSION\"}\n{\"class\":\"TPV\",\"mode\":1}\n\
              {\"class\":\"TPV\",\"mode\":2,\"lat\":46.1,\"lon\":1.8}\n",
        )
        .await;
        let track = seen.track(Monotonic::ORIGIN, Monotonic::from_micros(u64::MAX));
        assert_eq!((track.fixes.len(), track.fault), (1, Some(PositionFault::Absent)));
    }

    #[tokio::test]
    async fn a_line_without_end_is_not_kept() {
        let seen = seen_of(Box::leak(vec![b'x'; LINE_MAX + 2].into_boxed_slice())).await;
        let track = seen.track(Monotonic::ORIGIN, Monotonic::from_micros(u64::MAX));
        assert_eq!((track.fixes.len(), track.fault), (0, Some(PositionFault::Silent)));
    }

    #[tokio::test]
    async fn nobody_there_is_told() {
        let address = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
        let (seen, now) = (Seen::default(), clock());
        let _ = tokio::time::timeout(Duration::from_millis(200), follow(address, &seen, &now)).await;
        let track = seen.track(Monotonic::ORIGIN, Monotonic::from_micros(u64::MAX));
        assert_eq!(track.fault, Some(PositionFault::Absent));
    }
}
