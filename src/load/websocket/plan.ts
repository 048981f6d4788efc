import { isUtf8 } from "node:buffer";
import { parseHttpAddress } from "../../http/mod.ts";
import { compileFramed, type Framed, type MessagePart, messagePreview } from "../message/mod.ts";
import { checkNotNegative, type LoadOptions, type LoadPlan, planLoad, refuse } from "../plan/mod.ts";
import { Masks } from "./masks.ts";
import { framesOf, messagesIn } from "./message-source.ts";
import { type UpgradeRequest, upgradeRequest } from "./upgrade-request.ts";

/** Which messages that come back are answers. */
export type AnswerRule =
  | { readonly kind: "order" } // every message answers the oldest
  | { readonly kind: "marker"; readonly text: Uint8Array; readonly skip?: number };

/** Options of any load that a WebSocket names itself, or does not have. */
type Other = "host" | "port" | "maxMessages" | "answerTimeoutMs" | "statsUrl";

export interface WebSocketOptions extends Omit<LoadOptions, Other> {
  /** `ws://host[:80][/path]` or `wss://…`. */
  url: string;
  /** Fields of the opening handshake. */
  headers?: readonly (readonly [name: string, value: string])[];
  /** Subprotocols to ask for, the preferred one first. */
  subprotocols?: readonly string[];
  /** What is sent; none = connections only. Each part is a message of its own. */
  messages?: readonly MessagePart[];
  /** What the files of `\{<file>}` hold. */
  files?: ReadonlyMap<string, Uint8Array>;
  /** Send messages as binary. @default {false} */
  binary?: boolean;
  /** Payload of a frame, at most: longer messages are fragmented. @default {Infinity} */
  fragmentBytes?: number;
  /** Without it, messages that come back are only counted. */
  answers?: AnswerRule;
  /** Ends the run when these bytes come back within a frame. */
  messageStop?: Uint8Array;
  /** Pings a second on each connection. @default {0} */
  pingsPerSecond?: number;
  /** Longest message that a server may send; a longer one ends its connection with 1009. @default {16 MiB} */
  maxMessageBytes?: number;
  /** Of a connect with TCP, TLS and the opening handshake. @default {5000} */
  connectTimeoutMs?: number;
  /** Verify the server's certificate and its name. @default {true} */
  verifyTls?: boolean;
  /** Certificates of authorities instead of the system's: PEM text or a file. */
  ca?: string;
  /** Of each connection; 0 = never read, undefined = no bound. */
  downstreamBytesPerSecond?: number;
  /** @default {true} */
  noDelay?: boolean;
  /** SO_RCVBUF; 0 = the system's choice. @default {0} */
  receiveBufferBytes?: number;
  /** SO_SNDBUF; 0 = the system's choice. @default {0} */
  sendBufferBytes?: number;
}

type Own = Omit<WebSocketOptions, keyof LoadOptions | "url" | "headers">;
type Optional = "answers" | "messageStop" | "ca" | "downstreamBytesPerSecond";

/** A plan whose connections are WebSockets. */
export type WebSocketPlan = LoadPlan &
  Readonly<Required<Omit<Own, Optional>>> &
  Readonly<Pick<Own, Optional>> & {
    /** Without its query. */
    readonly url: string;
    readonly isSecure: boolean;
    readonly request: UpgradeRequest;
    /** Messages that a server gets at a time, each of which an echo answers. */
    readonly messagesPerSend: number;
  };

/**
 * Checks that options fit together and fills in the defaults.
 *
 * @throws {TenkError} `usage`, `invalid-option` for a URL that cannot be asked
 * @example
 * planWebSocket({ url: "ws://127.0.0.1:8080/chat" }).target; // "127.0.0.1:8080"
 */
export function planWebSocket(options: WebSocketOptions): WebSocketPlan {
  const { url, headers = [], ...common } = options;
  const [origin, path] = split(url);
  const address = parseHttpAddress(origin.replace(/^ws/i, "http"));
  const own = {
    subprotocols: [],
    messages: [],
    files: new Map<string, Uint8Array>(),
    binary: false,
    fragmentBytes: Number.POSITIVE_INFINITY,
    pingsPerSecond: 0,
    maxMessageBytes: 16 * 1024 * 1024,
    connectTimeoutMs: 5000,
    verifyTls: true,
    noDelay: true,
    receiveBufferBytes: 0,
    sendBufferBytes: 0,
    ...common,
  };
  const request = upgradeRequest({ path, authority: address.authority, headers, subprotocols: own.subprotocols });
  const framed = compileFramed({ parts: own.messages, files: own.files, random: () => 0 });
  const source = framesOf(framed, own, new Masks());
  const sends = framed.items.length > 0;
  const answersTold = sends && (own.answers !== undefined || source.hasMarker);
  const plan = planLoad(
    { ...common, host: address.host, port: address.port, statsUrl: false },
    {
      kind: "ws",
      sends,
      preview: messagePreview(own.messages) ?? null,
      answersTold,
      lengthBytes: sends ? payloadBytesOf(framed) : undefined,
      delimitsMessages: true,
      usual: usualOf(answersTold),
    },
  );
  const messagesPerSend = messagesIn(framed.items);
  checkNotNegative(own, NOT_NEGATIVE);
  checkMessages(framed, own);
  if (sends && source.maxLengthBytes === 0) refuse("nothing is sent at a time", "give raw at least one byte");
  if (answersTold && messagesPerSend === 0) refuse("what is sent holds no message, which could be answered", "give -m");
  if (plan.pipeline > 0 && !answersTold)
    refuse("waiting for replies needs to know what one is", "give --wait-reply, --echo or --latency-marker");
  return { ...own, ...plan, url: withoutQuery(origin + path), isSecure: address.isSecure, request, messagesPerSend };
}

const NOT_NEGATIVE = [
  "connectTimeoutMs",
  "downstreamBytesPerSecond",
  "receiveBufferBytes",
  "sendBufferBytes",
  "pingsPerSecond",
] as const satisfies readonly (keyof WebSocketOptions)[];

function usualOf(answersTold: boolean): string[] {
  const ofAnswers = answersTold ? ["unanswered=0", "unexpected=0"] : [];
  return ["connections=all", "lost=0", "failed=0", "errors=0", "late+dropped<=0.1%", ...ofAnswers];
}

function checkMessages(
  { first, items }: Framed,
  {
    binary,
    fragmentBytes,
    maxMessageBytes,
  }: Required<Pick<WebSocketOptions, "binary" | "fragmentBytes" | "maxMessageBytes">>,
): void {
  if (!(fragmentBytes >= 1)) refuse(`fragments of ${fragmentBytes} bytes hold nothing`, "for example --fragment 1k");
  if (!(maxMessageBytes >= 125))
    refuse(`messages of ${maxMessageBytes} bytes are too short`, "--max-message 125 at least");
  if (binary) return;
  for (const item of [...first, ...items]) {
    if (item.kind === "message" && item.constant && !isUtf8(item.nextBytes(0, 0)))
      refuse("a text must be UTF-8, and the message is not", "--binary sends any bytes");
  }
}

/** Of all messages and frames that are sent at a time, without their headers, where that is known. */
function payloadBytesOf({ items }: Framed): number | undefined {
  let sum = 0;
  for (const item of items) {
    if (item.kind === "message" && item.leastBytes !== item.mostBytes) return undefined;
    sum += item.kind === "message" ? item.mostBytes : item.payload.length;
  }
  return sum;
}

/** Queries hold tokens: reports, which are kept, go without. */
function withoutQuery(text: string): string {
  return text.replace(/\?.*$/s, "?…");
}

/** `ws://a:80/b?c` → `ws://a:80` and `/b?c`, as they are written. Fragments mean nothing here (RFC 6455 §3). */
function split(url: string): [origin: string, path: string] {
  const [, origin, path = "/"] = /^(wss?:\/\/[^/?#]*)([/?][^#]*)?$/is.exec(url) ?? [];
  if (origin === undefined) refuse(`"${url}" is not the URL of a WebSocket`, "for example ws://127.0.0.1:8080/chat");
  return [origin, path.startsWith("?") ? `/${path}` : path];
}
