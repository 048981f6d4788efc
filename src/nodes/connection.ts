/** The only file that names the client of NATS, which is loaded where it is used. */
import type { ConnectionOptions, MsgHdrs, NatsConnection } from "@nats-io/transport-node";
import type { NodeSettings } from "./settings.ts";

const CONNECT_TIMEOUT_MS = 5000;
/** A server that answers no ping for so long is gone, also where nothing closes the connection. */
const PING_MS = 5000;
const MAX_UNANSWERED_PINGS = 2;

const HEADER = "Tenk";

/** A message of a subject; `from` is the node that sent it and its number, undefined for one of another program. */
export interface Arrived {
  readonly subject: string;
  readonly data: Uint8Array;
  readonly from: { readonly node: string; readonly sequence: number } | undefined;
}

/** One connection to a server. It does not come back: who wants another opens it. */
export class NodeConnection {
  readonly #connection: NatsConnection;
  readonly #headers: MsgHdrs;

  private constructor(connection: NatsConnection, headers: MsgHdrs) {
    this.#connection = connection;
    this.#headers = headers;
  }

  /** @throws {Error} why there is none */
  static async open(settings: NodeSettings): Promise<NodeConnection> {
    const { connect, credsAuthenticator, headers } = await import("@nats-io/transport-node");
    const { servers, name, user, password, token, credentials, tls } = settings;
    const options: ConnectionOptions = {
      servers: [...servers],
      name: `tenk ${name}`,
      // What this node sends does not come back to it.
      noEcho: true,
      reconnect: false,
      ignoreClusterUpdates: true,
      timeout: CONNECT_TIMEOUT_MS,
      pingInterval: PING_MS,
      maxPingOut: MAX_UNANSWERED_PINGS,
      ...(user === undefined ? {} : { user }),
      ...(password === undefined ? {} : { pass: password }),
      ...(token === undefined ? {} : { token }),
      ...(credentials === undefined
        ? {}
        : { authenticator: credsAuthenticator(new TextEncoder().encode(credentials)) }),
      ...(tls === undefined ? {} : { tls }),
    };
    return new NodeConnection(await connect(options), headers());
  }

  get server(): string {
    return this.#connection.getServer();
  }

  /** The longest message that the server takes. */
  get maxPayload(): number {
    return this.#connection.info?.max_payload ?? 0;
  }

  /** Resolves when it has ended, with why. */
  async ended(): Promise<Error | undefined> {
    const error = await this.#connection.closed();
    return error instanceof Error ? error : undefined;
  }

  subscribe(subject: string, receive: (arrived: Arrived) => void): () => void {
    const subscription = this.#connection.subscribe(subject, {
      callback: (error, message) => {
        if (error !== null) return;
        receive({ subject: message.subject, data: message.data, from: fromOf(message.headers?.get(HEADER)) });
      },
    });
    return () => subscription.unsubscribe();
  }

  /** @throws {Error} when it has ended, or the message is too long */
  publish(subject: string, message: Uint8Array, node: string, sequence: number): void {
    // Encoded before this returns.
    this.#headers.set(HEADER, `${node} ${sequence}`);
    this.#connection.publish(subject, message, { headers: this.#headers });
  }

  tell(subject: string, text: string): void {
    this.#connection.publish(subject, text);
  }

  /** Resolves when the server has taken everything that was sent before. @throws {Error} when it has ended */
  flush(): Promise<void> {
    return this.#connection.flush();
  }

  /** Ends it, when what was sent has left. */
  async close(): Promise<void> {
    await this.#connection.close();
  }
}

function fromOf(header: string | undefined): Arrived["from"] {
  const found = /^([0-9a-f]{16}) (\d{1,15})$/.exec(header ?? "");
  return found === null ? undefined : { node: found[1]!, sequence: Number(found[2]) };
}
