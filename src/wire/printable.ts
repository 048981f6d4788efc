const MAX_SHOWN = 100;

/** Makes untrusted text safe for one log line: replaces anything but printable ASCII by "?", and truncates it. */
export function printable(text: string): string {
  return text.slice(0, MAX_SHOWN).replace(/[^\x20-\x7e]/g, "?");
}
