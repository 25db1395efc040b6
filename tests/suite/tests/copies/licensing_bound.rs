//! A licence that changes all the time, and its checks at several instances: none is answered with anything older than
//! the bound. `CHANCERY_LONG=1` makes 100,000 checks instead of 1,000.

use std::{env, time::Duration};

use platform::{clock, random, runtime::ahead};
use serde_json::json;

use crate::licensing::{CHECK, CURRENT, Licensing, get};

/// `CACHE_SECONDS` here.
const BOUND: i64 = 3;

/// How many answers there are between two changes, on average.
const CALM: u32 = 12;

/// What is shown of the licence: a number that it holds, or nothing when it is disabled.
type State = Option<u32>;

/// What was in force, and until when. The last one still is.
struct History(Vec<(State, i64)>);

impl History {
    fn newest(&self) -> State {
        self.0.last().unwrap().0
    }

    fn change(&mut self, to: State) {
        self.0.last_mut().unwrap().1 = clock::now_ms();
        self.0.push((to, i64::MAX));
    }

    /// Whether it was in force at any time from then on.
    fn was_in_force_since(&self, state: State, since: i64) -> bool {
        self.0.iter().rev().take_while(|(_, until)| *until >= since).any(|(was, _)| *was == state)
    }
}

fn below(limit: u32) -> u32 {
    u32::from_le_bytes(random::bytes().unwrap()) % limit
}

#[tokio::test]
async fn no_check_is_answered_with_anything_older_than_the_bound() {
    let checks = if env::var_os("CHANCERY_LONG").is_some() { 100_000 } else { 1_000 };
    let licensing = Licensing::new(&BOUND.to_string()).await;
    let (mut passed, mut number, mut old, mut refused) = (Duration::ZERO, 0, 0, 0);
    licensing.change_key(of(Some(0))).await;
    let mut history = History(vec![(Some(0), i64::MAX)]);
    for _ in 0..checks {
        passed += Duration::from_millis(u64::from(below(500)));
        if below(CALM) == 0 {
            number += 1;
            let next = (below(3) > 0).then_some(number);
            ahead(passed, async {
                licensing.change_key(of(next)).await;
                history.change(next);
            })
            .await;
        }
        ahead(passed, async {
            let is_fresh = below(10) == 0;
            let query = if is_fresh { "?read_fresh=true" } else { "" };
            let (instance, path, changes_itself) = match below(4) {
                0 => (&licensing.keys[0], CURRENT, true),
                1 => (&licensing.keys[1], CURRENT, false),
                2 => (&licensing.members[0], CHECK, false),
                _ => (&licensing.members[1], CHECK, false),
            };
            let asked = clock::now_ms();
            let answer = get(instance, &format!("{path}{query}")).await;
            let seen: State = match answer.status {
                200 => Some(answer.body["modules"]["mod_dvcid"].as_str().unwrap().parse().unwrap()),
                status => {
                    assert_eq!(status, 401);
                    refused += 1;
                    None
                }
            };
            let newest = history.newest();
            let told = || format!("{seen:?} of {newest:?} at {path}{query}, age {:?}", answer.age);
            if is_fresh || changes_itself {
                assert_eq!(seen, newest, "{}", told());
            }
            assert!(history.was_in_force_since(seen, asked - 1000 * BOUND), "{}", told());
            old += u32::from(seen != newest);
        })
        .await;
    }
    // Or the test would show nothing.
    assert!(old > checks / 50 && refused > checks / 50, "{old} were older than the newest, {refused} refused");
}

/// The change that brings this state about.
fn of(state: State) -> serde_json::Value {
    match state {
        Some(number) => json!({ "disabled": false, "modules": { "mod_dvcid": number.to_string() } }),
        None => json!({ "disabled": true }),
    }
}
