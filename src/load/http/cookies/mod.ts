/** Cookies that servers set, kept for each connection (RFC 6265, a part of it). */
export { COOKIE_FIELD_BYTES, CookieJars } from "./jars.ts";
export { type CookieTarget, parseSetCookie } from "./set-cookie.ts";
