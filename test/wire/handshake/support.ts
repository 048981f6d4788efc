import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import {
  beginHandshake,
  type HandshakeKind,
  type HandshakeOptions,
  type HandshakeOutcome,
} from "../../../src/wire/mod.ts";
import { hex } from "../support.ts";

/** Conversations captured from real servers; they are kept beside the repository. */
const CAPTURES = join(import.meta.dirname, "../../../../shared/data/handshakes.json");

export interface Capture {
  readonly name: string;
  readonly greeting: string;
  readonly talk: readonly (readonly [sent: string, answered: string])[];
}

export const captures: readonly Capture[] = existsSync(CAPTURES) ? JSON.parse(readFileSync(CAPTURES, "utf8")) : [];

export function captured(name: string): Capture {
  const found = captures.find((each) => each.name === name);
  if (found === undefined) throw new Error(`No captured conversation is called ${name}`);
  return found;
}

export interface Talk {
  /** All that the handshake sent, each step's bytes in hexadecimal digits. */
  readonly sent: string[];
  readonly outcome: HandshakeOutcome | undefined;
  readonly farewell: string;
}

/** Gives a handshake the server's bytes in these chunks, each overwritten afterwards, since it is only borrowed. */
export function talk(kind: HandshakeKind, chunks: readonly Uint8Array[], options: HandshakeOptions = {}): Talk {
  const handshake = beginHandshake(kind, options);
  const sent = handshake.hello.length > 0 ? [digits(handshake.hello)] : [];
  for (const chunk of chunks) {
    const borrowed = new Uint8Array(chunk);
    const step = handshake.receive(borrowed);
    borrowed.fill(0xee);
    if (step.state === "send") sent.push(digits(step.bytes));
    if (step.state === "done") return { sent, outcome: step.outcome, farewell: digits(step.farewell) };
  }
  return { sent, outcome: undefined, farewell: "" };
}

export const digits = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");
export const byteByByte = (chunks: readonly Uint8Array[]) =>
  chunks.flatMap((chunk) => [...chunk].map((b) => hexByte(b)));
const hexByte = (byte: number) => Uint8Array.of(byte);
export const fromHex = hex;
