import { TenkError } from "../../base/mod.ts";
import { request } from "../../http/mod.ts";
import type { ClientTlsOptions } from "../../net/mod.ts";
import type { HttpHealth } from "../../part/mod.ts";

/** Of an answer's content, which nobody reads. */
const MAX_BODY_BYTES = 1024;

/**
 * Asks a target for its health by GET, on a connection of its own: kept ones would be busy just when it is slow.
 *
 * @param url the target
 * @throws {TenkError} `request-failed` for another status than expected, and what `request` throws
 */
export async function checkHealth(
  url: string,
  { path = "/", status }: Pick<HttpHealth, "path" | "status">,
  options: { tls?: ClientTlsOptions; signal: AbortSignal; timeoutMs: number },
): Promise<void> {
  const answer = await request(url, {
    ...options,
    path,
    maxBodyBytes: MAX_BODY_BYTES,
    whenTooLong: "cut",
    // The owner of the configuration named it.
    deniedRanges: [],
  });
  if (status.some((expected) => isStatus(answer.status, expected))) return;
  throw new TenkError("request-failed", `${path} answered ${answer.status}, expected ${status.join(" or ")}`);
}

/** @param expected a status or its class: `204`, `2xx` */
function isStatus(status: number, expected: string): boolean {
  return expected.endsWith("xx") ? Math.floor(status / 100) === Number(expected[0]) : status === Number(expected);
}
