/**
 * Quotes a word of a command for a unit: `%` and `$` are replaced in them, and a space ends one (systemd.service(5)).
 *
 * @example
 * quotedWord("/opt/my tenk/100%"); // '"/opt/my tenk/100%%"'
 */
export function quotedWord(word: string): string {
  const escaped = word.replaceAll("%", "%%").replaceAll("$", "$$$$");
  return /^[\w@%+=:,./$-]+$/.test(word) ? escaped : `"${escaped.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
}
