import { latin1 } from "../../wire/http1/mod.ts";

/** Why a request's path can be no file's. */
export type PathRefusal =
  | "malformed" // NUL, a backslash, `..`, a percent-encoded slash, or no UTF-8
  | "hidden"; // a name that begins with a dot

const QUESTION = 0x3f;
/** Paths without anything to decode or to refuse: nearly all. */
const PLAIN = /^(?:\/[\w~-][\w.~-]*)*\/?$/;
const WELL_KNOWN = ".well-known";

/** Where the path of a request target ends. */
export function pathEnd(bytes: Uint8Array, from: number, to: number): number {
  let at = from;
  while (at < to && bytes[at] !== QUESTION) at += 1;
  return at;
}

/**
 * Returns the path of a file below its folder, decoded: it begins with a slash, has no empty, hidden or dot segment, and ends with a
 * slash where it stands for a folder. Each segment is decoded by itself and checked after that, so that nothing which is encoded
 * passes the checks.
 *
 * @example
 * filePathOf(new TextEncoder().encode("/caf%C3%A9//menu.html?x"), 0, 23); // { path: "/café/menu.html" }
 * filePathOf(new TextEncoder().encode("/%2e%2e/etc/passwd"), 0, 18); // { refusal: "malformed" }
 */
export function filePathOf(
  bytes: Uint8Array,
  from: number,
  to: number,
): { readonly path: string } | { readonly refusal: PathRefusal } {
  const text = latin1(bytes, from, pathEnd(bytes, from, to));
  return PLAIN.test(text) ? { path: text } : decodedPath(text);
}

function decodedPath(text: string): { path: string } | { refusal: PathRefusal } {
  let path = "";
  let isHidden = false;
  const segments = text.split("/");
  for (const [index, encoded] of segments.entries()) {
    const segment = decoded(encoded);
    if (segment === undefined) return { refusal: "malformed" };
    if (segment === "") continue;
    if (segment.startsWith(".") && (path !== "" || segment !== WELL_KNOWN)) isHidden = true;
    path += `/${segment}`;
    if (index === segments.length - 1) return isHidden ? { refusal: "hidden" } : { path };
  }
  return isHidden ? { refusal: "hidden" } : { path: `${path}/` };
}

/** Returns a decoded segment; undefined where it can be no file's name. */
function decoded(segment: string): string | undefined {
  let name = segment;
  if (segment.includes("%")) {
    try {
      name = decodeURIComponent(segment);
    } catch {
      return undefined;
    }
  }
  return name === "." || name === ".." || /[/\\\0]/.test(name) ? undefined : name;
}
