//! `desserte remote-write` into a real Prometheus: late samples stand at their true time.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;
use std::process::{Command, Output};

use desserte_e2e::{
    Collector, GUERET, Prometheus, Sender, can, has_program, now, octets, program, territory,
};
use desserte_units::Timestamp;

const HOUR_US: i64 = 3_600_000_000;
const DAY_US: i64 = 24 * HOUR_US;

/// Name of the series of round trips.
const RTT: &str = "desserte_site_rtt_idle_median_seconds";

fn remote_write(data: &Path, prometheus: &Prometheus, more: &[&str]) -> Output {
    Command::new(program("desserte"))
        .args(["remote-write", "--url", &prometheus.write_url(), "--data"])
        .arg(data)
        .args(more)
        .output()
        .expect("desserte starts")
}

fn said(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Keeps a minute of a probe that began at `at`.
async fn keep(collector: &Collector, sender: &mut Sender, at: Timestamp) {
    let mut record = sender.minute(GUERET);
    record.clock.utc_us = Some(at);
    let answer = sender.send(&format!("http://{}", collector.address), &[octets(&record)]).await.unwrap();
    assert_eq!(answer.receipt().accepted, 1, "{answer:?}");
}

/// Milliseconds and values of the one series that a selector finds in the last twenty days.
async fn samples(prometheus: &Prometheus, selector: &str) -> Vec<(i64, f64)> {
    let result = prometheus.query(&format!("{selector}[20d]")).await.unwrap();
    let series = result.as_array().unwrap();
    assert_eq!(series.len(), 1, "{selector}: {result}");
    let number = |value: &serde_json::Value| match value {
        serde_json::Value::String(text) => text.parse::<f64>().unwrap(),
        other => other.as_f64().unwrap(),
    };
    let values = series[0]["values"].as_array().unwrap().iter();
    #[expect(clippy::cast_possible_truncation, reason = "milliseconds of this century")]
    values.map(|pair| ((number(&pair[0]) * 1_000.0).round() as i64, number(&pair[1]))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn samples_ten_days_late_stand_at_their_true_time() {
    if !can("a Prometheus", has_program("prometheus")) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let collector = Collector::start(folder.path(), &territory(folder.path()), &[]).await;
    let prometheus = Prometheus::receive(&folder.path().join("window"), "15d").await;
    let mut sender = Sender::new(1);
    collector.register(&sender.key.public().to_string(), "mairie");

    let hour = now().as_unix_micros().div_euclid(HOUR_US) * HOUR_US - 3 * HOUR_US;
    let on_time = Timestamp::from_unix_micros(hour + 60_000_000);
    let late = Timestamp::from_unix_micros(hour + 120_000_000 - 10 * DAY_US);
    let ms = |at: Timestamp| at.as_unix_micros() / 1_000;
    keep(&collector, &mut sender, on_time).await;
    let first = said(&remote_write(&collector.data, &prometheus, &[]));
    assert_eq!(samples(&prometheus, RTT).await, [(ms(on_time), 0.02)], "{first}");

    keep(&collector, &mut sender, late).await;
    let second = said(&remote_write(&collector.data, &prometheus, &[]));
    assert_eq!(samples(&prometheus, RTT).await, [(ms(late), 0.02), (ms(on_time), 0.02)], "{second}");
    let up =
        samples(&prometheus, "desserte_commune_hour_minutes{commune=\"23096\",state=\"degraded\"}").await;
    let hours: Vec<(i64, f64)> = up.iter().map(|(at, value)| (at - at % 3_600_000, *value)).collect();
    assert_eq!(hours, [(ms(late) - 120_000, 1.0), (ms(on_time) - 60_000, 1.0)], "{up:?}");

    // An hour that a record comes for once more gets a second sample, later than its first; the hour around it stays whole.
    keep(&collector, &mut sender, late.saturating_add_micros(60_000_000)).await;
    said(&remote_write(&collector.data, &prometheus, &[]));
    let corrected =
        samples(&prometheus, "desserte_commune_hour_minutes{commune=\"23096\",state=\"degraded\"}").await;
    let last = "max_over_time(desserte_commune_hour_minutes{commune=\"23096\",state=\"degraded\"}[20d])";
    assert_eq!(corrected.len(), 3, "{corrected:?}");
    assert_eq!((corrected[0].1, corrected[1].1), (1.0, 2.0), "{corrected:?}");
    assert!(corrected[1].0 > corrected[0].0 && corrected[1].0 - corrected[0].0 < 3_600_000, "{corrected:?}");
    assert!((prometheus.value(last, 2.0).await - 2.0).abs() < f64::EPSILON);

    let third = said(&remote_write(&collector.data, &prometheus, &[]));
    assert!(third.starts_with("0 samples in 0 requests"), "{third}");

    // Without a window the late one is refused, told, and not taken for sent.
    let narrow = Prometheus::receive(&folder.path().join("narrow"), "0s").await;
    let from = text(on_time);
    said(&remote_write(&collector.data, &narrow, &["--from", &from]));
    assert_eq!(samples(&narrow, RTT).await, [(ms(on_time), 0.02)]);
    keep(&collector, &mut sender, late.saturating_add_micros(180_000_000)).await;
    for more in [&[][..], &["--skip-refused"]] {
        let output = remote_write(&collector.data, &narrow, more);
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(if more.is_empty() { 1 } else { 0 }), "{told}");
        assert_eq!(told.contains("out_of_order_time_window"), more.is_empty(), "{told}");
    }
}

/// A moment as text, to the second.
fn text(at: Timestamp) -> String {
    let output =
        Command::new("date").args(["-u", "-d", &format!("@{}", at.as_unix_secs()), "+%FT%TZ"]).output();
    String::from_utf8(output.unwrap().stdout).unwrap().trim().to_owned()
}
