//! What a process and everything that it started have used of the processor, as /proc states it.

use std::{collections::HashMap, fs, time::Duration};

/// `_SC_CLK_TCK`: 100 on every Linux that this runs on.
const TICKS_PER_SECOND: u64 = 100;

/// User and system time of a process and its living descendants.
pub fn cpu_time(root: u32) -> Duration {
    let processes: HashMap<u32, Stat> = fs::read_dir("/proc")
        .into_iter()
        .flatten()
        .filter_map(|entry| {
            let id = entry.ok()?.file_name().to_str()?.parse().ok()?;
            Some((id, Stat::of(id)?))
        })
        .collect();
    let ticks = processes.iter().filter(|(id, _)| descends(**id, root, &processes)).map(|(_, stat)| stat.ticks);
    Duration::from_millis(ticks.sum::<u64>() * 1000 / TICKS_PER_SECOND)
}

/// How many processes want a processor, over the last minute.
pub fn load_average() -> String {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').next().unwrap_or("unknown").to_owned()
}

struct Stat {
    parent: u32,
    ticks: u64,
}

impl Stat {
    fn of(id: u32) -> Option<Self> {
        // The name in brackets may hold anything; what follows it is numbers, the state first.
        let text = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
        let fields: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
        let number = |at: usize| fields.get(at)?.parse::<u64>().ok();
        Some(Self { parent: u32::try_from(number(1)?).ok()?, ticks: number(11)? + number(12)? })
    }
}

fn descends(id: u32, root: u32, processes: &HashMap<u32, Stat>) -> bool {
    let mut current = id;
    while current != root {
        match processes.get(&current) {
            Some(stat) if stat.parent > 1 => current = stat.parent,
            _ => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use std::{process::Command, thread};

    use super::*;

    #[test]
    fn the_work_of_a_child_counts_for_its_parent() {
        let busy = "(i=0; while [ $i -lt 400000 ]; do i=$((i+1)); done; sleep 1) & wait";
        let mut child = Command::new("sh").args(["-c", busy]).spawn().unwrap();
        let mut used = Duration::ZERO;
        while child.try_wait().unwrap().is_none() {
            used = used.max(cpu_time(child.id()));
            thread::sleep(Duration::from_millis(20));
        }
        assert!(used >= Duration::from_millis(50), "{used:?}");
    }
}
