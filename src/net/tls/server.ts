import tls from "node:tls";
import { messageOf, TenkError } from "../../base/mod.ts";
import { SERVER_TLS_DEFAULTS } from "../defaults.ts";
import { durationSetting } from "../settings.ts";
import { type RawSocket, SOCKET_EVENTS } from "../socket-events.ts";

import type { UpgradeRequest } from "./handshake.ts";
import { peerCertificate } from "./info.ts";
import type { Certificate, ServerTlsOptions } from "./options.ts";
import { readPem, readPemOf, sourceOf } from "./pem.ts";
import { alpnWire, commonAlpn, VERSION_NUMBERS } from "./words.ts";

interface Loaded {
  readonly tls: object;
  /** The runtime's contexts by lower-case name; wildcards under `*.home.arpa`. */
  readonly names: ReadonlyMap<string, object>;
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
    const loaded = load(options);
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

function checkMismatch(alpnMismatch: unknown): void {
  if (alpnMismatch === "alert" || alpnMismatch === "continue") return;
  const given = JSON.stringify(alpnMismatch);
  throw new TenkError("invalid-option", `Cannot use alpnMismatch of ${given}: expected "alert" or "continue"`);
}

function load(options: ServerTlsOptions): Loaded {
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
  const names = new Map<string, object>();
  for (const [name, certificate] of Object.entries(options.names ?? {})) {
    names.set(name.toLowerCase(), secureContext(`names["${name}"].`, certificate, shared).context);
  }
  return {
    tls: { ...shared, ...readPair("", options, shared) },
    names,
    alpn,
    alpnMismatch,
    clientCertificates,
    handshakeMs: durationSetting("handshakeMs", handshakeMs),
    maxHandshakes,
  };
}

function readPair(where: string, certificate: Certificate, shared: object): object {
  // Here and not in the first handshake: a key that does not fit is refused while the old one is still in force.
  secureContext(where, certificate, shared);
  return pemsOf(where, certificate);
}

function pemsOf(where: string, { cert, key, passphrase }: Certificate): object {
  const pems = {
    cert: readPemOf("certificate", `${where}cert`, cert),
    key: readPemOf("private key", `${where}key`, key),
  };
  return passphrase === undefined ? pems : { ...pems, passphrase };
}

/** The part of node's that the runtime itself works with. */
function secureContext(where: string, certificate: Certificate, shared: object): { context: object } {
  const pems = pemsOf(where, certificate);
  try {
    const { minVersion: _, ...rest } = shared as { minVersion: number };
    return tls.createSecureContext({ ...rest, ...pems }) as unknown as { context: object };
  } catch (error) {
    const sources = `${where}cert${sourceOf(certificate.cert)}, ${where}key${sourceOf(certificate.key)}`;
    const files = sources.includes(" of ") ? ` (${sources})` : "";
    throw new TenkError(
      "invalid-option",
      `Cannot use ${where}cert, ${where}key and the other options${files}: ${inWords(messageOf(error))}`,
      {
        hint: "the certificate's chain has its own first, then its issuers'; the key must be its own",
      },
    );
  }
}

function inWords(message: string): string {
  return message.includes("KEY_VALUES_MISMATCH") ? `the key is not that of the certificate, ${message}` : message;
}

function find(names: ReadonlyMap<string, object>, asked: string): object | undefined {
  const name = asked.toLowerCase();
  const exact = names.get(name);
  if (exact !== undefined || names.size === 0) return exact;
  const dot = name.indexOf(".");
  return dot < 0 ? undefined : names.get(`*${name.slice(dot)}`);
}
