/** The JSON of the part `boxes`: its entry in `/api/status` → `parts`. Moments are in milliseconds since 1970. */

/** `parts.boxes` */
export interface BoxesView {
  readonly boxes: readonly BoxView[];
}

/** Another machine with tenk. Texts are from there. */
export interface BoxView {
  readonly box: string;
  /** Its dashboard. */
  readonly url: string;
  readonly state: "pending" | "up" | "unknown";
  readonly sinceMs: number;
  /** Why it is not up; null while it is. */
  readonly reason: string | null;
  /** When it last answered, and what follows is from; null where it never did. */
  readonly answeredMs: number | null;
  readonly host: {
    readonly busy: number | null;
    readonly memoryUsedBytes: number | null;
    readonly memoryTotalBytes: number | null;
    readonly rootUsedPercent: number | null;
    readonly temperatureCelsius: number | null;
  } | null;
  readonly services: readonly { readonly service: string; readonly state: string; readonly reason: string | null }[];
}
