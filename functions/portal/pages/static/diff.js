// What differs between two texts, by lines. No I/O.

/** The most pairs of lines that are compared; of longer texts all lines count as changed. */
const MOST_PAIRS = 4_000_000;

/** Lines, each { kind, text }, where `kind` is "same", "removed" or "added": the fewest changes that lead from one to the other. */
export function lines(before, after) {
  const [old, fresh] = [before.split("\n"), after.split("\n")];
  let start = 0;
  while (start < old.length && start < fresh.length && old[start] === fresh[start]) start += 1;
  let end = 0;
  while (end < Math.min(old.length, fresh.length) - start && old.at(-1 - end) === fresh.at(-1 - end)) end += 1;
  const as = (kind) => (text) => ({ kind, text });
  return [
    ...old.slice(0, start).map(as("same")),
    ...between(old.slice(start, old.length - end), fresh.slice(start, fresh.length - end), as),
    ...old.slice(old.length - end).map(as("same")),
  ];
}

function between(old, fresh, as) {
  if (old.length * fresh.length > MOST_PAIRS) return [...old.map(as("removed")), ...fresh.map(as("added"))];
  // common[i][j]: how many lines the rest of `old` from i on and that of `fresh` from j on have in common, in order.
  const common = Array.from({ length: old.length + 1 }, () => new Uint32Array(fresh.length + 1));
  for (let i = old.length - 1; i >= 0; i -= 1) {
    for (let j = fresh.length - 1; j >= 0; j -= 1) common[i][j] = old[i] === fresh[j] ? common[i + 1][j + 1] + 1 : Math.max(common[i + 1][j], common[i][j + 1]);
  }
  const found = [];
  let [i, j] = [0, 0];
  while (i < old.length || j < fresh.length) {
    if (i < old.length && j < fresh.length && old[i] === fresh[j]) {
      found.push(as("same")(old[i]));
      i += 1;
      j += 1;
    } else if (i < old.length && (j === fresh.length || common[i + 1][j] >= common[i][j + 1])) {
      found.push(as("removed")(old[i]));
      i += 1;
    } else {
      found.push(as("added")(fresh[j]));
      j += 1;
    }
  }
  return found;
}
