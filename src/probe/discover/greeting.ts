import { request } from "../../http/mod.ts";
import { connect } from "../../net/mod.ts";

/** How long a server may take to speak first. */
const LISTEN_MS = 350;
const TIMEOUT_MS = 1500;
const MAX_BYTES = 4096;

/** What servers say first, or answer to a PING of Redis: text → scheme of a target. */
const GREETINGS: readonly (readonly [RegExp, string])[] = [
  [/^SSH-\d/, "ssh"],
  [/^220[ -].*(ftp|vsFTPd|FileZilla)/i, "ftp"],
  [/^220[ -]/, "smtp"],
  [/^\* OK/, "imap"],
  [/^INFO \{/, "nats"],
  [/^.{4}\n\d+\.\d/s, "mysql"],
];
const REDIS_PING = "*1\r\n$4\r\nPING\r\n";
const REDIS_ANSWER = /^(\+PONG|-NOAUTH|-LOADING|-MASTERDOWN|-DENIED)/;

/**
 * Finds out what speaks at a port: listens, then asks as Redis does, then by HTTP and HTTPS, one question a connection. Redis comes before HTTP, because
 * it logs an attack when it gets a line `Host:`.
 *
 * @returns the scheme of a target; undefined where nothing was understood
 */
export async function greet(host: string, port: number): Promise<string | undefined> {
  const first = await heard(host, port, undefined);
  const spoken = GREETINGS.find(([pattern]) => pattern.test(first));
  if (spoken !== undefined) return spoken[1];
  // It speaks first, in a language of its own: a question would only disturb it.
  if (first !== "") return undefined;
  if (REDIS_ANSWER.test(await heard(host, port, REDIS_PING))) return "redis";
  for (const scheme of ["http", "https"])
    if (await speaksHttp(`${scheme}://${host.includes(":") ? `[${host}]` : host}:${port}`)) return scheme;
  return undefined;
}

/** Returns what a server says first, or to a question, within a moment; "" for nothing. */
async function heard(host: string, port: number, question: string | undefined): Promise<string> {
  const parts: Uint8Array[] = [];
  const settled = Promise.withResolvers<void>();
  try {
    const connection = await connect(
      { host, port, timeoutMs: TIMEOUT_MS },
      {
        chunk(_, bytes) {
          parts.push(new Uint8Array(bytes.subarray(0, MAX_BYTES)));
          settled.resolve();
        },
        end: () => settled.resolve(),
        close: () => settled.resolve(),
      },
    );
    if (question !== undefined) connection.write(question);
    const timer = setTimeout(() => settled.resolve(), LISTEN_MS);
    await settled.promise;
    clearTimeout(timer);
    connection.close();
  } catch {
    return "";
  }
  return Buffer.concat(parts).toString("latin1").slice(0, MAX_BYTES);
}

async function speaksHttp(url: string): Promise<boolean> {
  // Whose certificate it is does not matter here.
  const tls = url.startsWith("https:") ? { tls: { verify: false } } : {};
  try {
    await request(url, {
      ...tls,
      timeoutMs: TIMEOUT_MS,
      whenTooLong: "cut",
      fields: { "user-agent": "tenk-discover" },
    });
    return true;
  } catch {
    return false;
  }
}
