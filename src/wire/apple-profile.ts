import { createHash } from "node:crypto";
import { escapeMarkup } from "../base/mod.ts";

/** A value of a property list. */
export type PlistValue =
  | string
  | number
  | boolean
  | Uint8Array
  | readonly PlistValue[]
  | { readonly [key: string]: PlistValue };

/** A part of a profile: what its type needs beside the fields that all have. */
export interface ProfilePayload {
  readonly type: string;
  /** Behind the profile's own identifier. */
  readonly suffix: string;
  readonly name: string;
  /** What makes it another one: the same text gives the same UUID, so that a second installation replaces the first. */
  readonly identity: string;
  readonly content: Readonly<Record<string, PlistValue>>;
}

export interface Profile {
  readonly identifier: string;
  readonly name: string;
  readonly description: string;
  /** As that of a payload. */
  readonly identity: string;
  readonly payloads: readonly ProfilePayload[];
}

/**
 * Writes a configuration profile for iPhones, iPads and Macs (Apple, "Profile-Specific Payload Keys"). It is not signed: the system
 * says so.
 */
export function appleProfile({ identifier, name, description, identity, payloads }: Profile): string {
  const value = plist({
    PayloadType: "Configuration",
    PayloadVersion: 1,
    PayloadIdentifier: identifier,
    PayloadUUID: uuidOf(identity),
    PayloadDisplayName: name,
    PayloadDescription: description,
    PayloadRemovalDisallowed: false,
    PayloadContent: payloads.map((payload) => ({
      PayloadType: payload.type,
      PayloadVersion: 1,
      PayloadIdentifier: `${identifier}.${payload.suffix}`,
      PayloadUUID: uuidOf(payload.identity),
      PayloadDisplayName: payload.name,
      ...payload.content,
    })),
  });
  return `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
${value}
</plist>
`;
}

function plist(value: PlistValue): string {
  if (typeof value === "string") return `<string>${escapeMarkup(value)}</string>`;
  if (typeof value === "number") return `<integer>${value}</integer>`;
  if (typeof value === "boolean") return `<${value}/>`;
  if (value instanceof Uint8Array) return `<data>${Buffer.from(value).toString("base64")}</data>`;
  if (isList(value)) return `<array>\n${value.map(plist).join("\n")}\n</array>`;
  const entries = Object.entries(value).map(([key, each]) => `<key>${escapeMarkup(key)}</key>\n${plist(each)}`);
  return `<dict>\n${entries.join("\n")}\n</dict>`;
}

function isList(value: PlistValue): value is readonly PlistValue[] {
  return Array.isArray(value);
}

/** A UUID of our own making (RFC 9562 §5.8). */
function uuidOf(text: string): string {
  const bytes = createHash("sha256").update(text).digest().subarray(0, 16);
  bytes[6] = (bytes[6]! & 0x0f) | 0x80;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = bytes.toString("hex").toUpperCase();
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}
