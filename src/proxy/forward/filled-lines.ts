import type { HeaderField } from "../../part/mod.ts";
import { Template, type TemplateRequest } from "../answers/mod.ts";

/** Of one field line with its values filled in. */
const MAX_LINE_BYTES = 8192;
const CR = 0x0d;
const LF = 0x0a;

const scratch = new Uint8Array(MAX_LINE_BYTES);

/** Fields that requests get, whose values have placeholders such as `{http.request.remote.host}`. */
export class FilledLines {
  readonly #templates: readonly Template[];

  constructor(fields: readonly HeaderField[]) {
    this.#templates = fields.map(([name, value]) => new Template(`${name}: ${value}\r\n`));
  }

  /** Returns whether a value has a placeholder. */
  static isFor([, value]: HeaderField): boolean {
    return new Template(value).placeholders.length > 0;
  }

  /** Adds the lines for one request. One that is too long, or would be two lines, is left out. */
  addTo(lines: Uint8Array[], request: TemplateRequest): void {
    for (const template of this.#templates) {
      const end = template.write(scratch, 0, request);
      if (isOneLine(scratch, end)) lines.push(scratch.slice(0, end));
    }
  }
}

/** A value may come from the client, such as the name in its TLS handshake. */
function isOneLine(bytes: Uint8Array, end: number): boolean {
  if (end < 2 || bytes[end - 2] !== CR || bytes[end - 1] !== LF) return false;
  for (let at = 0; at < end - 2; at++) {
    const byte = bytes[at] as number;
    if ((byte < 0x20 && byte !== 0x09) || byte === 0x7f) return false;
  }
  return true;
}
