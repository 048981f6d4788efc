import type { RequestBlock } from "../../http/mod.ts";
import type { DnsPlan } from "./plan.ts";

/** Content of a message of DNS (RFC 8484 §6). */
const TYPE = "application/dns-message";

/** Writes queries as requests with POST (RFC 8484 §4.1). One block serves all of an event loop. */
export class DohRequest {
  readonly block: RequestBlock;
  readonly #plan: Pick<DnsPlan, "serverName" | "port" | "dohPath">;
  /** Heads by the length of the query: the only thing in which they differ. */
  readonly #heads: Uint8Array[] = [];

  constructor(plan: Pick<DnsPlan, "serverName" | "port" | "dohPath">) {
    this.#plan = plan;
    this.block = {
      bytes: new Uint8Array(1024),
      from: 0,
      to: 0,
      bodyBytes: 0,
      framing: "length",
      bodyLength: 0,
      isWhole: true,
      isHead: false,
      isUpgrade: false,
      carriesChunks: false,
      isFresh: false,
    };
  }

  /** Begins a request. @returns where in `block.bytes` the query of this length is to be written */
  begin(length: number): number {
    this.#heads[length] ??= this.#headFor(length);
    const head = this.#heads[length]!;
    const { block } = this;
    if (block.bytes.length < head.length + length) block.bytes = new Uint8Array(2 * (head.length + length));
    block.bytes.set(head);
    block.to = head.length + length;
    block.bodyBytes = block.bodyLength = length;
    return head.length;
  }

  #headFor(length: number): Uint8Array {
    const { serverName, port, dohPath } = this.#plan;
    const host = serverName.includes(":") ? `[${serverName}]` : serverName;
    const lines = [
      `POST ${dohPath} HTTP/1.1`,
      `Host: ${host}${port === 443 ? "" : `:${port}`}`,
      `Content-Type: ${TYPE}`,
      `Accept: ${TYPE}`,
      `Content-Length: ${length}`,
    ];
    return new Uint8Array(Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1"));
  }
}
