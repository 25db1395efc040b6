//! A PDF of one page of text, in the fonts that every reader has.

use std::fmt::Write as _;

/// How many lines a page has, and how many characters a line has.
const LINES: usize = 54;
const COLUMNS: usize = 95;

/// A page (A4) with a title and lines. What does not fit is left out, and the last line says so.
pub(crate) fn page(title: &str, lines: &[String]) -> Vec<u8> {
    let mut text = format!("BT /F1 16 Tf 50 790 Td ({}) Tj /F2 9 Tf 0 -26 Td 13 TL\n", escaped(title));
    let fits = if lines.len() > LINES { LINES - 1 } else { lines.len() };
    for line in lines.iter().take(fits) {
        // Writing to a string does not fail.
        let _ = writeln!(text, "({}) Tj T*", escaped(line));
    }
    if lines.len() > fits {
        let _ = writeln!(text, "(and {} lines more) Tj", lines.len() - fits);
    }
    text.push_str("ET");
    file(&[
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_owned(),
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 6 0 R \
         /Resources << /Font << /F1 4 0 R /F2 5 0 R >> >> >>"
            .to_owned(),
        font("Helvetica-Bold"),
        font("Courier"),
        format!("<< /Length {} >>\nstream\n{text}\nendstream", text.len()),
    ])
}

fn font(name: &str) -> String {
    format!("<< /Type /Font /Subtype /Type1 /BaseFont /{name} /Encoding /WinAnsiEncoding >>")
}

/// Objects with the table of where each begins.
fn file(objects: &[String]) -> Vec<u8> {
    let (mut file, mut table) = ("%PDF-1.4\n".to_owned(), String::new());
    for (index, object) in objects.iter().enumerate() {
        let _ = writeln!(table, "{:010} 00000 n ", file.len());
        let _ = write!(file, "{} 0 obj\n{object}\nendobj\n", index + 1);
    }
    let (start, size) = (file.len(), objects.len() + 1);
    let _ = write!(
        file,
        "xref\n0 {size}\n0000000000 65535 f \n{table}trailer\n<< /Size {size} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n"
    );
    file.into_bytes()
}

/// A text as PDF writes it. Characters that the font does not have are question marks.
fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for character in text.chars().take(COLUMNS) {
        match character {
            '(' | ')' | '\\' => escaped.extend(['\\', character]),
            ' '..='~' => escaped.push(character),
            '\u{a0}'..='\u{ff}' => {
                let _ = write!(escaped, "\\{:03o}", u32::from(character));
            }
            _ => escaped.push('?'),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn the_table_says_where_each_object_begins() {
        let pdf = String::from_utf8(page("Title", &["a (b) \\".to_owned(), "é 語".to_owned()])).unwrap();
        let start: usize = pdf.lines().rev().nth(1).unwrap().parse().unwrap();
        let table: Vec<_> = pdf[start..].lines().collect();
        assert_eq!(table[..3], ["xref", "0 7", "0000000000 65535 f "]);
        for (index, line) in table[3..9].iter().enumerate() {
            let place: usize = line.split(' ').next().unwrap().parse().unwrap();
            assert!(line.len() == 19 && pdf[place..].starts_with(&format!("{} 0 obj\n", index + 1)), "{line}");
        }
        let stream = pdf.split_once("stream\n").unwrap().1.split_once("\nendstream").unwrap().0;
        assert!(pdf.contains(&format!("/Length {} ", stream.len())));
        assert!(stream.contains(r"(a \(b\) \\) Tj") && stream.contains(r"(\351 ?) Tj"), "{stream}");
    }

    #[test]
    fn a_page_has_an_end() {
        let lines: Vec<_> = (0..200).map(|line| format!("line {line} {}", "x".repeat(500))).collect();
        let pdf = String::from_utf8(page("Title", &lines)).unwrap();
        assert_eq!(pdf.matches("Tj").count(), 1 + LINES);
        assert!(pdf.contains("(line 52 ") && !pdf.contains("(line 53 ") && pdf.contains("(and 147 lines more)"));
        assert!(pdf.lines().filter(|line| line.ends_with("T*")).all(|line| line.len() <= COLUMNS + 8));
    }
}
