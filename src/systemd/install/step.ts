import type { Made } from "./manifest.ts";

/** One thing that is going to be done. */
export interface Step {
  /** As it is said before: "create the folder /etc/tenk". */
  readonly text: string;
  /** Does it. @returns what it made, or has taken back */
  readonly take: () => StepResult | undefined;
}

export interface StepResult {
  readonly made?: Made;
  readonly gone?: Made;
}

/** What is going to be done, in order, and what is left alone, and why. */
export interface Plan {
  readonly steps: readonly Step[];
  readonly kept: readonly string[];
}
