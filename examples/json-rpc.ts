import { type Connection, type Handler, lengthPrefixed } from "tenk";

/** JSON-RPC 2.0 (jsonrpc.org/specification), each message prefixed with its length in four bytes. */
const framing = lengthPrefixed({ maxBytes: 64 * 1024 });

const methods: Record<string, (parameters: never) => unknown> = {
  add: ([a, b]: [number, number]) => a + b,
  echo: (parameters: unknown) => parameters,
};

const rpc: Handler = {
  framing,
  async frame(connection, bytes) {
    const request = parse(bytes);
    if (request === undefined) return reply(connection, { id: null, error: { code: -32700, message: "Parse error" } });
    const { id, method, params } = request;
    if (typeof method !== "string") {
      return reply(connection, { id: id ?? null, error: { code: -32600, message: "Invalid Request" } });
    }
    const answer = (it: object) => id !== undefined && reply(connection, { id, ...it }); // a request without an id gets no response
    if (!Object.hasOwn(methods, method)) return answer({ error: { code: -32601, message: "Method not found" } });
    try {
      return answer({ result: (await methods[method]?.(params as never)) ?? null });
    } catch (error) {
      return answer({ error: { code: -32603, message: String(error) } });
    }
  },
};

function parse(bytes: Uint8Array): { id?: unknown; method?: unknown; params?: unknown } | undefined {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(bytes));
    return typeof value === "object" && value !== null ? value : {};
  } catch {
    return undefined;
  }
}

function reply(connection: Connection, answer: object): void {
  const text = JSON.stringify({ jsonrpc: "2.0", ...answer });
  connection.write(framing.encode(new TextEncoder().encode(text)));
}

export default rpc;
