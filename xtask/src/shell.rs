//! Running other programs, and talking to whoever started this one.

use std::process::Command;

use anyhow::{Context as _, Result, bail};

/// Writes a line for people.
#[expect(clippy::print_stdout, reason = "this is a command-line tool")]
pub(crate) fn say(text: &str) {
    println!("{text}");
}

/// Writes a line about something that went wrong.
#[expect(clippy::print_stderr, reason = "this is a command-line tool")]
pub(crate) fn complain(text: &str) {
    eprintln!("{text}");
}

/// Says what is run, runs it to its end, and fails when it does.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let shown = show(command);
    say(&format!("$ {shown}"));
    let status = command.status().with_context(|| format!("cannot start `{shown}`"))?;
    if !status.success() {
        bail!("`{shown}` failed ({status})");
    }
    Ok(())
}

/// Runs a command quietly and gives back what it wrote.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let shown = show(command);
    let output = command.output().with_context(|| format!("cannot start `{shown}`"))?;
    if !output.status.success() {
        bail!("`{shown}` failed ({}): {}", output.status, String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Whether a command can be started and ends well.
pub(crate) fn works(command: &mut Command) -> bool {
    command.output().is_ok_and(|output| output.status.success())
}

fn show(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy().into_owned()).collect::<Vec<_>>().join(" ")
}
