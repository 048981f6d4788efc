import { request } from "../../http/mod.ts";
import { connect } from "../../net/mod.ts";
import { type GreetingKind, recognizeGreeting } from "../../wire/mod.ts";

/** How long a server may take to speak first. */
const LISTEN_MS = 350;
const TIMEOUT_MS = 1500;
const MAX_BYTES = 4096;

const REDIS_PING = new TextEncoder().encode("*1\r\n$4\r\nPING\r\n");
/** Schemes of targets that have another name than their protocol. */
const SCHEMES: Readonly<Partial<Record<GreetingKind, string>>> = { tls: "https" };

/**
 * Finds out what speaks at a port: listens, then asks as Redis does, then by HTTP and HTTPS, one question a connection. Redis comes before HTTP, because
 * it logs an attack when it gets a line `Host:`.
 *
 * @returns the scheme of a target; undefined where nothing was understood
 */
export async function greet(host: string, port: number): Promise<string | undefined> {
  const first = await heard(host, port);
  // It speaks first: in a language of its own a question would only disturb it.
  if (first.length > 0) return schemeOf(first);
  const answered = schemeOf(await heard(host, port, REDIS_PING));
  if (answered !== undefined) return answered;
  const authority = `${host.includes(":") ? `[${host}]` : host}:${port}`;
  for (const scheme of ["http", "https"]) if (await speaksHttp(`${scheme}://${authority}`)) return scheme;
  return undefined;
}

function schemeOf(bytes: Uint8Array): string | undefined {
  const kind = recognizeGreeting(bytes);
  return kind && (SCHEMES[kind] ?? kind);
}

/** Returns what a server says first, or to a question, within a moment; empty for nothing. */
async function heard(host: string, port: number, question?: Uint8Array): Promise<Uint8Array> {
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
    return new Uint8Array(0);
  }
  return Buffer.concat(parts).subarray(0, MAX_BYTES);
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
