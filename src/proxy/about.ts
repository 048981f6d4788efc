/** What the settings of `proxy:` do, and why their defaults are what they are: for `tenk schema` and docs/defaults.md. */

export const PROXY_ABOUT = {
  https:
    "Where HTTPS is served: auto is 443, else 8443, else a free port, so that it comes up without root too; what was taken is logged",
  http: "Where HTTP is served, which redirects to HTTPS: auto is 80, else 8080, else a free port",
  names: ["the host's name", "Names of this machine, whose own site they lead to"],
  trustedProxies: [
    "none",
    "Proxies in front of this one whose X-Forwarded-* are believed; anybody could write these fields",
  ],
  workers: "Event loops that share the work: auto is one for each core",
  timeouts: "How long a client may take",
  limits: "How much a client may send",
  tls: "How handshakes go; certificates come by themselves",
  accessLog: ["on, as JSON", "A line for each request: off, a format, or a section"],
} as const;

export const PROXY_TIMEOUTS_ABOUT = {
  head: "A request's head must be complete within this time, else 408: a slow client must not hold a connection for ever",
  body: "End a request when no byte of its body came for so long",
  keepAlive:
    "Close a connection that waited so long for its next request; a handshake costs more than an idle connection",
} as const;

export const PROXY_LIMITS_ABOUT = {
  head: "The longest head of a request, else 431: 16 KiB hold large cookies, as nginx and Caddy allow",
  fields: "The most header lines of a request, else 431",
  connections: "Open connections of each listener; 0 is no limit",
  perAddress: "Open connections from one address; 0 is no limit",
} as const;

export const ACCESS_LOG_ABOUT = {
  format: "json as Caddy writes it, combined or common",
  file: ["access.log in the data folder", "Its path; without one and without a data folder there is no access log"],
  maxSize: "A longer file becomes access.log.1: with the two former ones it takes 30 MiB of an SD card; 0 never",
  keep: "Former files that are kept",
  flush: "How long lines are gathered before they are written: one write a second spares the disk",
} as const;
