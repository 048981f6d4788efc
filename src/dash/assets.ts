import { createHash } from "node:crypto";
import { brotliCompressSync, brotliDecompressSync, constants, gzipSync } from "node:zlib";
import { type Bundle, bundlePage } from "./bundle.ts";

// `npm run build` replaces them by the result of `packedPage`; from source they do not exist.
declare const TENK_PAGE: string | undefined;
declare const TENK_PAGE_REPORT: string | undefined;

/** One file of the page, ready to be sent. */
export interface Asset {
  /** For the header `content-type`. */
  readonly type: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** The same bytes for clients that accept `content-encoding: gzip`. */
  readonly gzip: Uint8Array<ArrayBuffer>;
  /** Its path holds a digest of its content, so a browser may cache it for good; every other file is revalidated. */
  readonly isForever: boolean;
}

/** By path: `/` is the page itself. */
export type PageAssets = ReadonlyMap<string, Asset>;

let made: Promise<PageAssets> | undefined;
let read: Promise<Bundle> | undefined;

/**
 * Returns the files of the page: those in the executable, or, from source, built at the first call (about half a second).
 * The page requests nothing but them, `/api/…` and `/metrics`.
 *
 * @throws {Error} from source, with the bundler's message; the next call tries again
 */
export function pageAssets(): Promise<PageAssets> {
  made ??= pageBundle().then(assetsOf);
  made.catch(() => {
    made = undefined;
  });
  return made;
}

/** Returns the files of the page as text: those in the executable, else built once. */
export function pageBundle(): Promise<Bundle> {
  if (typeof TENK_PAGE === "string" && typeof TENK_PAGE_REPORT === "string") {
    return Promise.resolve({ ...unpacked(TENK_PAGE), ...unpacked(TENK_PAGE_REPORT) } as Bundle);
  }
  read ??= bundlePage();
  read.catch(() => {
    read = undefined;
  });
  return read;
}

/** Returns the page as constants for the compiler: two, because each has at most 128 KiB. */
export async function packedPage(): Promise<Readonly<Record<string, string>>> {
  const { report, ...page } = await bundlePage();
  return { TENK_PAGE: packed(page), TENK_PAGE_REPORT: packed({ report }) };
}

function packed(parts: Partial<Bundle>): string {
  return brotliCompressSync(JSON.stringify(parts)).toString("base64");
}

function unpacked(text: string): Partial<Bundle> {
  return JSON.parse(brotliDecompressSync(Buffer.from(text, "base64")).toString());
}

const HTML = "text/html; charset=utf-8";
const SCRIPT = "text/javascript; charset=utf-8";

function assetsOf({ html, icon, style, theme, script }: Bundle): PageAssets {
  const files = [
    { mark: "STYLE", name: "style", ending: "css", type: "text/css; charset=utf-8", text: style },
    { mark: "THEME", name: "theme", ending: "js", type: SCRIPT, text: theme },
    { mark: "SCRIPT", name: "page", ending: "js", type: SCRIPT, text: script },
  ].map((file) => ({ ...file, path: `/assets/${file.name}-${digest(file.text)}.${file.ending}` }));
  const iconPath = "/assets/icon.svg";
  const page = [...files, { mark: "ICON", path: iconPath }].reduce(
    // Relative, so that the page works below any path of a proxy.
    (text, { mark, path }) => text.replace(`"${mark}"`, `"${path.slice(1)}"`),
    html,
  );
  return new Map([
    ["/", asset(HTML, page, false)],
    [iconPath, asset("image/svg+xml", icon, false)],
    ...files.map(({ path, type, text }) => [path, asset(type, text, true)] as const),
  ]);
}

function asset(type: string, text: string, isForever: boolean): Asset {
  const bytes = Buffer.from(text);
  return {
    type,
    bytes: new Uint8Array(bytes),
    gzip: new Uint8Array(gzipSync(bytes, { level: constants.Z_BEST_COMPRESSION })),
    isForever,
  };
}

function digest(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 12);
}
