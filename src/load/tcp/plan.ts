import { compileMessages, type MessagePart, messagePreview } from "../message/mod.ts";
import { checkNotNegative, type LoadOptions, type LoadPlan, planLoad, refuse } from "../plan/mod.ts";

/** How answers are told apart. */
export type ReplyRule =
  | { readonly kind: "chunk" } // every chunk is one (`--wait-reply` alone)
  | { readonly kind: "marker"; readonly text: Uint8Array; readonly skip?: number }
  | { readonly kind: "delimiter"; readonly text: Uint8Array }
  | { readonly kind: "length"; readonly bytes: number };

export interface TcpOptions extends LoadOptions {
  /** What is sent; none = connections only. */
  messages?: readonly MessagePart[];
  /** What the files of `\{<file>}` hold; `filesNamedIn` of the messages says which. */
  files?: ReadonlyMap<string, Uint8Array>;
  /** How answers are found; without it bytes that come back are only counted. */
  replies?: ReplyRule;
  /** Ends the run when these bytes come back. */
  messageStop?: Uint8Array;
  /** Of each connection; 0 = never read, undefined = no bound. */
  downstreamBytesPerSecond?: number;
  /** @default {1000} */
  connectTimeoutMs?: number;
  /** @default {false} */
  tls?: boolean | { serverName?: string; verify?: boolean; ca?: string };
  /** @default {true} */
  noDelay?: boolean;
  /** SO_RCVBUF; 0 = the system's choice. @default {0} */
  receiveBufferBytes?: number;
  /** SO_SNDBUF; 0 = the system's choice. @default {0} */
  sendBufferBytes?: number;
}

type Optional = "replies" | "messageStop" | "downstreamBytesPerSecond";
type Own = Omit<TcpOptions, keyof LoadOptions>;

/** A plan whose connections are TCP (or Unix) sockets. */
export type TcpPlan = LoadPlan & Readonly<Required<Omit<Own, Optional>>> & Readonly<Pick<Own, Optional>>;

/**
 * Checks that options fit together and fills in the defaults.
 *
 * @throws {TenkError} `usage` for what cannot work
 * @example
 * planTcp({ port: 9091 }).target; // "127.0.0.1:9091"
 */
export function planTcp(options: TcpOptions): TcpPlan {
  const own = {
    messages: [],
    files: new Map<string, Uint8Array>(),
    connectTimeoutMs: 1000,
    tls: false,
    noDelay: true,
    receiveBufferBytes: 0,
    sendBufferBytes: 0,
    ...options,
  };
  const sends = own.messages.some((part) => !part.first);
  // Read once here, so that a mistake in a message is reported before anything is opened.
  const source = compileMessages({ parts: own.messages, files: own.files, random: () => 0 });
  const plan = planLoad(options, {
    kind: "tcp",
    sends,
    preview: messagePreview(own.messages) ?? null,
    // A first message alone asks for nothing.
    answersTold: sends && (own.replies !== undefined || source.hasMarker),
    lengthBytes: own.messages.length === 0 ? undefined : source.constantLengthBytes,
  });
  checkNotNegative(own, NOT_NEGATIVE);
  if (sends && source.maxLengthBytes === 0) refuse("the message is empty", "give -m at least one byte");
  if (plan.pipeline > 0 && own.replies === undefined) {
    refuse("waiting for replies needs to know what one is", "give a reply length, a marker, or --wait-reply alone");
  }
  return { ...own, ...plan };
}

const NOT_NEGATIVE = [
  "connectTimeoutMs",
  "downstreamBytesPerSecond",
  "receiveBufferBytes",
  "sendBufferBytes",
] as const satisfies readonly (keyof TcpOptions)[];
