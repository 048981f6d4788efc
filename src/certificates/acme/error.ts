import { IssueError } from "../issuer.ts";
import { adviceFor } from "./advice.ts";
import { type Problem, problemText } from "./problem.ts";

/** The steps of an issuance, in their order. */
export type AcmeStep =
  | "directory" // read what the CA offers, and where
  | "account" // load the key, register or find the account
  | "order" // ask for a certificate for these names
  | "authorization" // read which challenges prove a name
  | "challenge" // put the answer to a challenge where the CA looks for it
  | "validation" // wait for the CA to look
  | "finalize" // send the request for the certificate, wait for it
  | "download" // fetch the certificate and check it
  | "renewal-info"; // ask when it should be renewed

const STEP_TEXTS: Readonly<Record<AcmeStep, string>> = {
  directory: "Cannot read the CA's directory",
  account: "Cannot use the account at the CA",
  order: "Cannot order a certificate",
  authorization: "Cannot read what the CA wants as proof",
  challenge: "Cannot set up the challenge",
  validation: "The CA could not validate the challenge",
  finalize: "The CA did not make the certificate",
  download: "Cannot use the certificate that the CA made",
  "renewal-info": "Cannot read when the CA wants a renewal",
};

export interface AcmeErrorOptions {
  problem?: Problem | undefined;
  /** HTTP status of the CA's answer. */
  status?: number;
  /** The CA asks for no other try before. */
  retryAfterMs?: number;
  /** Another try soon may work: the CA was not reached, or is busy. */
  isTransient?: boolean;
  /** The challenge that failed: `http-01`. */
  challenge?: string;
  /** What to do, where the problem's type does not say it. */
  fix?: string | undefined;
  cause?: unknown;
}

/** Why no certificate was issued: the step, what the CA said, and what to do (`fix`). */
export class AcmeError extends IssueError {
  declare readonly step: AcmeStep;
  readonly problem: Problem | undefined;
  readonly status: number | undefined;
  /** Another try soon may work: the CA was not reached, or is busy. */
  readonly isTransient: boolean;
  /** The challenge that failed: `http-01`. */
  readonly challenge: string | undefined;
  /** The message without its step: `a.example.org by http-01: the CA says …`. */
  readonly reason: string;

  /** `subject` is the URL or name that the step was about, `what` what happened, where it was not a problem of the CA. */
  constructor(step: AcmeStep, subject: string, what: string, options: AcmeErrorOptions = {}) {
    const { problem, status, challenge, cause, retryAfterMs } = options;
    const said = problem === undefined ? what : `the CA says ${problemText(problem)}`;
    const about = [subject, challenge].filter((part) => part !== undefined && part !== "").join(" by ");
    const reason = about === "" ? said : `${about}: ${said}`;
    const fix = options.fix ?? adviceFor(step, problem?.type, challenge, status);
    super(step, `${STEP_TEXTS[step]}: ${reason}`, {
      ...(cause === undefined ? {} : { cause }),
      ...(fix === undefined ? {} : { fix }),
      ...(retryAfterMs === undefined || retryAfterMs === 0 ? {} : { retryAfterMs }),
    });
    this.problem = problem;
    this.status = status;
    this.isTransient = options.isTransient ?? false;
    this.challenge = challenge;
    this.reason = reason;
  }
}
