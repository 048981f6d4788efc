import { readFileSync } from "node:fs";
import { systemCodeOf, TenkError } from "../../base/mod.ts";

const BEGIN = "-----BEGIN ";
/** The most characters of a given text that an error shows: more than a path has, fewer than any key. */
const MAX_SHOWN = 200;

/**
 * Returns certificates or a key, given as PEM text (RFC 7468) or as a file's path. Only checks that the text has a
 * block: what the block contains is checked by TLS.
 *
 * @param what the option's name, as an error should say it: `cert`, `names["git.home.arpa"].key`
 * @throws {TenkError} `file-unreadable`; it never shows what is inside
 * @example
 * const text = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";
 * readPem("cert", text); // text
 */
export function readPem(what: string, given: string): string {
  // A configuration that no compiler has checked may lack it.
  if (typeof given !== "string") given = "";
  if (given.includes(BEGIN)) return given;
  if (given === "" || /[\n\0]/.test(given)) {
    throw new TenkError("file-unreadable", `Cannot use ${what}: it must be a file's path or PEM text ("${BEGIN}…")`);
  }
  const shown = JSON.stringify(given.slice(0, MAX_SHOWN));
  const text = readText(what, given, shown);
  if (text.includes(BEGIN)) return text;
  throw new TenkError("file-unreadable", `Cannot use ${what} of ${shown}: it has no PEM block ("${BEGIN}…")`, {
    hint: "a file in DER is made PEM by: openssl x509 -inform der (a key: openssl pkey -inform der)",
  });
}

const BLOCKS = {
  certificate: /-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----/,
  "private key": /-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY-----/,
} as const;

/**
 * Reads a certificate or its key, and reports the two files being swapped. One file may contain both.
 *
 * @throws {TenkError} as `readPem`, and `invalid-option` where the other of the two stands there alone
 */
export function readPemOf(kind: keyof typeof BLOCKS, what: string, given: string): string {
  const text = readPem(what, given);
  const other = kind === "certificate" ? "private key" : "certificate";
  if (BLOCKS[kind].test(text) || !BLOCKS[other].test(text)) return text;
  throw new TenkError(
    "invalid-option",
    `Cannot use ${what}${sourceOf(given)}: a ${other} stands where the ${kind} is expected`,
    { hint: "are the certificate and its key swapped?" },
  );
}

/** ` of "file.pem"`, where a file was given. */
export function sourceOf(given: string): string {
  return given.includes(BEGIN) ? "" : ` of ${JSON.stringify(given.slice(0, MAX_SHOWN))}`;
}

const SAYS: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file",
  EACCES: "this user may not read it",
  EPERM: "this user may not read it",
  EISDIR: "it is a directory",
  ENAMETOOLONG: "that is no path, it is too long",
};

/** Words the error anew: the system's own message repeats the whole given text, which may be a key. */
function readText(what: string, path: string, shown: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch (error) {
    const code = systemCodeOf(error) ?? "unreadable";
    throw new TenkError("file-unreadable", `Cannot read ${what} from ${shown}: ${SAYS[code] ?? code}`);
  }
}
