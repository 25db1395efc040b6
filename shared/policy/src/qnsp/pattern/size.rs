//! How large an expression becomes when it is compiled, by its text alone, so that every runtime comes to the same number:
//! what is really allocated depends on the width of addresses. The number is that of 64 bits, or a little more.

/// What a state of the automaton takes, a transition of a state that has several, and a range of a class.
const STATE: usize = 32;
const TRANSITION: usize = 4;
const RANGE: usize = 8;

/// What a group of captures takes besides its states and its name.
const GROUP: usize = 20;

/// What stands around every expression: captures of the whole, and the match.
const WHOLE: usize = 3 * STATE + GROUP;

/// The most ranges that a class with a name has, such as `\W` or `[:^punct:]`.
const NAMED: usize = 5;

/// The size of what an expression compiles to, in bytes. Of a text that is no expression it is some number.
pub(super) fn estimated(expression: &str, ignores_case: bool) -> usize {
    let flags = Flags { ignores_case, is_verbose: false };
    let mut reader = Reader { rest: expression, flags, once: WHOLE };
    let mut outer = Vec::new();
    let mut group = Group::new(false, flags);
    while let Some(character) = reader.next_item() {
        match character {
            '(' => {
                let before = reader.flags;
                if let Some(captures) = reader.opened() {
                    outer.push(std::mem::replace(&mut group, Group::new(captures, before)));
                }
            }
            ')' => {
                if let Some(around) = outer.pop() {
                    group = around.with(group, &mut reader);
                }
            }
            '|' => group.branch(),
            '?' => group.repeat(0, Some(1)),
            '*' => group.repeat(0, None),
            '+' => group.repeat(1, None),
            '{' => {
                if let Some((least, most)) = reader.counts() {
                    group.repeat(least, most);
                }
            }
            '[' => group.add(reader.class()),
            '\\' => group.add(reader.escaped()),
            '.' => group.add(STATE + 3 * RANGE),
            other => group.add(reader.literal(other)),
        }
    }
    while let Some(around) = outer.pop() {
        group = around.with(group, &mut reader);
    }
    group.size().saturating_add(reader.once)
}

#[derive(Clone, Copy)]
struct Flags {
    ignores_case: bool,
    /// Blanks and comments mean nothing.
    is_verbose: bool,
}

/// A group as far as it was read.
struct Group {
    captures: bool,
    /// What holds again behind the group.
    flags: Flags,
    /// Without the last item, which may be repeated.
    before: usize,
    last: Option<usize>,
    branches: usize,
}

impl Group {
    fn new(captures: bool, flags: Flags) -> Self {
        Self { captures, flags, before: 0, last: None, branches: 1 }
    }

    fn with(mut self, inner: Self, reader: &mut Reader<'_>) -> Self {
        reader.flags = inner.flags;
        self.add(inner.size());
        self
    }

    fn add(&mut self, size: usize) {
        self.before = self.before.saturating_add(self.last.unwrap_or_default());
        self.last = Some(size);
    }

    fn repeat(&mut self, least: usize, most: Option<usize>) {
        let one = self.last.unwrap_or_default();
        let split = STATE + 2 * TRANSITION;
        let (optional, ends) = match most {
            // What may be empty itself takes two splits more.
            None if least == 0 => (one.saturating_add(split), 2 * STATE + 2 * TRANSITION),
            None => (0, split),
            Some(most) => {
                let ends = match (least, most) {
                    _ if least >= most => 0,
                    (0, 2..) => 2 * STATE,
                    _ => STATE,
                };
                (one.saturating_add(split).saturating_mul(most.saturating_sub(least)), ends)
            }
        };
        self.last = Some(one.saturating_mul(least).saturating_add(optional).saturating_add(ends).max(STATE));
    }

    /// A branch without items is a state, too.
    fn end_branch(&mut self) {
        self.before = self.before.saturating_add(self.last.take().unwrap_or(STATE));
    }

    fn branch(&mut self) {
        self.end_branch();
        self.branches += 1;
    }

    fn size(mut self) -> usize {
        self.end_branch();
        let branches = if self.branches == 1 { 0 } else { 2 * STATE + self.branches * TRANSITION };
        let captures = if self.captures { 2 * STATE } else { 0 };
        self.before.saturating_add(branches + captures)
    }
}

struct Reader<'a> {
    rest: &'a str,
    flags: Flags,
    /// What is taken once, however often a group is repeated.
    once: usize,
}

impl Reader<'_> {
    fn next(&mut self) -> Option<char> {
        let character = self.rest.chars().next()?;
        self.rest = self.rest.get(character.len_utf8()..).unwrap_or_default();
        Some(character)
    }

    /// The next character that means something.
    fn next_item(&mut self) -> Option<char> {
        loop {
            match self.next()? {
                blank if self.flags.is_verbose && blank.is_whitespace() => {}
                '#' if self.flags.is_verbose => {
                    self.until('\n');
                }
                other => return Some(other),
            }
        }
    }

    fn skip(&mut self, text: &str) -> bool {
        let rest = self.rest.strip_prefix(text);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    /// Skips what ends with this character, and says how long it is without it.
    fn until(&mut self, end: char) -> usize {
        let (skipped, rest) = self.rest.split_once(end).unwrap_or((self.rest, ""));
        self.rest = rest;
        skipped.len()
    }

    /// Behind a parenthesis: whether the group captures; `None` where there are flags and no group.
    fn opened(&mut self) -> Option<bool> {
        if self.skip("?P<") || self.skip("?<") {
            self.once += GROUP + self.until('>');
            return Some(true);
        }
        if !self.skip("?") {
            self.once += GROUP;
            return Some(true);
        }
        let mut is_set = true;
        loop {
            match self.next() {
                Some('-') => is_set = false,
                Some('i') => self.flags.ignores_case = is_set,
                Some('x') => self.flags.is_verbose = is_set,
                Some(':') => return Some(false),
                Some(')') | None => return None,
                Some(_) => {}
            }
        }
    }

    /// Behind a brace: how often the item stands there at least and at most.
    fn counts(&mut self) -> Option<(usize, Option<usize>)> {
        let (text, rest) = self.rest.split_once('}')?;
        self.rest = rest;
        let number = |text: &str| text.split_whitespace().collect::<String>().parse::<usize>().ok();
        match text.split_once(',') {
            None => number(text).map(|count| (count, Some(count))),
            Some((least, most)) if most.trim().is_empty() => Some((number(least)?, None)),
            Some((least, most)) => Some((number(least)?, Some(number(most)?))),
        }
    }

    fn literal(&self, character: char) -> usize {
        if self.flags.ignores_case && character.is_ascii_alphabetic() { STATE + 2 * RANGE } else { STATE }
    }

    /// Behind a backslash: a character, a class or a place. The digits of `\x41` are taken for items of their own.
    fn escaped(&mut self) -> usize {
        match self.next() {
            Some('x' | 'u' | 'U') => {
                if self.skip("{") {
                    self.until('}');
                }
                STATE + 2 * RANGE
            }
            Some('b') => {
                for place in ["{start}", "{end}", "{start-half}", "{end-half}"] {
                    self.skip(place);
                }
                STATE
            }
            Some('d' | 'D' | 's' | 'S' | 'w' | 'W') => STATE + NAMED * RANGE,
            Some(other) => self.literal(other),
            None => 0,
        }
    }

    /// Behind a bracket. A negated class has a range more.
    fn class(&mut self) -> usize {
        let mut ranges = usize::from(self.skip("^"));
        // Hyphens that stand first are themselves, and so is a bracket.
        if self.skip("]") {
            ranges += 1;
        }
        while self.skip("-") {
            ranges += 1;
        }
        while let Some(character) = self.next_item().filter(|character| *character != ']') {
            ranges += self.in_class(character);
            if !self.rest.starts_with("-]") && self.skip("-") {
                // What it ends with has no ranges of its own.
                if let Some(end) = self.next_item() {
                    self.in_class(end);
                }
            }
        }
        STATE + RANGE * ranges * if self.flags.ignores_case { 2 } else { 1 }
    }

    /// How many ranges an item of a class has.
    fn in_class(&mut self, character: char) -> usize {
        match character {
            '[' => {
                self.until(']');
                NAMED
            }
            '\\' if self.rest.starts_with(['d', 'D', 's', 'S', 'w', 'W']) => {
                self.next();
                NAMED
            }
            '\\' => {
                self.escaped();
                1
            }
            _ => 1,
        }
    }
}

#[cfg(test)]
mod tests;
