import { X509Certificate } from "node:crypto";
import { pageHeaders } from "../../base/mod.ts";
import type { CaCertificates } from "../local/mod.ts";
import { caProfile } from "./apple-profile.ts";
import { caPage } from "./page.ts";
import { qrCodeSvg } from "./qr-code.ts";

/** A response as plain data. */
export interface CaResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array;
}

/** The paths behind `/ca` that have an answer. */
export const CA_PATHS = [
  "",
  "/",
  "/root.crt",
  "/root.cer",
  "/intermediate.cer",
  "/tenk.mobileconfig",
  "/qr.svg",
] as const;

const CERTIFICATE = "application/x-x509-ca-cert";

/**
 * Answers GET requests below `https://box/ca`, and below `http://box/ca` as well: a device that does not trust the box yet must be able
 * to read the page. Nothing here is secret.
 *
 * @param path behind `/ca`: empty, or `/root.crt` …
 * @param url of the page, as the client reaches it: `http://box.home.arpa/ca`
 * @returns undefined where there is nothing
 */
export function respondForCa(path: string, ca: CaCertificates, url: string): CaResponse | undefined {
  switch (path) {
    case "":
    case "/":
      return response("text/html; charset=utf-8", caPage(ca, url));
    case "/root.crt":
      return file(CERTIFICATE, "root.crt", ca.root);
    case "/root.cer":
      return file(CERTIFICATE, "root.cer", derOf(ca.root));
    case "/intermediate.cer":
      return file(CERTIFICATE, "intermediate.cer", derOf(ca.intermediate));
    case "/tenk.mobileconfig":
      return file("application/x-apple-aspen-config", "tenk.mobileconfig", caProfile(ca));
    case "/qr.svg":
      return response("image/svg+xml", qrCodeSvg(url));
    default:
      return undefined;
  }
}

function file(type: string, name: string, body: string | Uint8Array): CaResponse {
  return { status: 200, headers: pageHeaders(type, name), body };
}

function response(type: string, body: string): CaResponse {
  return { status: 200, headers: pageHeaders(type), body };
}

function derOf(pem: string): Uint8Array {
  return new Uint8Array(new X509Certificate(pem).raw);
}
