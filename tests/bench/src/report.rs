//! The tables of a run, in Markdown, so that what is printed can be kept as it is.

use std::fmt;

use crate::{
    config_api::{Request, Server},
    load::Cell,
    measure::Found,
    operation::Operation::{self, Floor, FloorBatch},
};

/// Rows of cells under a head; numbers stand at the right.
pub struct Table(Vec<Vec<String>>);

impl From<Vec<Vec<String>>> for Table {
    fn from(rows: Vec<Vec<String>>) -> Self {
        Self(rows)
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let columns = self.0.first().map_or(0, Vec::len);
        let width = |column: usize| {
            self.0.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0).max(3)
        };
        let widths: Vec<usize> = (0..columns).map(width).collect();
        for (at, row) in self.0.iter().enumerate() {
            for (column, (cell, width)) in row.iter().zip(&widths).enumerate() {
                if column == 0 { write!(f, "| {cell:<width$} |")? } else { write!(f, " {cell:>width$} |")? }
            }
            if at == 0 {
                f.write_str("\n")?;
                for (column, width) in widths.iter().enumerate() {
                    let line = "-".repeat(*width);
                    if column == 0 { write!(f, "| {line} |")? } else { write!(f, " {}: |", line.split_at(1).1)? }
                }
            }
            if at + 1 < self.0.len() {
                f.write_str("\n")?;
            }
        }
        Ok(())
    }
}

/// All operations of a runtime: beside its own floor, and beside the native functions of the same run.
pub fn operations(found: &Found, native: Option<&Found>) -> Table {
    let head = [
        "operation",
        "req/s",
        "p50 ms",
        "p99 ms",
        "CPU µs",
        "× floor",
        "storage %",
        "× floor without storage",
        "× native",
    ];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    for (operation, cell) in &found.table {
        rows.push(row(operation.name(), *operation, cell, found, native));
    }
    if let Some(cell) = &found.one_caller {
        rows.push(row("licensecheck, all with one key pair", Operation::LicenseCheck, cell, found, native));
    }
    Table(rows)
}

fn row(name: &str, operation: Operation, cell: &Cell, found: &Found, native: Option<&Found>) -> Vec<String> {
    let cpu = |found: &Found, wanted| {
        found.table.iter().find(|(operation, _)| *operation == wanted).map(|(_, cell)| cell.cpu_micros)
    };
    let floor = cpu(found, Floor);
    // What the barest batch costs above the floor is the price of the one storage call.
    let storage = floor.and_then(|floor| Some(cpu(found, FloorBatch)? - floor)).filter(|_| operation.is_signed_read());
    let beside = |part: Option<f64>, whole: Option<f64>| match (part, whole) {
        (Some(part), Some(whole)) if whole > 0.0 => format!("{:.2}", part / whole),
        _ => String::new(),
    };
    vec![
        name.to_owned(),
        format!("{:.0}", cell.requests_per_second),
        format!("{:.1}", cell.p50_millis),
        format!("{:.1}", cell.p99_millis),
        format!("{:.0}", cell.cpu_micros),
        beside(Some(cell.cpu_micros), floor),
        storage.map_or_else(String::new, |storage| format!("{:.0}", 100.0 * storage / cell.cpu_micros)),
        beside(storage.map(|storage| cell.cpu_micros - storage), floor),
        beside(Some(cell.cpu_micros), native.and_then(|native| cpu(native, operation))),
    ]
}

/// The functions and the plain server, request by request; none where the plain server did not run.
pub fn beside_plain(found: &Found, statements: &[u64]) -> Option<Table> {
    let head =
        ["request", "statements", "plain", "req/s", "plain", "ratio", "CPU µs", "plain", "ratio", "p99 ms", "plain"];
    let cell = |server, request| {
        let wanted = Operation::Config(server, request);
        found.table.iter().find(|(operation, _)| *operation == wanted).map(|(_, cell)| cell)
    };
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    for ((request, ours), plain) in Request::ALL.into_iter().zip(statements).zip(&found.plain_statements) {
        let (Some(chancery), Some(other)) = (cell(Server::Chancery, request), cell(Server::Plain, request)) else {
            continue;
        };
        rows.push(vec![
            request.name(Server::Chancery).to_owned(),
            ours.to_string(),
            plain.to_string(),
            format!("{:.0}", chancery.requests_per_second),
            format!("{:.0}", other.requests_per_second),
            format!("{:.2}", chancery.requests_per_second / other.requests_per_second),
            format!("{:.0}", chancery.cpu_micros),
            format!("{:.0}", other.cpu_micros),
            format!("{:.2}", chancery.cpu_micros / other.cpu_micros),
            format!("{:.1}", chancery.p99_millis),
            format!("{:.1}", other.p99_millis),
        ]);
    }
    (rows.len() > 1).then_some(Table(rows))
}

/// The watched operations at each size, and the largest size beside the smallest.
pub fn scaling(all: &[Found], sizes: &[u32], of: impl Fn(&Cell) -> f64) -> Table {
    let mut head = vec!["operation".to_owned()];
    head.extend(sizes.iter().map(|size| format!("{size} rows")));
    head.push("last ÷ first".to_owned());
    let mut rows = vec![head];
    for found in all {
        for operation in Operation::scaled() {
            let at_size = |cells: &[(Operation, Cell)]| {
                cells.iter().find(|(measured, _)| *measured == operation).map(|(_, cell)| of(cell))
            };
            let values: Vec<f64> = found.scaled.iter().filter_map(|(_, cells)| at_size(cells)).collect();
            let (Some(first), Some(last)) = (values.first(), values.last()) else { continue };
            let mut row = vec![format!("{}: {}", found.engine.name(), operation.name())];
            let decimals = if *first < 100.0 { 1 } else { 0 };
            row.extend(values.iter().map(|value| format!("{value:.decimals$}")));
            row.push(format!("{:.2}", last / first));
            rows.push(row);
        }
    }
    Table(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_markdown_with_numbers_at_the_right() {
        let rows = [["what", "µs"], ["a", "7"], ["bcdef", "1234"]];
        let table = Table(rows.iter().map(|row| row.map(str::to_owned).to_vec()).collect());
        let lines = ["| what  |   µs |", "| ----- | ---: |", "| a     |    7 |", "| bcdef | 1234 |"];
        assert_eq!(table.to_string(), lines.join("\n"));
    }
}
