import { readFileSync } from "node:fs";
import { fileProblemOf, formatBytes, formatDuration, messageOf, TenkError } from "../../base/mod.ts";
import { AcmeError, type AcmeStep } from "./error.ts";
import type { AcmeLimits } from "./options.ts";
import { printable } from "./text.ts";

/** An answer of the CA, read to its end. */
export interface CaAnswer {
  status: number;
  headers: Headers;
  text: string;
}

export interface CaRequest {
  method: "GET" | "HEAD" | "POST";
  body?: string;
  accept?: string;
}

/** Identifies the program to the CA (RFC 8555 §6.1). */
const USER_AGENT = "tenk-acme/1";

/** Requests to a CA, each bounded in time and size. No redirect is followed: a signed request is for one URL only. */
export class Transport {
  readonly #limits: Pick<AcmeLimits, "requestMs" | "maxBodyBytes">;
  readonly #ca: string | undefined;
  /** Sent so far. */
  requests = 0;

  /** @param ca PEM text; undefined trusts the system's list */
  constructor(limits: Pick<AcmeLimits, "requestMs" | "maxBodyBytes">, ca: string | undefined) {
    this.#limits = limits;
    this.#ca = ca;
  }

  /** @throws {AcmeError} when there is no whole answer; its status may be any */
  async request(step: AcmeStep, url: string, request: CaRequest, signal?: AbortSignal): Promise<CaAnswer> {
    this.requests += 1;
    const { requestMs, maxBodyBytes } = this.#limits;
    const timeout = AbortSignal.timeout(requestMs);
    const either = signal === undefined ? timeout : AbortSignal.any([timeout, signal]);
    try {
      const response = await fetch(url, this.#init(request, either));
      const text = await readText(response, maxBodyBytes);
      if (response.status >= 300 && response.status < 400) throw new Redirected(response.headers.get("location"));
      return { status: response.status, headers: response.headers, text };
    } catch (error) {
      if (timeout.aborted) {
        const what = `no whole answer within ${formatDuration(requestMs)}`;
        throw new AcmeError(step, url, what, { isTransient: true, cause: error, fix: UNREACHABLE });
      }
      throw failure(step, url, error);
    }
  }

  #init({ method, body, accept }: CaRequest, signal: AbortSignal): BunFetchRequestInit {
    const ca = this.#ca;
    const headers: Record<string, string> = { "user-agent": USER_AGENT, "accept-encoding": "identity" };
    if (accept !== undefined) headers.accept = accept;
    // RFC 8555 §6.2
    if (method === "POST") headers["content-type"] = "application/jose+json";
    return {
      method,
      headers,
      signal,
      redirect: "manual",
      ...(body === undefined ? {} : { body }),
      ...(ca === undefined ? {} : { tls: { ca } }),
    };
  }
}

const UNREACHABLE = "check that this machine reaches the CA (DNS, firewall, HTTPS_PROXY); tenk tries again";
const UNTRUSTED =
  "the certificate of the CA's own server is not trusted: check the clock, or set ca to the root that signed it";
const CERTIFICATE_CODE = /CERT|SELF_SIGNED|UNABLE_TO_(VERIFY|GET_ISSUER)|ALTNAME/;

/** What the runtime adds for its own users. */
const RUNTIME_ADVICE = /\.? For more information, pass `verbose: true`.*$/;

class TooLong extends Error {}

class Redirected extends Error {
  constructor(location: string | null) {
    super(`it answers with a redirect${location === null ? "" : ` to ${printable(location, 200)}`}`);
  }
}

function failure(step: AcmeStep, url: string, error: unknown): AcmeError {
  const what = printable(messageOf(error).replace(RUNTIME_ADVICE, ""));
  if (error instanceof TooLong)
    return new AcmeError(step, url, what, { fix: "check that the directory's URL is that of a CA" });
  if (error instanceof Redirected) {
    return new AcmeError(step, url, what, { fix: "tenk follows none: set acme to its final URL" });
  }
  const code = String((error as { code?: unknown } | null)?.code ?? "");
  if (CERTIFICATE_CODE.test(code)) return new AcmeError(step, url, what, { fix: UNTRUSTED, cause: error });
  return new AcmeError(step, url, what, { isTransient: true, fix: UNREACHABLE, cause: error });
}

/** The runtime reads on until memory ends: the length is counted here. */
async function readText(response: Response, maxBytes: number): Promise<string> {
  const reader = response.body?.getReader();
  if (reader === undefined) return "";
  const pieces: Uint8Array[] = [];
  let length = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return Buffer.concat(pieces).toString("utf8");
    length += value.length;
    if (length > maxBytes) {
      reader.cancel().catch(() => undefined);
      throw new TooLong(`its answer is longer than ${formatBytes(maxBytes)}`);
    }
    pieces.push(value);
  }
}

/** Reads a file of certificates, or returns PEM text as it is. @throws {TenkError} `file-unreadable`, `invalid-option` */
export function readCa(fileOrPem: string): string {
  let pem = fileOrPem;
  if (!fileOrPem.includes("-----BEGIN")) {
    try {
      pem = readFileSync(fileOrPem, "utf8");
    } catch (error) {
      throw new TenkError("file-unreadable", `Cannot read the CA's root ${fileOrPem}: ${fileProblemOf(error)}`, {
        cause: error,
      });
    }
  }
  if (pem.includes("-----BEGIN CERTIFICATE-----")) return pem;
  throw new TenkError("invalid-option", "Cannot use the CA's root: it holds no certificate in PEM");
}
