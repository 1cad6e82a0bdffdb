//! A full disk seen from outside: a problem that says so, and work again without a restart.

#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "a test fails by panicking")]

mod common;

use std::path::Path;
use std::process::Command;

use common::{body, get, key, line, minute, now, post};
use desserte_collector::Config;

struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    fn mount(size: &str) -> Option<Self> {
        let dir = tempfile::tempdir().unwrap();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={size}"), "desserte-test"])
            .arg(dir.path())
            .output()
            .is_ok_and(|output| output.status.success());
        mounted.then_some(Self(dir))
    }

    fn path(&self) -> &Path {
        self.0.path()
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.path()).status();
    }
}

#[test]
fn a_full_disk_is_507_and_room_is_all_it_takes() {
    let Some(disk) = SmallDisk::mount("4m") else {
        assert!(std::env::var_os("CI").is_none(), "mounting a tmpfs needs root, which CI has");
        eprintln!("SKIPPED: mounting a tmpfs needs root");
        return;
    };
    let ballast = disk.path().join("ballast");
    std::fs::write(&ballast, vec![1; 1_500_000]).unwrap();
    let running = common::start_in(disk.path(), Config::default());
    let batch = |round: u64| {
        let lines: Vec<_> = (round * 100..round * 100 + 100).map(|n| line(&minute(n, now()))).collect();
        body(&key(1), &lines)
    };
    let mut kept = 0;
    let refused = (0..1_000).find_map(|round| {
        let answer = post(running.address, &key(1), &batch(round));
        if answer.status == 200 {
            kept += 100;
            None
        } else {
            Some(answer)
        }
    });
    let refused = refused.expect("the disk fills up");
    assert_eq!((refused.status, refused.kind().as_str()), (507, "disk-full"), "{}", refused.body);
    assert!(refused.head.contains("retry-after: 300"), "{}", refused.head);
    assert!(!refused.body.contains("sqlite"), "{}", refused.body);
    assert!(kept > 0);
    assert!(get(running.address, "/metrics").body.contains(&format!("desserte_store_records {kept}\n")));
    assert_eq!(get(running.address, "/healthz").status, 200);

    std::fs::remove_file(&ballast).unwrap();
    assert_eq!(post(running.address, &key(1), &batch(5_000)).status, 200);
    assert_eq!(get(running.address, "/readyz").status, 200);
}
