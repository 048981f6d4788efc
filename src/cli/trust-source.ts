import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { fileProblemOf, messageOf, TenkError } from "../base/mod.ts";
import type { TrustedRoot } from "../certificates/mod.ts";

const MAX_BYTES = 100_000;
const TIMEOUT_MS = 10_000;

/**
 * Reads a root that somebody names: a file, or a URL. What comes through a network can be anybody's, so that a URL needs the
 * fingerprint, which a person compares.
 *
 * @throws {TenkError} `usage`, `file-unreadable`, `connect-failed`
 */
export async function givenRoot(place: string, fingerprint: string | undefined): Promise<TrustedRoot> {
  const isUrl = /^https?:\/\//i.test(place);
  if (isUrl && fingerprint === undefined) {
    throw new TenkError("usage", `--from ${place} needs --fingerprint`, {
      hint: "the box prints it: tenk trust --json; or compare it on the page http://box/ca",
    });
  }
  const root = rootIn(isUrl ? await fetched(place) : read(place), place);
  if (fingerprint !== undefined) requireFingerprint(root, fingerprint);
  return root;
}

/** @throws {TenkError} `usage` */
export function requireFingerprint(root: TrustedRoot, expected: string): void {
  const bare = (text: string) => text.replace(/[^0-9a-f]/gi, "").toUpperCase();
  if (bare(root.fingerprint) === bare(expected)) return;
  throw new TenkError("usage", `The root has another fingerprint: ${root.fingerprint}`);
}

function read(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    throw new TenkError("file-unreadable", `Cannot read ${file}: ${fileProblemOf(error)}`, { cause: error });
  }
}

/** The certificate of the server is not verified: the fingerprint of what it sends is. */
async function fetched(url: string): Promise<Buffer> {
  try {
    const tls = { rejectUnauthorized: false };
    const response = await fetch(url, {
      signal: AbortSignal.timeout(TIMEOUT_MS),
      redirect: "error",
      tls,
    } as RequestInit);
    if (!response.ok) throw new Error(`the answer is ${response.status}`);
    const chunks: Uint8Array[] = [];
    let length = 0;
    for await (const chunk of response.body ?? []) {
      chunks.push(chunk);
      length += chunk.length;
      if (length > MAX_BYTES) throw new Error("it is too long for a certificate");
    }
    return Buffer.concat(chunks);
  } catch (error) {
    throw new TenkError("connect-failed", `Cannot fetch ${url}: ${messageOf(error)}`, { cause: error });
  }
}

function rootIn(bytes: Buffer, place: string): TrustedRoot {
  try {
    const certificate = new X509Certificate(bytes);
    if (!certificate.ca) throw new Error("it is not a CA's");
    const commonName = /^CN=(.*)$/m.exec(certificate.subject)?.[1] ?? "tenk local root";
    return { root: certificate.toString(), fingerprint: certificate.fingerprint256, commonName };
  } catch (error) {
    throw new TenkError("usage", `${place} has no usable root: ${messageOf(error)}`, { cause: error });
  }
}
