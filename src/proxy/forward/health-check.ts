import { TenkError } from "../../base/mod.ts";
import { type Http2Target, type RequestBlock, request } from "../../http/mod.ts";
import type { ClientTlsOptions } from "../../net/mod.ts";
import type { HttpHealth } from "../../part/mod.ts";

/** Of an answer's content, which nobody reads. */
const MAX_BODY_BYTES = 1024;
const WITHOUT_CONTENT: Omit<RequestBlock, "bytes" | "to"> = {
  from: 0,
  bodyBytes: 0,
  framing: "none",
  bodyLength: 0,
  isWhole: true,
  isHead: false,
  isUpgrade: false,
  carriesChunks: false,
  isFresh: false,
};

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
  judge(answer.status, path, status);
}

/**
 * Asks a target that speaks HTTP/2 alone, on a stream of a connection that it has.
 *
 * @throws {TenkError} `request-failed`
 */
export async function checkHealthByHttp2(
  target: Pick<Http2Target, "address" | "send">,
  { path = "/", status }: Pick<HttpHealth, "path" | "status">,
  { signal, timeoutMs }: { signal: AbortSignal; timeoutMs: number },
): Promise<void> {
  const bytes = new TextEncoder().encode(
    `GET ${path} HTTP/1.1\r\nHost: ${target.address.authority}\r\nAccept: */*\r\n\r\n`,
  );
  const answered = Promise.withResolvers<number>();
  const exchange = target.send(
    {
      interim() {},
      response: (head) => answered.resolve(head.status),
      body() {},
      bodyEnd() {},
      drain() {},
      failed: ({ text }) => answered.reject(new TenkError("request-failed", text)),
    },
    { ...WITHOUT_CONTENT, bytes, to: bytes.length },
  );
  const late = setTimeout(() => {
    answered.reject(new TenkError("request-failed", `${path} did not answer within ${timeoutMs} ms`));
  }, timeoutMs);
  const stop = () => answered.reject(signal.reason);
  signal.addEventListener("abort", stop, { once: true });
  try {
    judge(await answered.promise, path, status);
  } finally {
    clearTimeout(late);
    signal.removeEventListener("abort", stop);
    exchange.abort();
  }
}

/** @throws {TenkError} `request-failed` */
function judge(answered: number, path: string, status: readonly string[]): void {
  if (status.some((expected) => isStatus(answered, expected))) return;
  throw new TenkError("request-failed", `${path} answered ${answered}, expected ${status.join(" or ")}`);
}

/** @param expected a status or its class: `204`, `2xx` */
function isStatus(status: number, expected: string): boolean {
  return expected.endsWith("xx") ? Math.floor(status / 100) === Number(expected[0]) : status === Number(expected);
}
