//! What the sender knows of each segment under way.

use std::collections::VecDeque;

use super::ranges::Ranges;
use super::receiver::Ack;

/// Where a segment is, as far as the sender knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    UnderWay,
    Sacked,
    Lost,
}

#[derive(Debug, Clone, Copy)]
struct Segment {
    state: State,
    again: bool,
    /// Number of its latest transmission, over all segments.
    transmission: u64,
    sent_at: u64,
    /// State of delivery when it was sent, for the rate sample.
    delivered: u64,
    delivered_at: u64,
    first_sent_at: u64,
}

/// What an acknowledgement brought.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct News {
    /// Segments that are now known to have come.
    pub(super) delivered: u64,
    /// Segments by which the window moved on.
    pub(super) moved: u64,
    /// Round trip of the latest segment that was sent once only.
    pub(super) rtt: Option<u64>,
    /// Segments found lost.
    pub(super) lost: u64,
    /// Segments over nanoseconds, from the latest segment delivered.
    pub(super) rate: Option<(u64, u64)>,
    /// What had been delivered when the latest segment delivered was sent: tells rounds apart.
    pub(super) prior_delivered: u64,
}

/// Segments from the first unacknowledged to the last sent.
#[derive(Debug, Clone, Default)]
pub(super) struct Scoreboard {
    first: u64,
    segments: VecDeque<Segment>,
    sacked: Ranges,
    /// Transmissions in order: number of the transmission and of the segment.
    order: VecDeque<(u64, u64)>,
    to_resend: VecDeque<u64>,
    transmissions: u64,
    under_way: u64,
    delivered: u64,
    delivered_at: u64,
    first_sent_at: u64,
    /// Latest transmission known to have come: its number and time.
    latest: (u64, u64),
    reordering: bool,
}

/// Later transmissions that must have come before one is held for lost.
const REORDERING: u64 = 3;

impl Scoreboard {
    /// The first segment not acknowledged.
    pub(super) const fn first(&self) -> u64 {
        self.first
    }

    /// The next segment to send for the first time.
    pub(super) fn next(&self) -> u64 {
        self.first + self.segments.len() as u64
    }

    /// Segments believed to be under way.
    pub(super) const fn under_way(&self) -> u64 {
        self.under_way
    }

    /// Segments known to have come.
    pub(super) const fn delivered(&self) -> u64 {
        self.delivered
    }

    /// Sends the next lost segment, or the next new one if `may_be_new`; gives its number and whether it was sent before.
    pub(super) fn send(&mut self, now: u64, may_be_new: bool) -> Option<(u64, bool)> {
        while let Some(number) = self.to_resend.pop_front() {
            if number >= self.first && self.segment(number).state == State::Lost {
                self.transmit(number, now);
                return Some((number, true));
            }
        }
        if !may_be_new {
            return None;
        }
        let number = self.next();
        self.segments.push_back(Segment {
            state: State::Lost,
            again: false,
            transmission: 0,
            sent_at: 0,
            delivered: 0,
            delivered_at: 0,
            first_sent_at: 0,
        });
        self.transmit(number, now);
        Some((number, false))
    }

    /// Whether something lost waits to be sent again.
    pub(super) fn has_lost(&mut self) -> bool {
        while let Some(number) = self.to_resend.front() {
            if *number >= self.first && self.segments[self.index(*number)].state == State::Lost {
                return true;
            }
            self.to_resend.pop_front();
        }
        false
    }

    /// Sends the last segment again, as a probe for a lost tail.
    pub(super) fn probe_tail(&mut self, now: u64) -> Option<u64> {
        let number = self.next().checked_sub(1).filter(|number| *number >= self.first)?;
        let state = self.segment(number).state;
        if state == State::Sacked {
            return None;
        }
        if state == State::UnderWay {
            self.under_way -= 1;
        }
        self.transmit(number, now);
        Some(number)
    }

    /// Takes an acknowledgement in. `rtt_min` widens the patience once segments were seen to overtake each other.
    pub(super) fn acknowledged(&mut self, ack: &Ack, now: u64, rtt_min: u64) -> News {
        let mut news = News::default();
        let mut newest: Option<Segment> = None;
        for (from, until) in ack.blocks.into_iter().filter(|(from, until)| from < until) {
            let from = from.max(self.first);
            if from >= until {
                continue;
            }
            let highest = self.sacked.last();
            for (from, until) in self.sacked.insert(from, until) {
                for number in from..until {
                    let index = self.index(number);
                    let segment = &mut self.segments[index];
                    if !segment.again && highest.is_some_and(|highest| number < highest) {
                        self.reordering = true;
                    }
                    let before = *segment;
                    segment.state = State::Sacked;
                    self.count(before, &mut newest, &mut news);
                }
            }
        }
        while self.first < ack.next {
            let Some(segment) = self.segments.pop_front() else { break };
            self.first += 1;
            news.moved += 1;
            if segment.state != State::Sacked {
                self.count(segment, &mut newest, &mut news);
            }
        }
        self.sacked.forget_below(self.first);
        if let Some(newest) = newest {
            self.delivered_at = now;
            self.first_sent_at = newest.sent_at;
            news.prior_delivered = newest.delivered;
            let sending = newest.sent_at.saturating_sub(newest.first_sent_at);
            let arriving = now.saturating_sub(newest.delivered_at);
            let interval = sending.max(arriving);
            news.rate = (interval > 0).then_some((self.delivered - newest.delivered, interval));
            if newest.transmission > self.latest.0 {
                self.latest = (newest.transmission, newest.sent_at);
            }
            news.rtt = (!newest.again).then(|| now - newest.sent_at);
        }
        news.lost = self.find_lost(rtt_min);
        news
    }

    /// Holds everything under way for lost, after a time-out.
    pub(super) fn lose_all(&mut self) {
        self.to_resend.clear();
        self.order.clear();
        for (index, segment) in (0_u64..).zip(&mut self.segments) {
            if segment.state != State::Sacked {
                segment.state = State::Lost;
                self.to_resend.push_back(self.first + index);
            }
        }
        self.under_way = 0;
    }

    /// Whether everything sent has been acknowledged.
    pub(super) fn is_idle(&self) -> bool {
        self.segments.is_empty()
    }

    fn count(&mut self, segment: Segment, newest: &mut Option<Segment>, news: &mut News) {
        if segment.state == State::UnderWay {
            self.under_way -= 1;
        }
        self.delivered += 1;
        news.delivered += 1;
        if newest.is_none_or(|newest| newest.transmission < segment.transmission) {
            *newest = Some(segment);
        }
    }

    fn find_lost(&mut self, rtt_min: u64) -> u64 {
        let patience = if self.reordering { rtt_min / 4 } else { 0 };
        let mut lost = 0;
        while let Some((transmission, number)) = self.order.front().copied() {
            let current = number >= self.first && {
                let segment = self.segment(number);
                segment.state == State::UnderWay && segment.transmission == transmission
            };
            if current {
                let segment = self.segment(number);
                let overtaken = self.latest.0 >= transmission + REORDERING;
                if !overtaken || segment.sent_at + patience > self.latest.1 {
                    break;
                }
                let index = self.index(number);
                self.segments[index].state = State::Lost;
                self.under_way -= 1;
                self.to_resend.push_back(number);
                lost += 1;
            }
            self.order.pop_front();
        }
        lost
    }

    fn transmit(&mut self, number: u64, now: u64) {
        if self.under_way == 0 {
            // After an idle time the rate is counted afresh.
            (self.first_sent_at, self.delivered_at) = (now, now);
        }
        self.transmissions += 1;
        self.order.push_back((self.transmissions, number));
        self.under_way += 1;
        let index = self.index(number);
        let segment = &mut self.segments[index];
        segment.again = segment.transmission != 0;
        segment.state = State::UnderWay;
        segment.transmission = self.transmissions;
        segment.sent_at = now;
        segment.delivered = self.delivered;
        segment.delivered_at = self.delivered_at;
        segment.first_sent_at = self.first_sent_at;
    }

    fn segment(&self, number: u64) -> &Segment {
        &self.segments[self.index(number)]
    }

    fn index(&self, number: u64) -> usize {
        usize::try_from(number - self.first).unwrap_or(usize::MAX)
    }
}
