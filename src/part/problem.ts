/**
 * Something that is not well now, in words for people. All problems of a box are one list, which `/api/status`, the page, `tenk status`
 * and alerts read.
 */
export interface Problem {
  /** What it is known by while it lasts, unique on this box: `service/git`, `box/disk/`, `certificate/git.home.arpa`. */
  readonly key: string;
  /** Critical is what somebody should be woken for. */
  readonly severity: "warning" | "critical";
  /** What is not well: `git`, `disk /`. */
  readonly subject: string;
  /** In a word or two that follow "is": `down`, `95 % full`. */
  readonly state: string;
  /** Why, and what to do. May have text from the network. */
  readonly reason: string;
  /** Milliseconds since 1970. */
  readonly sinceMs: number;
  /** Key of the problem that this one follows from. It raises no alert of its own; an alert already sent stays open. @default {none} */
  readonly behind?: string;
  /** Shown, as one that is starting or under maintenance: it raises no alert; one already sent stays open. @default {false} */
  readonly isMuted?: boolean;
}
