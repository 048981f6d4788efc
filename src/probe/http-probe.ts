import { withoutUndefined } from "../base/mod.ts";
import { isHttpApplication, type Service } from "../part/mod.ts";
import { APPLICATIONS, type HttpCheck } from "./checks/mod.ts";
import type { ProbeSettings } from "./config.ts";
import { authorizationOf, type Credentials } from "./credentials.ts";
import { tlsOf } from "./tls-options.ts";

const MAX_BODY_BYTES = 65_536;
const MAX_REDIRECTS = 5;

/** Returns how a service is asked by HTTP; its target is `http:`, `https:` or `unix:`. */
export function httpCheckOf(
  service: Service & { readonly target: string },
  settings: ProbeSettings,
  { credentials, folder }: { readonly credentials: Credentials; readonly folder: string },
): HttpCheck {
  const { timeout, slow, certificateDays, method, status, header, body, notBody, json, headers } = settings;
  const { maxBody = MAX_BODY_BYTES, redirects, maxRedirects = MAX_REDIRECTS } = settings;
  const { origin, path: targetPath } = placeOf(service.target);
  const isAtOwnPath = settings.path === undefined && targetPath === "/";
  const application = isAtOwnPath && isHttpApplication(service.kind) ? APPLICATIONS[service.kind] : undefined;
  return {
    url: origin,
    path: settings.path ?? application?.path ?? targetPath,
    timeoutMs: timeout,
    slowMs: slow,
    certificateDays,
    maxBodyBytes: maxBody,
    maxRedirects: redirects === "same-host" ? maxRedirects : 0,
    expected: withoutUndefined({ header, body, notBody, json }),
    ...withoutUndefined({
      method,
      status,
      fields: headers,
      application,
      authorization: authorizationOf(credentials),
      tls: tlsOf(service, folder),
    }),
  };
}

/** `http://me:secret@nas:80/a?b` → `http://nas:80` and `/a?b`. */
function placeOf(target: string): { readonly origin: string; readonly path: string } {
  const parts = /^(https?:\/\/)(?:[^/?#]*@)?([^/?#]*)([/?][^#]*)?/i.exec(target);
  if (parts === null) return { origin: target, path: "/" };
  const [, scheme = "", authority = "", rest = "/"] = parts;
  return { origin: scheme + authority, path: rest.startsWith("?") ? `/${rest}` : rest };
}
