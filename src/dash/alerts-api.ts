/** The JSON of the part `alerts` that the page reads. Moments are in milliseconds since 1970. */

/** One of `GET /api/alerts/maintenance`, which has the windows that last now. */
export interface MaintenanceWindowView {
  /** `all` stands for every service. */
  readonly services: readonly string[];
  readonly fromMs: number;
  readonly untilMs: number;
  readonly reason?: string | null | undefined;
  /** By the configuration; else somebody began it. */
  readonly isScheduled: boolean;
}

/** The body of `POST /api/alerts/maintenance`. */
export type MaintenanceRequest =
  | { readonly services: readonly string[]; readonly for: string; readonly reason?: string }
  | { readonly end: readonly string[] };
