import { logOf } from "../../base/mod.ts";
import type { RenewalWindow } from "../issuer.ts";
import { infoOf, readCertificate } from "../x509/mod.ts";
import type { AcmeClient } from "./client.ts";
import { AcmeError } from "./error.ts";
import { retryAfterMs } from "./retry-after.ts";
import { renewalIdOf } from "./x509.ts";

const log = logOf("certificates");
/** RFC 9773 §4.3.2: between a minute and a day, six hours where the CA does not say. */
const MIN_RETRY_MS = 60_000;
const MAX_RETRY_MS = 86_400_000;
const DEFAULT_RETRY_MS = 21_600_000;
/** Explanations remembered, so that each is logged once. */
const MAX_EXPLAINED = 1000;

/** Asks a CA when its certificates should be renewed (ARI, RFC 9773). */
export class RenewalInfo {
  readonly #client: AcmeClient;
  readonly #explained = new Map<string, string>();

  constructor(client: AcmeClient) {
    this.#client = client;
  }

  /**
   * Returns the window; undefined where the CA or the certificate has none.
   *
   * @throws {AcmeError} step `renewal-info`
   */
  async windowOf(cert: string, signal: AbortSignal): Promise<RenewalWindow | undefined> {
    const { renewalInfo } = await this.#client.directory(signal);
    const id = renewalInfo === undefined ? undefined : renewalIdOf(cert);
    if (id === undefined) return undefined;
    // RFC 9773 §4.1: the identifier is appended as another part of the path.
    const url = `${renewalInfo!.replace(/\/$/, "")}/${id}`;
    const answer = await this.#client.get("renewal-info", url, signal);
    const window = this.#client.read("renewal-info", url, answer, (value) => this.#client.reader.renewalInfo(value));
    this.#explain(id, window.explanationUrl);
    const latestMs = latestRenewalMs(cert);
    if (window.startMs >= latestMs) {
      const what = `the suggested window begins too late, at ${new Date(window.startMs).toISOString()}`;
      throw new AcmeError("renewal-info", url, what, { fix: "it is renewed as if the CA had said nothing" });
    }
    const askedMs = retryAfterMs(answer.headers.get("retry-after"), Date.now()) || DEFAULT_RETRY_MS;
    return {
      startMs: window.startMs,
      endMs: Math.min(window.endMs, latestMs),
      retryAfterMs: Math.min(Math.max(askedMs, MIN_RETRY_MS), MAX_RETRY_MS),
    };
  }

  #explain(id: string, url: string | undefined): void {
    if (url === undefined || this.#explained.get(id) === url) return;
    if (this.#explained.size >= MAX_EXPLAINED) this.#explained.clear();
    this.#explained.set(id, url);
    log.warn("the CA explains when it wants a certificate renewed", { certificate: id, explanation: url });
  }
}

/** Whatever a CA suggests, a tenth of the life is left for tries that fail. */
function latestRenewalMs(cert: string): number {
  const { notBeforeMs, notAfterMs } = infoOf(readCertificate(cert));
  return notAfterMs - (notAfterMs - notBeforeMs) / 10;
}
