//! Prometheus' text format: <https://prometheus.io/docs/instrumenting/exposition_formats/>.

use std::fmt::{Display, Write as _};

#[derive(Default)]
pub(crate) struct Exposition(String);

/// The values of one metric.
pub(crate) struct Gauge<'a> {
    name: &'static str,
    text: &'a mut String,
}

impl Exposition {
    pub(crate) fn gauge(&mut self, name: &'static str, help: &str) -> Gauge<'_> {
        // Writing to a String cannot fail.
        let _ = writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} gauge");
        Gauge { name, text: &mut self.0 }
    }

    pub(crate) fn into_text(self) -> String {
        self.0
    }
}

impl Gauge<'_> {
    pub(crate) fn value(&mut self, value: impl Display) {
        let _ = writeln!(self.text, "{} {value}", self.name);
    }

    pub(crate) fn labelled(&mut self, label: &str, text: &str, value: impl Display) {
        let escaped = text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
        let _ = writeln!(self.text, "{}{{{label}=\"{escaped}\"}} {value}", self.name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_is_escaped() {
        let mut exposition = Exposition::default();
        exposition.gauge("a_info", "What it is.").labelled("version", "1\"\\\n", 1);
        let expected = "# HELP a_info What it is.\n# TYPE a_info gauge\na_info{version=\"1\\\"\\\\\\n\"} 1\n";
        assert_eq!(exposition.into_text(), expected);
    }
}
