import { fstatSync } from "node:fs";

/** Priorities of syslog (RFC 5424 §6.2.1), by level. */
const PRIORITIES = { debug: 7, info: 6, warn: 4, error: 3 } as const;

export type JournalLevel = keyof typeof PRIORITIES;

/**
 * Returns whether standard error is the journal's own stream: systemd says of which file it is (`JOURNAL_STREAM`), so that a program whose
 * standard error was led elsewhere since does not take a file for it.
 *
 * @param fileOf the device and inode of standard error @default {asks the system}
 */
export function isJournal(
  { JOURNAL_STREAM: stream }: Readonly<Record<string, string | undefined>>,
  fileOf: () => { readonly dev: number; readonly ino: number } = () => fstatSync(2),
): boolean {
  if (stream === undefined || stream === "") return false;
  try {
    const { dev, ino } = fileOf();
    return stream === `${dev}:${ino}`;
  } catch {
    return false;
  }
}

/** Puts the priority in front of each line, as the journal reads it (sd-daemon(3)): each line is an entry of its own. */
export function withPriority(text: string, level: JournalLevel): string {
  return text.replace(/^/gm, `<${PRIORITIES[level]}>`);
}
