use jiff::ToSpan as _;
use jiff::civil::{date, datetime};

use super::*;
use crate::campaign::plan;

fn attempt(begun: DateTime, rate: f64) -> Attempt {
    Attempt { begun, rate: Some(rate), wired: Some(true), alone: Some(true) }
}

/// The planned tests of three days, with the rates of each.
fn campaign(rates: [f64; 3]) -> Vec<Attempt> {
    let days = plan(date(2026, 11, 2), &CampaignRule::contract()).unwrap();
    days.iter()
        .zip(rates)
        .flat_map(|(day, rate)| day.tests.iter().map(move |&at| attempt(at, rate)))
        .collect()
}

const CONTRACT: Contract = Contract { maximum: Some(100.0), normal: Some(70.0), minimum: Some(30.0) };

#[test]
fn a_plan_that_is_kept_is_a_complete_campaign() {
    let report = check(&campaign([95.0, 92.0, 91.0]), &CONTRACT, &CampaignRule::contract());
    assert!(report.excluded.iter().all(Option::is_none));
    assert_eq!(report.missing, []);
    assert_eq!(report.shortfalls, Some(vec![]));
    let dates: Vec<_> = report.days.iter().map(|day| day.date).collect();
    assert_eq!(dates, [date(2026, 11, 2), date(2026, 11, 4), date(2026, 11, 6)]);
}

#[test]
fn each_shortfall_is_told_by_itself() {
    let rule = CampaignRule::contract();
    let found = |rates| check(&campaign(rates), &CONTRACT, &rule).shortfalls.unwrap();
    assert_eq!(found([89.0, 95.0, 95.0]), [], "90 % reached on two days of three");
    assert_eq!(found([89.0, 89.0, 95.0]), [Shortfall::Maximum { days: 2 }]);
    assert!(matches!(found([95.0, 95.0, 60.0])[..], [Shortfall::Normal { .. }]));
    let low = found([20.0, 95.0, 20.0]);
    assert!(low.contains(&Shortfall::Minimum { days: 2 }) && low.contains(&Shortfall::Maximum { days: 2 }));
    let nothing = check(&campaign([1.0; 3]), &Contract::default(), &rule);
    assert_eq!(nothing.shortfalls, Some(vec![]), "what the contract does not say is not judged");
}

#[test]
fn nobody_can_pick_the_bad_tests() {
    let rule = CampaignRule::contract();
    let mut attempts = campaign([95.0; 3]);
    // Forty bad ones more on the first day: they come after its ten.
    let evening = datetime(2026, 11, 2, 17, 30, 0, 0);
    attempts.extend((0..40).map(|n| attempt(evening.checked_add((n * 6).minutes()).unwrap(), 1.0)));
    let report = check(&attempts, &CONTRACT, &rule);
    assert_eq!(report.shortfalls, Some(vec![]));
    assert!(
        report.excluded[30..].iter().all(|why| *why == Some(Excluded::Surplus)),
        "{:?}",
        &report.excluded[30..]
    );
}

#[test]
fn tests_that_break_a_condition_do_not_count_and_say_why() {
    let rule = CampaignRule::contract();
    let at = |hour, minute| datetime(2026, 11, 2, hour, minute, 0, 0);
    let mut attempts: Vec<_> = (0..5).map(|n| attempt(at(9, n * 6), 50.0)).collect();
    attempts.push(attempt(at(9, 1), 50.0));
    attempts.push(attempt(at(10, 0), 50.0));
    attempts.push(Attempt { wired: None, ..attempt(at(13, 0), 50.0) });
    attempts.push(Attempt { alone: Some(false), ..attempt(at(13, 0), 50.0) });
    attempts.push(Attempt { rate: None, ..attempt(at(13, 0), 50.0) });
    let report = check(&attempts, &CONTRACT, &rule);
    let why: Vec<_> = report.excluded[5..].iter().map(|why| why.unwrap()).collect();
    assert_eq!(
        why,
        [Excluded::TooSoon, Excluded::InThePause, Excluded::NotWired, Excluded::NotAlone, Excluded::NoFigure]
    );
    assert!(report.excluded[..5].iter().all(|why| *why == Some(Excluded::OtherDay)), "the day is not whole");
    assert_eq!(report.missing, [Missing::Days(3), Missing::Tests { date: date(2026, 11, 2), found: 5 }]);
    assert_eq!(report.shortfalls, None, "nothing is concluded from half a campaign");
}

#[test]
fn days_too_near_or_too_late_do_not_count() {
    let rule = CampaignRule::contract();
    let day = |day: i8| {
        let first = plan(date(2026, 11, day), &rule).unwrap().remove(0);
        first.tests.into_iter().map(|at| attempt(at, 50.0)).collect::<Vec<_>>()
    };
    let dates = |days: &[i8]| {
        let attempts: Vec<_> = days.iter().flat_map(|&n| day(n)).collect();
        let report = check(&attempts, &CONTRACT, &rule);
        (report.days.iter().map(|day| day.date.day()).collect::<Vec<_>>(), report.missing.is_empty())
    };
    assert_eq!(dates(&[2, 3, 4, 5, 6]), (vec![2, 4, 6], true));
    assert_eq!(dates(&[1, 3, 15]), (vec![3, 15], false), "from the 1st to the 15th are fifteen days");
    assert_eq!(
        dates(&[1, 3, 15, 16]),
        (vec![3, 15], false),
        "the 16th is too near the 15th and too far from the 3rd"
    );
    assert_eq!(dates(&[1, 10, 15, 20]), (vec![10, 15, 20], true));
}
