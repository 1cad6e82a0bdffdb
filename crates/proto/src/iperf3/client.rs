//! The end that asks for a test.

use std::collections::VecDeque;
use std::time::Duration;

use desserte_units::Monotonic;

use super::control::{ControlReader, ControlState, Heard, Violation, block};
use super::parameters::Parameters;
use super::results::Results;
use super::{Action, Ending, spec};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Before the server's first octet: it may have others to serve.
    Queued,
    /// Parameters are sent; the server may still make us wait.
    Asked,
    /// Data connections are being opened.
    Opening,
    /// They are open; the server has to say so.
    Opened,
    /// It has, and may say so once: the octet again and again would be load that nobody counts.
    Ready,
    Running,
    /// `Stop` was asked for.
    Stopping,
    /// The end was announced.
    Ended,
    /// Our results are sent.
    Results,
    Told,
    Finished,
}

/// The client's machine.
#[derive(Debug)]
pub struct Client {
    parameters: Parameters,
    patience: Duration,
    state: State,
    now: Monotonic,
    /// When the present state has lasted too long.
    deadline: Monotonic,
    origin: Monotonic,
    omit_over: bool,
    reader: ControlReader,
    own: Option<Results>,
    peer: Option<Results>,
    actions: VecDeque<Action>,
}

impl Client {
    /// A client that has connected at `now` and will wait `patience` for its turn. `cookie` is 36 letters of
    /// [`spec::COOKIE_LETTERS`] that nobody can guess; the data connections begin with the same octets.
    #[must_use]
    pub fn new(
        parameters: Parameters,
        cookie: &[u8; spec::COOKIE_LENGTH],
        patience: Duration,
        now: Monotonic,
    ) -> Self {
        Self {
            parameters,
            patience,
            state: State::Queued,
            now,
            deadline: now.after(patience),
            origin: now,
            omit_over: false,
            reader: ControlReader::default(),
            own: None,
            peer: None,
            actions: VecDeque::from([Action::Send(cookie.to_vec())]),
        }
    }

    /// What the server counted, once it has said so.
    #[must_use]
    pub const fn peer(&self) -> Option<&Results> {
        self.peer.as_ref()
    }

    /// Takes in octets of the control connection.
    ///
    /// # Errors
    /// When the server may not send that; the machine has already put the end of the test among its actions.
    pub fn receive(&mut self, mut octets: &[u8], now: Monotonic) -> Result<(), Violation> {
        self.now = now;
        while self.state != State::Finished {
            let heard = match self.reader.read(&mut octets) {
                Ok(Some(heard)) => heard,
                Ok(None) => return Ok(()),
                Err(violation) => return Err(self.break_off(violation)),
            };
            if let Err(violation) = self.hear(heard) {
                return Err(self.break_off(violation));
            }
        }
        Ok(())
    }

    /// Takes in that the control connection ended.
    pub fn ended(&mut self, now: Monotonic) {
        self.now = now;
        match self.state {
            // The server says nothing more; it has all it needs.
            State::Told | State::Finished => {}
            _ => self.cut_short("the server closed the control connection"),
        }
    }

    /// Takes in that the data connections are open.
    pub fn streams_open(&mut self, now: Monotonic) {
        self.now = now;
        if self.state == State::Opening {
            self.enter(State::Opened, spec::STEP_LIMIT);
        }
    }

    /// Ends the test because the driver cannot go on: no data connection, or they all broke.
    pub fn fail(&mut self, reason: &str, now: Monotonic) {
        self.now = now;
        if self.state != State::Finished {
            self.actions.push_back(Action::Send(vec![ControlState::ClientTerminate.octet()]));
            self.cut_short(reason);
        }
    }

    /// Ends the load as planned, now: the octets are through, or someone has seen enough.
    pub fn stop(&mut self, now: Monotonic) {
        self.now = now;
        if self.state == State::Running {
            self.enter(State::Stopping, spec::STEP_LIMIT);
            self.actions.push_back(Action::Stop);
        }
    }

    /// Takes in what this end counted.
    pub fn stopped(&mut self, own: Results, now: Monotonic) {
        self.now = now;
        if self.state == State::Stopping {
            self.own = Some(own);
            self.enter(State::Ended, spec::STEP_LIMIT);
            self.actions.push_back(Action::Send(vec![ControlState::TestEnd.octet()]));
        }
    }

    /// Lets time pass.
    pub fn wake(&mut self, now: Monotonic) {
        self.now = now;
        if self.state == State::Running {
            let omitted = self.origin.after(self.parameters.omit);
            if !self.omit_over && now >= omitted {
                self.omit_over = true;
                if !self.parameters.omit.is_zero() {
                    self.actions.push_back(Action::EndOmit);
                }
            }
            if self.parameters.duration.is_some_and(|duration| now >= omitted.after(duration)) {
                self.stop(now);
                return;
            }
        }
        if self.state != State::Finished && now >= self.deadline {
            match self.state {
                State::Queued | State::Asked => self.finish(Ending::Denied),
                _ => self.cut_short("the server said nothing for too long"),
            }
        }
    }

    /// What to do next.
    pub fn next_action(&mut self) -> Action {
        self.actions.pop_front().unwrap_or_else(|| Action::WakeAt(self.next_wake()))
    }

    fn next_wake(&self) -> Monotonic {
        if self.state != State::Running {
            return self.deadline;
        }
        let omitted = self.origin.after(self.parameters.omit);
        let end = self.parameters.duration.map_or(self.deadline, |duration| omitted.after(duration));
        if self.omit_over { end.min(self.deadline) } else { omitted }
    }

    fn hear(&mut self, heard: Heard) -> Result<(), Violation> {
        match heard {
            Heard::State(state) => self.hear_state(state),
            Heard::Block(octets) => {
                let results = Results::read(&octets).map_err(|error| Violation::UnreadableBlock {
                    what: "results",
                    reason: error.to_string(),
                })?;
                self.peer = Some(results);
                Ok(())
            }
            Heard::Error { code, system_code } => {
                self.finish(Ending::Refused { code, system_code });
                Ok(())
            }
        }
    }

    fn hear_state(&mut self, state: ControlState) -> Result<(), Violation> {
        match (state, self.state) {
            (ControlState::AccessDenied, _) => self.finish(Ending::Denied),
            (ControlState::ServerTerminate, _) => self.cut_short("the server gave the test up"),
            (ControlState::ParameterExchange, State::Queued) => {
                self.actions.push_back(Action::Send(block(&self.parameters.to_text())));
                self.enter(State::Asked, self.patience.max(spec::STEP_LIMIT));
            }
            (ControlState::CreateStreams, State::Asked) => {
                self.actions.push_back(Action::OpenStreams);
                self.enter(State::Opening, spec::STEP_LIMIT);
            }
            (ControlState::TestStart, State::Opened) => self.state = State::Ready,
            (ControlState::TestRunning, State::Opened | State::Ready) => {
                let planned = self.parameters.duration.map(|duration| self.parameters.omit + duration);
                // A test that octets end may take as long as the caller lets it.
                self.enter(
                    State::Running,
                    planned.map_or(Duration::MAX, |planned| planned + spec::TEST_GRACE),
                );
                self.origin = self.now;
                self.actions.push_back(Action::Start);
            }
            (ControlState::ExchangeResults, State::Ended) => {
                let own = self.own.take().unwrap_or_default();
                self.actions.push_back(Action::Send(block(&own.to_text())));
                self.reader.expect_block(spec::RESULTS_MAX);
                self.enter(State::Results, spec::STEP_LIMIT);
            }
            (ControlState::DisplayResults, State::Results) if self.peer.is_some() => {
                self.state = State::Told;
                self.actions.push_back(Action::Send(vec![ControlState::Done.octet()]));
                self.finish(Ending::Complete);
            }
            (state, _) => return Err(Violation::UnexpectedState { state }),
        }
        Ok(())
    }

    fn enter(&mut self, state: State, limit: Duration) {
        self.state = state;
        self.deadline = self.now.after(limit);
    }

    fn break_off(&mut self, violation: Violation) -> Violation {
        self.cut_short(&violation.to_string());
        violation
    }

    fn cut_short(&mut self, reason: &str) {
        self.finish(Ending::CutShort { reason: reason.to_owned() });
    }

    fn finish(&mut self, ending: Ending) {
        if self.state != State::Finished {
            self.state = State::Finished;
            self.actions.push_back(Action::Finish(ending));
        }
    }
}
