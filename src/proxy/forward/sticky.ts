import type { HeadWriter } from "../../http/mod.ts";
import type { Service } from "../../part/mod.ts";
import { FIELD_STRIDE, FieldName, type Head, latin1 } from "../../wire/http1/mod.ts";
import type { HttpServiceTarget } from "./http-link.ts";
import type { ForwardRoute } from "./route.ts";

/** Fills in the secret of services that have none: cookies then hold until tenk is restarted. */
export function withStickySecret(service: Service, secret: string): Service {
  const { http } = service;
  if (http?.answer.type !== "forward" || http.answer.forward.sticky === undefined) return service;
  const { forward } = http.answer;
  const sticky = { cookie: http.answer.forward.sticky.cookie, secret: http.answer.forward.sticky.secret ?? secret };
  return { ...service, http: { ...http, answer: { type: "forward", forward: { ...forward, sticky } } } };
}

/** Returns the value of a cookie; the first where there are several, undefined without one. HTTP/2 may send a line each. */
export function cookieValue({ fields, count }: Head, bytes: Uint8Array, name: string): string | undefined {
  for (let at = 0; at < count * FIELD_STRIDE; at += FIELD_STRIDE) {
    if (fields[at + 4] !== FieldName.cookie) continue;
    for (const pair of latin1(bytes, fields[at + 2] as number, fields[at + 3] as number).split(";")) {
      const equals = pair.indexOf("=");
      if (equals > 0 && pair.slice(0, equals).trim() === name) return pair.slice(equals + 1).trim();
    }
  }
  return undefined;
}

/** Tells a client its target's cookie, unless it has that already. @param given the value that it sent */
export function writeCookie(
  writer: HeadWriter,
  { stickyCookie = "", targets }: Pick<ForwardRoute, "stickyCookie" | "targets">,
  target: HttpServiceTarget,
  given: string | undefined,
  isSecure: boolean,
): void {
  const value = targets.stickyValue(target);
  if (value !== undefined && value !== given) writer.field("Set-Cookie", setCookie(stickyCookie, value, isSecure));
}

/** A cookie for as long as the browser runs, for no script and no other site's form. */
export function setCookie(name: string, value: string, isSecure: boolean): string {
  return `${name}=${value}; Path=/; HttpOnly; SameSite=Lax${isSecure ? "; Secure" : ""}`;
}
