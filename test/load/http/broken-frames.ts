import type { Socket } from "node:net";
import type { HttpOptions } from "../../../src/load/mod.ts";
import { drips, INTERIMS, SLOW } from "./broken-answers.ts";
import { frame, numbers } from "./frame-server.ts";

type Answer = (socket: Socket, streamId: number) => void;

/** `:status: 200`, from HPACK's static table. */
const OK = 0x88;
const says =
  (...frames: readonly ((id: number) => Uint8Array)[]): Answer =>
  (socket, id) =>
    void socket.write(Buffer.concat(frames.map((make) => make(id))));
const head =
  (block: readonly number[] = [OK], flags = 4) =>
  (id: number) =>
    frame(1, flags, id, new Uint8Array(block));
const data =
  (content: string | Uint8Array, flags = 0) =>
  (id: number) =>
    frame(0, flags, id, content);
const rst = (code: number) => (id: number) => frame(3, 0, id, numbers(code));
const goAway = (code: number, lastId?: number) => (id: number) => frame(7, 0, 0, numbers(lastId ?? id, code));
const settings =
  (...bytes: number[]) =>
  () =>
    frame(4, 0, 0, new Uint8Array(bytes));
/** A frame of `length` zeros. */
const zeros =
  (type: number, length: number, streamId?: number, flags = 0) =>
  (id: number) =>
    frame(type, flags, streamId ?? id, new Uint8Array(length));
const times = (count: number, make: (id: number) => Uint8Array) => (id: number) =>
  Buffer.concat(new Array<Uint8Array>(count).fill(make(id)));
/** The stream that a client opens next. */
const onNext = (make: (id: number) => Uint8Array) => (id: number) => make(id + 2);
const onEven = (make: (id: number) => Uint8Array) => (id: number) => make(id + 1);
const onNone = (make: (id: number) => Uint8Array) => () => make(0);
const field = (name: string, value: string) => [
  0,
  name.length,
  ...Buffer.from(name),
  value.length,
  ...Buffer.from(value),
];
const interim = head(field(":status", "103"));

type Row = readonly [
  what: string,
  /** Of the request: the phase and the cause. */
  error: string,
  /** Of its connection; undefined where it goes on. */
  lost: string | undefined,
  answer: Answer,
  options?: Partial<HttpOptions>,
];

/** A row whose connection is lost for what fails its request. */
const ends = (what: string, rule: string, ...frames: readonly ((id: number) => Uint8Array)[]): Row => [
  what,
  `first byte ${rule}`,
  rule,
  says(...frames),
];
const endsBody = (what: string, rule: string, ...frames: readonly ((id: number) => Uint8Array)[]): Row => [
  what,
  `body ${rule}`,
  rule,
  says(head(), ...frames),
];
/** A row whose request alone fails. */
const fails = (what: string, error: string, ...frames: readonly ((id: number) => Uint8Array)[]): Row => [
  what,
  error,
  undefined,
  says(...frames),
];

export const CODES = [
  "NO_ERROR",
  "PROTOCOL_ERROR",
  "INTERNAL_ERROR",
  "FLOW_CONTROL_ERROR",
  "SETTINGS_TIMEOUT",
  "STREAM_CLOSED",
  "FRAME_SIZE_ERROR",
  "REFUSED_STREAM",
  "CANCEL",
  "COMPRESSION_ERROR",
  "CONNECT_ERROR",
  "ENHANCE_YOUR_CALM",
  "INADEQUATE_SECURITY",
  "HTTP_1_1_REQUIRED",
].map((name, code) => [name, code] as const);

/** What an HTTP/2 server does with a request, and what is counted. */
export const BROKEN_FRAMES: readonly Row[] = [
  ["says nothing and closes", "first byte closed", "closed", (socket) => void socket.end()],
  ["resets", "first byte reset", "reset", (socket) => void socket.resetAndDestroy()],
  ["closes within its head", "first byte closed", "closed", (socket, id) => void socket.end(head([OK], 0)(id))],
  ["closes behind 103", "head closed", "closed", (socket, id) => void socket.end(interim(id))],
  ["closes within its body", "body closed", "closed", (socket, id) => void socket.end(head()(id))],
  // ---- streams
  // REFUSED_STREAM: the request is sent again.
  ...CODES.filter(([, code]) => code !== 7).map(([name, code]) =>
    fails(`resets streams: ${name}`, `first byte reset the stream: ${name}`, rst(code)),
  ),
  fails("resets streams by a code of its own", "first byte reset the stream: 0xdeadbeef", rst(0xdeadbeef)),
  fails("resets within the body", "body reset the stream: NO_ERROR", head(), data("x"), rst(0)),
  // ---- GOAWAY
  [
    "leaves within a body, with growing numbers",
    "body timeout",
    "GOAWAY CANCEL",
    says(head(), goAway(8, 0x7fff), goAway(0, 0x7fffffff)),
    SLOW,
  ],
  ends("leaves, and then breaks a rule", "DATA on a stream that was not opened", goAway(0), onNone(data("x"))),
  ends("leaves on a stream", "GOAWAY on a stream", zeros(7, 8)),
  ends("leaves by 4 bytes", "GOAWAY of a wrong length", zeros(7, 4, 0)),
  // ---- DATA
  ends("sends DATA on no stream", "DATA on a stream that was not opened", onNone(data("x"))),
  ends("sends DATA on a stream of the future", "DATA on a stream that was not opened", onNext(data("x"))),
  ends("sends DATA on a stream of its own", "DATA on a stream that was not opened", onEven(data("x"))),
  fails("sends DATA before HEADERS", "first byte content before its head", data("x", 1)),
  endsBody("sends padded DATA without its length", "DATA of a wrong length", zeros(0, 0, undefined, 8)),
  endsBody("sends more padding than DATA", "more padding than payload", (id) =>
    frame(0, 8, id, new Uint8Array([9, 0])),
  ),
  endsBody("sends empty DATA without end", "too many empty DATA", times(3000, data(""))),
  endsBody("sends padding without end", "too many DATA of padding", times(3000, zeros(0, 1, undefined, 8))),
  ends("sends a frame that is too long", "a frame of 20000 bytes", zeros(0, 20_000)),
  // ---- HEADERS
  ends("sends HEADERS on no stream", "HEADERS on a stream that is not a client's", onNone(head())),
  ends("sends HEADERS on a stream of its own", "HEADERS on a stream that is not a client's", onEven(head())),
  ends("sends HEADERS on a stream of the future", "HEADERS on a stream that was not opened", onNext(head())),
  ends("sends more padding than HEADERS", "more padding than payload", head([9, OK], 0xc)),
  ends("sends padded HEADERS without their length", "HEADERS of a wrong length", zeros(1, 0, undefined, 0xc)),
  ends("sends half a priority", "HEADERS of a wrong length", zeros(1, 4, undefined, 0x24)),
  ends("depends on itself", "a stream that depends on itself", (id) =>
    frame(1, 0x24, id, Buffer.concat([numbers(id), Buffer.from([0, OK])])),
  ),
  fails("sends two heads", "body trailers that are malformed", head(), head()),
  fails("sends a status in trailers", "body trailers that are malformed", head(), head([OK], 5)),
  fails("sends trailers that end nothing", "body trailers that are malformed", head(), head(field("a", "b"))),
  fails(
    "sends less than its length, and trailers",
    "body content of a wrong length",
    head([OK, ...field("content-length", "5")]),
    data("ok"),
    head(field("a", "b"), 5),
  ),
  fails("sends 1xx without end", "head too many interim answers", times(100, interim)),
  fails("ends a stream by 1xx", "first byte an interim answer that ends its stream", head(field(":status", "103"), 5)),
  fails("switches protocols", "first byte a head that is malformed", head(field(":status", "101"))),
  fails("sends no status", "first byte a head that is malformed", head(field("a", "b"), 5)),
  fails("sends two statuses", "first byte a head that is malformed", head([OK, OK], 5)),
  fails("sends the status last", "first byte a head that is malformed", head([...field("a", "b"), OK], 5)),
  fails("sends a status that is none", "first byte a head that is malformed", head(field(":status", "2xx"), 5)),
  fails("sends capital letters", "first byte a head that is malformed", head([OK, ...field("A", "b")], 5)),
  fails(
    "sends a field of connections",
    "first byte a head that is malformed",
    head([OK, ...field("connection", "close")], 5),
  ),
  fails(
    "sends two lengths",
    "first byte a bad head: content-length-repeated",
    head([OK, ...field("content-length", "1"), ...field("content-length", "2")]),
  ),
  fails(
    "sends a negative length",
    "first byte a bad head: bad-content-length",
    head([OK, ...field("content-length", "-1")]),
  ),
  fails(
    "sends less than its length",
    "body content of a wrong length",
    head([OK, ...field("content-length", "5")]),
    data("ok", 1),
  ),
  fails(
    "sends more than its length",
    "body content of a wrong length",
    head([OK, ...field("content-length", "1")]),
    data("ok", 1),
  ),
  fails(
    "sends a length and nothing",
    "first byte content of a wrong length",
    head([OK, ...field("content-length", "5")], 5),
  ),
  fails("sends a body with 204", "body content of a wrong length", head([0x89]), data("ok", 1)),
  fails("sends a body with 304", "body content of a wrong length", head([0x8b]), data("ok", 1)),
  [
    "sends a body for HEAD",
    "body content of a wrong length",
    undefined,
    says(head(), data("ok", 1)),
    { method: "HEAD" },
  ],
  // ---- HPACK
  ends("sends a number without end", "a field block that cannot be decoded", head(new Array(6).fill(0xff))),
  ends("refers to a field that is not there", "a field block that cannot be decoded", head([0xff, 0])),
  ends("sends bad Huffman code", "a field block that cannot be decoded", head([OK, 0, 0x81, 0xff, 0x81, 0xff])),
  ends("makes the table larger than it may", "a field block that cannot be decoded", head([0x3f, 0xe1, 0xff, 3, OK])),
  fails(
    "sends a bomb: a long field and 2000 references to it",
    "first byte a bad head: head-too-long",
    head([OK, 0x40, 1, 0x61, 0x7f, 0xa1, 0x1d, ...new Array(3872).fill(0x62), ...new Array(2000).fill(0xbe)], 5),
  ),
  fails("sends too many fields", "first byte a bad head: head-too-long", head([OK, ...new Array(300).fill(0x90)], 5)),
  // ---- CONTINUATION
  ends("goes on with no head", "CONTINUATION without HEADERS", zeros(9, 0, undefined, 4)),
  ends(
    "goes on with another stream's head",
    "a frame between HEADERS and CONTINUATION",
    head([], 0),
    onNext(zeros(9, 0)),
  ),
  ends("sends PING within a head", "a frame between HEADERS and CONTINUATION", head([], 0), zeros(6, 8, 0)),
  ends("sends CONTINUATION without end", "too many CONTINUATION frames", head([], 0), times(100, zeros(9, 1))),
  ends("sends a head of 144 KB", "a head of 144000 bytes", head([], 0), times(12, zeros(9, 16_000))),
  // ---- PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, WINDOW_UPDATE
  ends("sends PRIORITY on no stream", "PRIORITY on no stream", zeros(2, 5, 0)),
  fails("sends PRIORITY of 4 bytes", "first byte a frame that is not valid", zeros(2, 4)),
  ends("sends RST_STREAM on no stream", "RST_STREAM on a stream that was not opened", zeros(3, 4, 0)),
  ends("sends RST_STREAM on a stream of the future", "RST_STREAM on a stream that was not opened", onNext(rst(0))),
  ends("sends RST_STREAM of 3 bytes", "RST_STREAM of a wrong length", zeros(3, 3)),
  ends("sends SETTINGS on a stream", "SETTINGS on a stream", zeros(4, 0)),
  ends("sends SETTINGS of 5 bytes", "SETTINGS with an invalid value", zeros(4, 5, 0)),
  ends("acknowledges by 6 bytes", "SETTINGS of a wrong length", zeros(4, 6, 0, 1)),
  ends("sets a window above 2^31", "SETTINGS with an invalid value", settings(0, 4, 0xff, 0xff, 0xff, 0xff)),
  ends("sets frames of 1 byte", "SETTINGS with an invalid value", settings(0, 5, 0, 0, 0, 1)),
  ends(
    "makes a stream's window overflow by SETTINGS",
    "a stream's window overflows",
    (id) => frame(8, 0, id, numbers(0x7fffffff - 65_535)),
    settings(0, 4, 0, 1, 0, 0),
  ),
  ends("sends SETTINGS without end", "too many SETTINGS", times(1000, zeros(4, 0, 0))),
  ends("pushes", "PUSH_PROMISE", (id) => frame(5, 4, id, numbers(2))),
  ends("sends PING on a stream", "PING on a stream", zeros(6, 8)),
  ends("sends PING of 7 bytes", "PING of a wrong length", zeros(6, 7, 0)),
  ends("sends PING without end", "too many PING", times(1000, zeros(6, 8, 0))),
  ends("sends WINDOW_UPDATE of 3 bytes", "WINDOW_UPDATE of a wrong length", zeros(8, 3, 0)),
  ends("opens the connection's window by nothing", "WINDOW_UPDATE of nothing", zeros(8, 4, 0)),
  fails("opens a stream's window by nothing", "first byte a frame that is not valid", zeros(8, 4)),
  ends(
    "opens a stream of the future",
    "WINDOW_UPDATE on a stream that was not opened",
    onNext((id) => frame(8, 0, id, numbers(1))),
  ),
  ends("makes the connection's window overflow", "the connection's window overflows", () =>
    frame(8, 0, 0, numbers(0x7fffffff)),
  ),
  fails("makes a stream's window overflow", "first byte a window that is not valid", (id) =>
    frame(8, 0, id, numbers(0x7fffffff)),
  ),
  // ---- other protocols
  [
    "speaks HTTP/1.1",
    "first byte HTTP/1.1 instead of frames",
    "HTTP/1.1 instead of frames",
    (socket) => void socket.write("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"),
  ],
  [
    "speaks SSH",
    "first byte a frame of 5460808 bytes",
    "a frame of 5460808 bytes",
    (socket) => void socket.write("SSH-2.0-OpenSSH_9.6\r\n"),
  ],
  // ---- time
  ["never answers", "first byte timeout", undefined, () => {}, SLOW],
  ["sends a head and nothing", "body timeout", undefined, says(head()), SLOW],
  ["drips 103", "head timeout", undefined, (socket, id) => drips("", interim(id), INTERIMS)(socket), SLOW],
  [
    "drips its body",
    "body timeout",
    undefined,
    (socket, id) => {
      socket.write(head()(id));
      drips("", data("x")(id))(socket);
    },
    SLOW,
  ],
  ["drips PING", "first byte timeout", undefined, (socket) => drips("", zeros(6, 8, 0)(0))(socket), SLOW],
  ["takes nothing of the body", "first byte timeout", undefined, () => {}, { ...SLOW, body: new Uint8Array(200_000) }],
];
