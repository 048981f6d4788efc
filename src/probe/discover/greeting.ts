import { type HttpResponse, request } from "../../http/mod.ts";
import { connect } from "../../net/mod.ts";
import { type GreetingKind, HANDSHAKE_KINDS, HANDSHAKE_PORTS, recognizeGreeting } from "../../wire/mod.ts";
import { checkHandshake } from "../checks/mod.ts";
import { applicationAt, applicationOf } from "./applications.ts";

/** How long a server may take to speak first. */
const LISTEN_MS = 350;
const TIMEOUT_MS = 1500;
const MAX_BYTES = 4096;
/** Of a page: its title is near its beginning. */
const MAX_BODY_BYTES = 16_384;

const REDIS_PING = new TextEncoder().encode("*1\r\n$4\r\nPING\r\n");
const DNS_PORT = 53;
/** By TCP, id 0x746b: which servers has the root (NS, IN)? */
const DNS_QUESTION = Uint8Array.from([0, 17, 0x74, 0x6b, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 1]);
/** Schemes of targets that have another name than their protocol. */
const SCHEMES: Readonly<Partial<Record<GreetingKind, string>>> = { tls: "https" };
/** Names of services whose protocol says less. */
const NAMES: Readonly<Record<string, string>> = { amqp: "rabbitmq", smtp: "mail", smb: "samba", nut: "ups" };
/** Where hardly anything but HTTP listens, so that the questions before it, which web servers log as broken requests, are left out. */
const HTTP_PORTS = new Set([
  ...[
    80, 631, 1880, 2019, 2379, 3000, 3001, 5000, 5601, 8000, 8006, 8080, 8081, 8082, 8086, 8096, 8123, 8222, 8384, 8404,
  ],
  ...[8428, 8888, 9000, 9080, 9090, 9091, 9093, 9100, 9115, 9200, 15_672, 19_999],
]);
const HTTPS_PORTS = new Set([443, 8443, 9443]);

/** What speaks at a port. */
export interface Greeted {
  /** Scheme of a target. */
  readonly scheme: string;
  /** Name of the service, where what it says tells more than its protocol. */
  readonly name: string | undefined;
}

/**
 * Finds out what speaks at a port, one question a connection. At the usual port of a protocol that protocol is tried first, as a probe does it: a
 * question that a server does not understand is a line in its log. Elsewhere it listens, then asks as Redis does, then by HTTP and HTTPS. Redis comes before
 * HTTP, because it logs an attack when it gets a line `Host:`.
 *
 * @returns undefined where nothing was understood
 */
export async function greet(host: string, port: number): Promise<Greeted | undefined> {
  const authority = `${host.includes(":") ? `[${host}]` : host}:${port}`;
  const usual = HANDSHAKE_KINDS.find((kind) => HANDSHAKE_PORTS[kind] === port);
  if (usual !== undefined) {
    const outcome = await checkHandshake({ kind: usual, host, port, timeoutMs: TIMEOUT_MS, slowMs: TIMEOUT_MS });
    const isMariadb = usual === "mysql" && /mariadb/i.test(outcome.facts.version ?? "");
    if (outcome.result !== "down") return { scheme: usual, name: isMariadb ? "mariadb" : (NAMES[usual] ?? usual) };
  }
  if (port === DNS_PORT && isDnsAnswer(await heard(host, port, DNS_QUESTION))) return { scheme: "dns", name: "dns" };
  if (HTTP_PORTS.has(port) || HTTPS_PORTS.has(port)) {
    const found = await askHttp(HTTP_PORTS.has(port) ? ["http", "https"] : ["https", "http"], authority);
    if (found !== undefined) return found;
  }
  const first = await heard(host, port);
  // It speaks first: in a language of its own a question would only disturb it.
  if (first.length > 0) return spoken(first);
  const answered = spoken(await heard(host, port, REDIS_PING));
  // A web server's refusal of that question does not say what it serves.
  if (answered !== undefined && !/^https?$/.test(answered.scheme)) return answered;
  return (await askHttp(answered?.scheme === "https" ? ["https"] : ["http", "https"], authority)) ?? answered;
}

/** The id of the question, and the bit that marks an answer (RFC 1035 §4.1.1). */
function isDnsAnswer(bytes: Uint8Array): boolean {
  return bytes[2] === 0x74 && bytes[3] === 0x6b && bytes[4]! >= 0x80;
}

function spoken(bytes: Uint8Array): Greeted | undefined {
  const kind = recognizeGreeting(bytes);
  if (kind === undefined) return undefined;
  const isPlain = kind !== "http" && kind !== "tls";
  return { scheme: SCHEMES[kind] ?? kind, name: isPlain ? (NAMES[kind] ?? kind) : undefined };
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

async function askHttp(schemes: readonly string[], authority: string): Promise<Greeted | undefined> {
  for (const scheme of schemes) {
    const url = `${scheme}://${authority}`;
    const response = await answerOf(url);
    // A web server tells by this status that it wants TLS.
    if (response === undefined || (scheme === "http" && saysTls(response))) continue;
    return {
      scheme,
      name: applicationOf(response) ?? (await applicationAt(url, Number(/\d+$/.exec(url)), TIMEOUT_MS)),
    };
  }
  return undefined;
}

async function answerOf(url: string): Promise<HttpResponse | undefined> {
  // Whose certificate it is does not matter here.
  const tls = url.startsWith("https:") ? { tls: { verify: false } } : {};
  try {
    return await request(url, {
      ...tls,
      timeoutMs: TIMEOUT_MS,
      maxBodyBytes: MAX_BODY_BYTES,
      whenTooLong: "cut",
      fields: { "user-agent": "tenk-discover", accept: "text/html, */*" },
    });
  } catch {
    return undefined;
  }
}

function saysTls({ status, body }: HttpResponse): boolean {
  return status === 400 && /HTTPS|TLS/i.test(new TextDecoder().decode(body));
}
