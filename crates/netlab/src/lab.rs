//! Namespaces and the lines that lead to them.

use std::net::Ipv4Addr;
use std::process::Command;

use crate::command::{LabError, output, run};
use crate::link::LinkConfig;
use crate::shape::Shape;
use crate::shim::{Device, Shim};

/// A set of shaped lines. Dropping it removes every namespace, link and address it made.
///
/// Addresses come from 198.18.0.0/15, which RFC 2544 sets apart for measurements.
#[derive(Debug)]
pub struct Lab {
    name: String,
    subnet: u8,
    lines: Vec<Line>,
    /// Namespaces of emulated lines; their devices go with the shim that holds them open.
    emulated: Vec<String>,
    beyond: Vec<Ipv4Addr>,
}

/// One house: a namespace whose only way out is a shaped link to this machine.
#[derive(Debug, Clone)]
pub struct Line {
    /// The namespace.
    pub namespace: String,
    /// The house's address.
    pub address: Ipv4Addr,
    /// This machine's end of the link: what the house sees as its router.
    pub gateway: Ipv4Addr,
    /// What the line carries towards the house.
    pub download: Shape,
    /// What the line carries from the house.
    pub upload: Shape,
    outside: String,
}

impl Lab {
    /// Starts an empty lab. `name` is a short prefix of interface names (at most 6 letters); `subnet` tells labs apart
    /// that run at the same time. What an earlier lab of this name left behind after a hard stop is removed first.
    ///
    /// # Errors
    /// When this machine lets no namespaces be made.
    pub fn new(name: &str, subnet: u8) -> Result<Self, LabError> {
        let lab = Self {
            name: name.to_owned(),
            subnet,
            lines: Vec::new(),
            emulated: Vec::new(),
            beyond: Vec::new(),
        };
        lab.remove_leftovers()?;
        let probe = format!("{name}-try");
        run(&format!("ip netns add {probe}"))?;
        // Entering one needs more rights than making one; where that fails no line can be made either.
        let entered = run(&format!("ip -n {probe} link set lo up"));
        run(&format!("ip netns delete {probe}"))?;
        entered.map(|()| lab)
    }

    /// Adds an address on this machine that stands for something beyond the houses' routers (`198.19.<subnet>.<host>`).
    ///
    /// # Errors
    /// When the address cannot be added.
    pub fn beyond(&mut self, host: u8) -> Result<Ipv4Addr, LabError> {
        let address = Ipv4Addr::new(198, 19, self.subnet, host);
        let _ = run(&format!("ip address delete {address}/32 dev lo"));
        run(&format!("ip address add {address}/32 dev lo"))?;
        self.beyond.push(address);
        Ok(address)
    }

    /// Adds a house behind a line.
    ///
    /// Segmentation offloads are switched off on both ends: with them the bucket would charge one header for many
    /// segments, and a line of 2 Mbit/s would carry 4 % more payload than it can.
    ///
    /// # Errors
    /// When a tool is missing or refuses; what was made of the line so far is removed with the lab.
    pub fn line(&mut self, house: &str, download: Shape, upload: Shape) -> Result<Line, LabError> {
        let Place { namespace, outside, inside, gateway, address } = self.next_place(house);
        let line = Line { namespace, address, gateway, download, upload, outside };
        self.lines.push(line.clone());

        let Line { namespace, outside, .. } = &line;
        run(&format!("ip netns add {namespace}"))?;
        run(&format!("ip link add {outside} type veth peer name {inside} netns {namespace}"))?;
        run(&format!("ip address add {gateway}/30 dev {outside}"))?;
        run(&format!("ip -n {namespace} address add {address}/30 dev {inside}"))?;
        run(&format!("ethtool -K {outside} tso off gso off gro off"))?;
        run(&format!("ip netns exec {namespace} ethtool -K {inside} tso off gso off gro off"))?;
        run(&format!("ip link set {outside} up"))?;
        run(&format!("ip -n {namespace} link set lo up"))?;
        run(&format!("ip -n {namespace} link set {inside} up"))?;
        run(&format!("ip -n {namespace} route add default via {gateway}"))?;
        run(&format!("tc qdisc add dev {outside} root {}", bucket(download)))?;
        run(&format!("ip netns exec {namespace} tc qdisc add dev {inside} root {}", bucket(upload)))?;
        // Any user of the house may send echoes without privileges.
        allow_echoes(namespace)?;
        Ok(line)
    }

    /// Adds a house behind a line that a [`Shim`] carries: any rate, delay, jitter, loss, queue, trace or outage script,
    /// with counters. The line lives as long as what is returned.
    ///
    /// # Errors
    /// When a tool is missing or refuses, or TUN devices cannot be made.
    pub fn emulated_line(
        &mut self,
        house: &str,
        download: &LinkConfig,
        upload: &LinkConfig,
        seed: u64,
    ) -> Result<EmulatedLine, LabError> {
        let Place { namespace, outside, inside, gateway, address } = self.next_place(house);
        let device = |name: &str| {
            Device::create(name).map_err(|source| LabError::Device { name: name.to_owned(), source })
        };
        let (far, near) = (device(&outside)?, device(&inside)?);
        self.emulated.push(namespace.clone());
        run(&format!("ip netns add {namespace}"))?;
        run(&format!("ip link set {inside} netns {namespace}"))?;
        run(&format!("ip address add {gateway}/30 dev {outside}"))?;
        run(&format!("ip -n {namespace} address add {address}/30 dev {inside}"))?;
        // The kernel's own IPv6 chatter would be counted.
        run(&format!("ip link set {outside} addrgenmode none"))?;
        run(&format!("ip -n {namespace} link set {inside} addrgenmode none"))?;
        // A sender may hand over its whole window at once; the device's own queue must never be what drops.
        run(&format!("ip link set {outside} txqueuelen {DEVICE_QUEUE} up"))?;
        run(&format!("ip -n {namespace} link set lo up"))?;
        run(&format!("ip -n {namespace} link set {inside} txqueuelen {DEVICE_QUEUE} up"))?;
        run(&format!("ip -n {namespace} route add default via {gateway}"))?;
        // What the kernel learned of an earlier line at this address is not true of this one.
        let _ = run(&format!("ip tcp_metrics delete {address}"));
        allow_echoes(&namespace)?;
        let shim = Shim::start(far, near, download, upload, seed)
            .map_err(|source| LabError::Device { name: outside.clone(), source })?;
        Ok(EmulatedLine { namespace, address, gateway, outside, inside, shim })
    }

    fn next_place(&self, house: &str) -> Place {
        let index = u8::try_from(self.lines.len() + self.emulated.len()).unwrap_or(u8::MAX);
        Place {
            namespace: format!("{}-{house}", self.name),
            outside: format!("{}{index}o", self.name),
            inside: format!("{}{index}i", self.name),
            gateway: Ipv4Addr::new(198, 18, self.subnet, index * 4 + 1),
            address: Ipv4Addr::new(198, 18, self.subnet, index * 4 + 2),
        }
    }

    fn remove_leftovers(&self) -> Result<(), LabError> {
        let output = Command::new("ip")
            .args(["netns", "list"])
            .output()
            .map_err(|source| LabError::Missing { tool: "ip".to_owned(), source })?;
        for line in String::from_utf8_lossy(&output.stdout).lines() {
            let namespace = line.split_whitespace().next().unwrap_or_default();
            if namespace.starts_with(&format!("{}-", self.name)) {
                run(&format!("ip netns delete {namespace}"))?;
            }
        }
        Ok(())
    }
}

/// Names and addresses of a line to be made.
struct Place {
    namespace: String,
    outside: String,
    inside: String,
    gateway: Ipv4Addr,
    address: Ipv4Addr,
}

/// Packets that a TUN device holds for the shim.
const DEVICE_QUEUE: u32 = 20_000;

/// One house behind a line that a shim carries. Dropping it ends the line; the namespace goes with its [`Lab`].
#[derive(Debug)]
pub struct EmulatedLine {
    /// The namespace.
    pub namespace: String,
    /// The house's address.
    pub address: Ipv4Addr,
    /// This machine's end of the link: what the house sees as its router.
    pub gateway: Ipv4Addr,
    /// What carries the packets, with its counters.
    pub shim: Shim,
    outside: String,
    inside: String,
}

impl EmulatedLine {
    /// A command that runs `program` inside the house.
    #[must_use]
    pub fn command(&self, program: &str) -> Command {
        inside(&self.namespace, program)
    }

    /// Packets that the kernel dropped because the shim did not fetch them in time, both ways: lost without being
    /// counted by any link. A run in which there are some is not to be trusted.
    ///
    /// # Errors
    /// When a tool is missing or refuses.
    pub fn overrun(&self) -> Result<u64, LabError> {
        let far = output(&format!("ip -json -statistics link show dev {}", self.outside))?;
        let house =
            output(&format!("ip -n {} -json -statistics link show dev {}", self.namespace, self.inside))?;
        let dropped = |text: &str| {
            serde_json::from_str::<serde_json::Value>(text)
                .ok()
                .and_then(|links| links[0]["stats64"]["tx"]["dropped"].as_u64())
                .unwrap_or_default()
        };
        Ok(dropped(&far) + dropped(&house))
    }
}

fn inside(namespace: &str, program: &str) -> Command {
    let mut command = Command::new("ip");
    command.args(["netns", "exec", namespace, program]);
    command
}

impl Line {
    /// A command that runs `program` inside the house.
    #[must_use]
    pub fn command(&self, program: &str) -> Command {
        inside(&self.namespace, program)
    }

    /// Cuts the line beyond the house's router, as a fault in the operator's network would: the router still answers.
    ///
    /// # Errors
    /// When the kernel refuses.
    pub fn cut(&self) -> Result<(), LabError> {
        // Answers to the house leave through this rule; only those of the router's own address pass.
        run(&format!("ip rule add priority 90 from {} to {} lookup main", self.gateway, self.address))?;
        run(&format!("ip rule add priority 91 to {} blackhole", self.address))
    }

    /// Restores what [`Line::cut`] cut.
    ///
    /// # Errors
    /// When the line was not cut.
    pub fn restore(&self) -> Result<(), LabError> {
        run(&format!("ip rule delete priority 91 to {} blackhole", self.address))?;
        run(&format!("ip rule delete priority 90 from {} to {} lookup main", self.gateway, self.address))
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        // Best effort: a part that was never made cannot be removed.
        for line in &self.lines {
            while line.restore().is_ok() {}
            let _ = run(&format!("ip link delete {}", line.outside));
            let _ = run(&format!("ip netns delete {}", line.namespace));
        }
        for namespace in &self.emulated {
            let _ = run(&format!("ip netns delete {namespace}"));
        }
        for address in &self.beyond {
            let _ = run(&format!("ip address delete {address}/32 dev lo"));
        }
    }
}

fn bucket(shape: Shape) -> String {
    format!(
        "tbf rate {}bit burst {} limit {}",
        shape.bits_per_second,
        shape.burst_bytes(),
        shape.limit_bytes()
    )
}

fn allow_echoes(namespace: &str) -> Result<(), LabError> {
    let output = Command::new("ip")
        .args([
            "netns",
            "exec",
            namespace,
            "sh",
            "-c",
            "echo 0 2147483647 > /proc/sys/net/ipv4/ping_group_range",
        ])
        .output()
        .map_err(|source| LabError::Missing { tool: "ip".to_owned(), source })?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    Err(LabError::Refused { command: "set ping_group_range".to_owned(), said })
}
