import { TenkError } from "../../base/mod.ts";
import type { ClientHello } from "../../wire/mod.ts";
import { SERVER_TLS_DEFAULTS } from "../defaults.ts";
import { durationSetting } from "../settings.ts";
import { type RawSocket, SOCKET_EVENTS } from "../socket-events.ts";
import { Contexts } from "./contexts.ts";
import type { UpgradeRequest } from "./handshake.ts";
import { peerCertificate } from "./info.ts";
import type { ServerTlsOptions } from "./options.ts";
import { readPem } from "./pem.ts";
import { alpnWire, commonAlpn, VERSION_NUMBERS } from "./words.ts";

interface Loaded {
  readonly tls: object;
  /** The runtime's contexts by lower-case name; wildcards under `*.home.arpa`. */
  readonly names: ReadonlyMap<string, object>;
  /** What a validation is answered with, by lower-case name. */
  readonly challenges: ReadonlyMap<string, object>;
  readonly contexts: ReadonlyMap<string, object>;
  readonly alpn: readonly string[];
  readonly alpnMismatch: NonNullable<ServerTlsOptions["alpnMismatch"]>;
  readonly clientCertificates: NonNullable<ServerTlsOptions["clientCertificates"]>;
  readonly handshakeMs: number;
  readonly maxHandshakes: number;
}

/**
 * One side's certificates, read and checked. `prepare` reads new ones: handshakes that begin afterwards get them, those under
 * way and open connections keep what they have. Wrong ones are refused, and the old stay in force.
 *
 * All of it goes through the runtime's `upgradeTLS` on a plain socket. A listener of its own with TLS would cost the same
 * (225 µs a handshake), but keeps its first certificate for clients that send no name, and cannot be given a socket whose
 * PROXY header was read.
 */
export class ServerTls {
  #loaded: Loaded;
  readonly #events: object;
  /** The runtime's own choice ends a handshake without a protocol in common; where we choose instead, none is possible. */
  readonly #lenientEvents: object;

  /** @throws {TenkError} `invalid-option`, `file-unreadable` */
  constructor(options: ServerTlsOptions) {
    this.#loaded = load(options);
    // The runtime asks these in the handshake; their names are undocumented: `test/net/runtime-traps-tls.test.ts` watches the
    // first, `test/net/server-tls-alpn.test.ts` the other.
    this.#events = { ...SOCKET_EVENTS, serverName: (_: unknown, name: string) => find(this.#loaded.names, name) };
    const alpnCallback = (_: unknown, __: unknown, offered: Uint8Array) =>
      commonAlpn(this.#loaded.alpn, offered) ?? false;
    this.#lenientEvents = { ...this.#events, alpnCallback };
  }

  /** Reads and checks others. @returns what puts them in force @throws {TenkError} `invalid-option`, `file-unreadable` */
  prepare(options: ServerTlsOptions): () => void {
    const loaded = load(options, this.#loaded.contexts);
    return () => {
      this.#loaded = loaded;
    };
  }

  get handshakeMs(): number {
    return this.#loaded.handshakeMs;
  }

  get maxHandshakes(): number {
    return this.#loaded.maxHandshakes;
  }

  request(): UpgradeRequest {
    const { tls, alpn, alpnMismatch } = this.#loaded;
    const isLenient = alpn.length > 0 && alpnMismatch === "continue";
    return { isServer: true, tls, socket: isLenient ? this.#lenientEvents : this.#events };
  }

  /** Whether a handshake must be chosen by its ClientHello, because a certificate for a validation is in force. */
  get hasChallenges(): boolean {
    return this.#loaded.challenges.size > 0;
  }

  /**
   * Returns the handshake of a validation by an ACME server: one that offers `acme-tls/1` and nothing else, for a name that has
   * a challenge (RFC 8737 §3). Undefined for every other, which must never get that certificate.
   */
  challengeRequest({ serverName, alpn }: ClientHello): UpgradeRequest | undefined {
    if (alpn.length !== 1 || alpn[0] !== ACME_PROTOCOL) return undefined;
    const tls = this.#loaded.challenges.get(serverName ?? "");
    return tls === undefined ? undefined : { isServer: true, tls, socket: SOCKET_EVENTS };
  }

  /** What is wrong with the client, or undefined. */
  verify = (socket: RawSocket, completed: boolean, error: Error | null): Error | undefined => {
    if (!completed) return this.#inOurWords(error);
    const { clientCertificates } = this.#loaded;
    if (clientCertificates === "none") return undefined;
    // Without a certificate the runtime still reports an error of verification: only a certificate can be wrong.
    if (peerCertificate(socket) !== undefined) return error ?? undefined;
    return clientCertificates === "require" ? new Error("no client certificate") : undefined;
  };

  #inOurWords(error: Error | null): Error {
    if (!error?.message.includes("NO_APPLICATION_PROTOCOL")) return error ?? new Error("handshake failed");
    const ours = this.#loaded.alpn.join(", ");
    return new Error(`the client offers none of our application protocols (${ours})`, { cause: error });
  }
}

/** The application protocol of a validation (RFC 8737 §6.2). */
const ACME_PROTOCOL = "acme-tls/1";

function checkMismatch(alpnMismatch: unknown): void {
  if (alpnMismatch === "alert" || alpnMismatch === "continue") return;
  const given = JSON.stringify(alpnMismatch);
  throw new TenkError("invalid-option", `Cannot use alpnMismatch of ${given}: expected "alert" or "continue"`);
}

function load(options: ServerTlsOptions, former: ReadonlyMap<string, object> = new Map()): Loaded {
  const {
    clientCertificates = SERVER_TLS_DEFAULTS.clientCertificates,
    minVersion = SERVER_TLS_DEFAULTS.minVersion,
    handshakeMs = SERVER_TLS_DEFAULTS.handshakeMs,
    maxHandshakes = SERVER_TLS_DEFAULTS.maxHandshakes,
    clientCa,
    alpn = [],
    alpnMismatch = "alert",
  } = options;
  checkMismatch(alpnMismatch);
  if (clientCertificates !== "none" && clientCa === undefined) {
    throw new TenkError("invalid-option", `Cannot use clientCertificates "${clientCertificates}" without clientCa`, {
      hint: "clientCa is the file or PEM text of who signs them",
    });
  }
  const minimum = VERSION_NUMBERS[minVersion];
  if (minimum === undefined) {
    throw new TenkError("invalid-option", `Cannot use minVersion "${minVersion}": expected TLSv1.2 or TLSv1.3`);
  }
  if (!Number.isSafeInteger(maxHandshakes) || maxHandshakes < 0) {
    throw new TenkError("invalid-option", `Cannot use maxHandshakes of ${maxHandshakes}: expected a whole number >= 0`);
  }
  const wire = alpnWire(alpn);
  const shared = {
    minVersion: minimum,
    ...(wire.length === 0 || alpnMismatch === "continue" ? {} : { ALPNProtocols: wire }),
    ...(options.ciphers === undefined ? {} : { ciphers: options.ciphers }),
    ...(options.groups === undefined ? {} : { ecdhCurve: options.groups.join(":") }),
    ...(options.clientRevocations === undefined
      ? {}
      : { crl: readPem("clientRevocations", options.clientRevocations) }),
    ...(clientCertificates === "none"
      ? {}
      : { requestCert: true, rejectUnauthorized: false, ca: readPem("clientCa", clientCa ?? "") }),
  };
  const contexts = new Contexts(shared, former);
  const names = new Map<string, object>();
  for (const [name, certificate] of Object.entries(options.names ?? {})) {
    names.set(name.toLowerCase(), contexts.of(`names["${name}"].`, certificate).context);
  }
  const challenges = new Map<string, object>();
  for (const [name, certificate] of Object.entries(options.challenges ?? {})) {
    const { pems } = contexts.of(`challenges["${name}"].`, certificate);
    challenges.set(name.toLowerCase(), { ...pems, minVersion: minimum, ALPNProtocols: alpnWire([ACME_PROTOCOL]) });
  }
  return {
    tls: { ...shared, ...contexts.of("", options).pems },
    names,
    challenges,
    contexts: contexts.made,
    alpn,
    alpnMismatch,
    clientCertificates,
    handshakeMs: durationSetting("handshakeMs", handshakeMs),
    maxHandshakes,
  };
}

function find(names: ReadonlyMap<string, object>, asked: string): object | undefined {
  const name = asked.toLowerCase();
  const exact = names.get(name);
  if (exact !== undefined || names.size === 0) return exact;
  const dot = name.indexOf(".");
  return dot < 0 ? undefined : names.get(`*${name.slice(dot)}`);
}
