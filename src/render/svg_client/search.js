// @ts-check
/** Search: which frames match, and what share of the samples they hold. */

/**
 * Compiles what was typed: a regular expression, or the literal text if it is none. Case counts only if the
 * text has an upper-case letter.
 *
 * @param {string} query
 * @returns {RegExp | null} null if there is nothing to search for
 */
export function compileQuery(query) {
  if (query === "") return null;
  const letters = query.replace(/\\./g, "");
  const flags = letters === letters.toLowerCase() ? "i" : "";
  try {
    return new RegExp(query, flags);
  } catch {
    return new RegExp(query.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"), flags);
  }
}

/**
 * Samples that at least one of the frames holds: what lies below a match is not counted again.
 *
 * @param {{start: number, total: number}[]} matches
 * @returns {number}
 */
export function coveredSamples(matches) {
  const sorted = [...matches].sort((a, b) => a.start - b.start || b.total - a.total);
  let covered = 0;
  let end = 0;
  for (const { start, total } of sorted) {
    const fresh = start + total - Math.max(start, end);
    if (fresh > 0) {
      covered += fresh;
      end = start + total;
    }
  }
  return covered;
}
