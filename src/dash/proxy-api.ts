/** The JSON of the part `proxy`: its entry in `/api/status` → `parts`. */

/** A target of a service, added up over event loops. */
export interface ServiceTargetView {
  /** `http://127.0.0.1:3000` */
  readonly address: string;
  /** Each event loop finds out on its own: `partly down` where they differ. */
  readonly state: "up" | "partly down" | "down" | "draining";
  /** Requests that it has now. */
  readonly active: number;
  /** Requests that it answered. */
  readonly total: number;
  readonly failures: number;
  readonly lastError: string | null;
}

export interface ServiceView {
  readonly service: string;
  readonly hosts: readonly string[];
  readonly requests: number;
  /** `{"200": 1200, "503": 3}`; by class where a status has no name, and `none` for requests without an answer. */
  readonly status: Readonly<Record<string, number>>;
  readonly inProgress: number;
  /** Time to the head of recent answers; null before the first. */
  readonly latencyMs: number | null;
  /** Answers with a status from 500, and requests without a whole answer. */
  readonly errors: number;
  readonly requestBytes: number;
  readonly responseBytes: number;
  readonly targets: readonly ServiceTargetView[];
}

export interface ProxyView {
  /** `https` and `http`, with their addresses. */
  readonly listeners: readonly { readonly name: string; readonly address: string }[];
  readonly services: readonly ServiceView[];
}
