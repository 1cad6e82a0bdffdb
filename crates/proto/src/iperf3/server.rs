//! The end that serves a test, from the moment at which it is the client's turn.

use std::collections::VecDeque;
use std::time::Duration;

use desserte_units::Monotonic;

use super::control::{ControlReader, ControlState, Heard, Violation, block};
use super::parameters::{Limits, Parameters, Refusal};
use super::results::Results;
use super::{Action, Ending, spec};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// The client was told to send its parameters.
    Asking,
    /// The driver decides.
    Deciding,
    /// Data connections are awaited.
    Opening,
    Running,
    /// `Stop` was asked for; the client waits for our word.
    Stopping,
    /// The client's results are awaited.
    Results,
    /// Everything is said; the client has to go.
    Told,
    Finished,
}

/// The server's machine.
#[derive(Debug)]
pub struct Server {
    limits: Limits,
    state: State,
    now: Monotonic,
    /// When the present state has lasted too long.
    deadline: Monotonic,
    origin: Monotonic,
    omit_over: bool,
    reader: ControlReader,
    parameters: Option<Parameters>,
    own: Option<Results>,
    peer: Option<Results>,
    actions: VecDeque<Action>,
}

impl Server {
    /// A server whose client has said its cookie and has its turn at `now`.
    #[must_use]
    pub fn new(limits: Limits, now: Monotonic) -> Self {
        let mut reader = ControlReader::default();
        reader.expect_block(spec::PARAMETERS_MAX);
        Self {
            limits,
            state: State::Asking,
            now,
            deadline: now.after(spec::STEP_LIMIT),
            origin: now,
            omit_over: false,
            reader,
            parameters: None,
            own: None,
            peer: None,
            actions: VecDeque::from([Action::Send(vec![ControlState::ParameterExchange.octet()])]),
        }
    }

    /// What the client asked for, once it has.
    #[must_use]
    pub const fn parameters(&self) -> Option<&Parameters> {
        self.parameters.as_ref()
    }

    /// What the client counted, once it has said so.
    #[must_use]
    pub const fn peer(&self) -> Option<&Results> {
        self.peer.as_ref()
    }

    /// Takes in octets of the control connection.
    ///
    /// # Errors
    /// When the client may not send that; the machine has already put the end of the test among its actions.
    pub fn receive(&mut self, mut octets: &[u8], now: Monotonic) -> Result<(), Violation> {
        self.now = now;
        while self.state != State::Finished && !octets.is_empty() {
            if self.state == State::Deciding {
                return Err(self.break_off(Violation::OutOfTurn));
            }
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
        if self.state == State::Told {
            // Releases before 3.7 may go without a word.
            self.finish(Ending::Complete);
        } else {
            self.cut_short("the client closed the control connection");
        }
    }

    /// Takes in that the test may run; the driver is ready for the data connections.
    pub fn admitted(&mut self, now: Monotonic) {
        self.now = now;
        if self.state == State::Deciding {
            self.actions.push_back(Action::Send(vec![ControlState::CreateStreams.octet()]));
            self.actions.push_back(Action::OpenStreams);
            self.enter(State::Opening, spec::STEP_LIMIT);
        }
    }

    /// Ends the test because there is no room for it.
    pub fn deny(&mut self, now: Monotonic) {
        self.now = now;
        if self.state != State::Finished {
            self.actions.push_back(Action::Send(vec![ControlState::AccessDenied.octet()]));
            self.finish(Ending::Denied);
        }
    }

    /// Ends the test because the server cannot do what was asked.
    pub fn refuse(&mut self, refusal: Refusal, now: Monotonic) {
        self.now = now;
        if self.state != State::Finished {
            let mut octets = vec![ControlState::ServerError.octet()];
            octets.extend(refusal.code().to_be_bytes());
            octets.extend(0_i32.to_be_bytes());
            self.actions.push_back(Action::Send(octets));
            self.finish(Ending::Refused { code: refusal.code(), system_code: 0 });
        }
    }

    /// Takes in that all data connections are there.
    pub fn streams_open(&mut self, now: Monotonic) {
        self.now = now;
        if self.state != State::Opening {
            return;
        }
        let planned = self.parameters.as_ref().and_then(|p| Some(p.omit + p.duration?));
        self.enter(State::Running, planned.unwrap_or(self.limits.duration) + spec::TEST_GRACE);
        self.origin = now;
        let states = [ControlState::TestStart, ControlState::TestRunning];
        self.actions.push_back(Action::Send(states.map(ControlState::octet).to_vec()));
        self.actions.push_back(Action::Start);
    }

    /// Takes in what this end counted.
    pub fn stopped(&mut self, own: Results, now: Monotonic) {
        self.now = now;
        if self.state == State::Stopping {
            self.own = Some(own);
            self.reader.expect_block(spec::RESULTS_MAX);
            self.actions.push_back(Action::Send(vec![ControlState::ExchangeResults.octet()]));
            self.enter(State::Results, spec::STEP_LIMIT);
        }
    }

    /// Ends the test because the server ends.
    pub fn terminate(&mut self, now: Monotonic) {
        self.now = now;
        if self.state != State::Finished {
            self.actions.push_back(Action::Send(vec![ControlState::ServerTerminate.octet()]));
            self.cut_short("the server ends");
        }
    }

    /// Lets time pass.
    pub fn wake(&mut self, now: Monotonic) {
        self.now = now;
        if let (State::Running, Some(parameters)) = (self.state, &self.parameters) {
            if !self.omit_over && now >= self.origin.after(parameters.omit) {
                self.omit_over = true;
                if !parameters.omit.is_zero() {
                    self.actions.push_back(Action::EndOmit);
                }
            }
        }
        if self.state == State::Finished || self.state == State::Deciding || now < self.deadline {
            return;
        }
        match self.state {
            State::Opening => self.refuse(Refusal::StreamAccept, now),
            State::Told => self.finish(Ending::Complete),
            _ => {
                self.actions.push_back(Action::Send(vec![ControlState::ServerTerminate.octet()]));
                self.cut_short("the client said nothing for too long");
            }
        }
    }

    /// What to do next.
    pub fn next_action(&mut self) -> Action {
        self.actions.pop_front().unwrap_or_else(|| Action::WakeAt(self.next_wake()))
    }

    fn next_wake(&self) -> Monotonic {
        match (self.state, &self.parameters) {
            (State::Running, Some(parameters)) if !self.omit_over => self.origin.after(parameters.omit),
            // The driver has its own limit.
            (State::Deciding, _) => self.now.after(spec::STEP_LIMIT),
            _ => self.deadline,
        }
    }

    fn hear(&mut self, heard: Heard) -> Result<(), Violation> {
        match (heard, self.state) {
            (Heard::Block(octets), State::Asking) => {
                self.hear_parameters(&octets);
                Ok(())
            }
            (Heard::Block(octets), State::Results) => {
                let results = Results::read(&octets).map_err(|error| Violation::UnreadableBlock {
                    what: "results",
                    reason: error.to_string(),
                })?;
                self.peer = Some(results);
                let own = self.own.take().unwrap_or_default();
                let mut octets = block(&own.to_text());
                octets.push(ControlState::DisplayResults.octet());
                self.actions.push_back(Action::Send(octets));
                self.enter(State::Told, spec::STEP_LIMIT);
                Ok(())
            }
            (Heard::State(ControlState::ClientTerminate), _) => {
                self.cut_short("the client gave the test up");
                Ok(())
            }
            (Heard::State(ControlState::TestEnd), State::Running) => {
                self.enter(State::Stopping, spec::STEP_LIMIT);
                self.actions.push_back(Action::Stop);
                Ok(())
            }
            (Heard::State(ControlState::Done), State::Told) => {
                self.finish(Ending::Complete);
                Ok(())
            }
            (Heard::State(state), _) => Err(Violation::UnexpectedState { state }),
            (Heard::Block(_) | Heard::Error { .. }, _) => Err(Violation::OutOfTurn),
        }
    }

    fn hear_parameters(&mut self, octets: &[u8]) {
        let refused = match Parameters::read(octets) {
            Ok(parameters) => match parameters.check(&self.limits) {
                Ok(()) => {
                    self.parameters = Some(parameters.clone());
                    self.state = State::Deciding;
                    self.actions.push_back(Action::Admit(parameters));
                    return;
                }
                Err(refusal) => refusal,
            },
            Err(error) => error.refusal(),
        };
        self.refuse(refused, self.now);
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
