/** What the settings of a service do, and why their defaults are what they are: for `tenk schema` and docs/defaults.md. */

const TLS_FILES = {
  ca: ["the system's", "Who signs the certificate: a file or PEM text"],
  cert: ["none", "Our certificate, for those that ask for one"],
  key: ["none", "Its private key"],
} as const;

export const SERVICE_ABOUT = {
  target: ["none", "Where it runs: http://127.0.0.1:3000, redis://10.0.0.7:6379, unix:/run/app.sock, or dashboard"],
  targets: ["none", "Several, instead of target"],
  respond: ["none", "Answer with this text, instead of a target"],
  redirect: ["none", "Redirect, instead of a target"],
  root: ["none", "Serve the files of this folder, instead of a target"],
  kind: ["the target's scheme", "Its protocol, such as http or redis, or an application such as gitea"],
  hosts: [
    "NAME.DOMAIN, NAME.local, and NAME.localhost where tenk serves it",
    "Host names of the service; *.apps.home.arpa is any one label, * every name",
  ],
  proxy: ["true", "false: it is not served by HTTPS. A service that is declared is meant to be reached"],
  dns: ["true", "false: it gets no DNS names"],
  probe: ["true", "false: it is not probed; or how it is"],
  after: [
    "none",
    "The service that it stands on, such as router: while that is down, this one is unknown, and alerts nobody",
  ],
  group: ["none", "The heading under which the page shows it, such as Media"],
  path: ['["/"]', "The paths that it serves: /api is /api and all below /api/"],
  strip: [
    "false",
    "Remove that path before the request is forwarded: most applications know under which path they are",
  ],
  plainHttp: ["redirect", "A request without TLS is redirected to HTTPS; serve answers it"],
  protocol: ["auto", "How targets are spoken to: HTTP/2 where gRPC needs it, else HTTP/1.1"],
  balance: ["round-robin", "Which target a request gets; round-robin needs to know nothing of targets"],
  hashHeader: ["none", "The header of balance: header-hash"],
  sticky: ["off", "A client stays with its target, by a cookie: applications that keep sessions in memory need it"],
  attempts: ["3", "Targets tried for one request, where it can be repeated safely"],
  health: ["checks where a path is set", "When a target is left alone for a while"],
  limits: ["see there", "How many requests targets and clients may have"],
  timeouts: ["see there", "How long a target may take"],
  tls: ["verified by the system's CAs", "TLS to targets"],
  maxBody: [
    "0",
    "The largest body of a request, else 413; 0 is no limit: uploads of a home server are large, and are never kept in memory",
  ],
  headers: ["none", "Headers to remove, set and add"],
  auth: ["none", "Who may use it: users with passwords, or a server that is asked"],
  allow: ["everybody", "Addresses or ranges that may use it; others get 403"],
  compress: ["false", "Compress answers that are text: costs CPU, and most applications do it themselves"],
  hsts: ["off", "Tell browsers to use HTTPS alone: they keep it for a year, so it is yours to say"],
} as const;

export const TARGET_ABOUT = {
  url: "http://10.0.0.2:80, https://…, h2c://… or unix:/path",
  weight: "Its share beside other targets, for balance: weighted",
  draining: "It keeps its clients and gets no new ones",
} as const;

export const HEALTH_ABOUT = {
  path: ["none", "Ask each target for this path by GET; without one, real requests tell"],
  status: ['["2xx"]', "What a healthy target answers"],
  check: ["30s", "How often it is asked"],
  checkTimeout: ["5s", "A check that takes longer has failed"],
  failures: ["3", "Failed connects or checks that take a target out, 0 never: one may be chance, three rarely are"],
  within: ["0ms", "Count failures within so long, in a row or not; 0 counts those in a row"],
  backOff: ["10s", "For how long it is out, doubled each time; with checks, until one succeeds"],
  maxBackOff: ["5m", "At most so long"],
} as const;

export const STICKY_ABOUT = {
  cookie: "The cookie's name",
  secret: ["random", "At least 16 characters; without one, cookies hold until tenk is restarted"],
} as const;

export const SERVICE_LIMITS_ABOUT = {
  perTarget: ["0", "Requests that one target answers at once on one event loop; 0 is no limit"],
  waiting: ["100", "Requests that may wait for a target with room, on one event loop; more get 503"],
  wait: ["10s", "A request that waited for so long gets 503"],
  requestsPerSecond: ["0", "Requests from one address; more get 429; 0 is no limit"],
  burst: ["twice as many", "Requests that may come at once within that limit: a page loads many files"],
} as const;

export const SERVICE_TIMEOUTS_ABOUT = {
  connect: ["3s", "Connect to a target, with the TLS handshake"],
  response: ["0ms", "From the end of a request to the head of its answer; 0 is no limit: exports may take minutes"],
  stall: ["1m", "Break an answer off when no byte of it came for so long; 0 is no limit"],
} as const;

export const EDITS_ABOUT = {
  remove: ["none", "Names of headers"],
  set: ["none", "Headers that replace others of their name"],
  add: ["none", "Headers beside others of their name"],
} as const;

export const HEADERS_ABOUT = {
  request: ["none", "Of requests, as targets get them"],
  response: ["none", "Of answers, as clients get them"],
} as const;

export const AUTH_ABOUT = {
  users: ["none", "A password for each user, as its argon2id hash: tenk password makes one"],
  realm: ["tenk", "What browsers show beside the question"],
  forward: ["none", "Ask this URL about each request, as Authelia and Authentik need it"],
} as const;

export const FORWARD_ABOUT = {
  url: "The URL that is asked",
  copyHeaders: "Headers of its answer that the target gets; the client's own are removed",
  timeout: "A request about which the server said nothing for so long gets 504",
} as const;

export const TARGET_TLS_ABOUT = {
  verify: "false accepts any certificate of a target",
  serverName: ["the target's host", "The name that its certificate must have"],
  ...TLS_FILES,
} as const;

export const RESPOND_ABOUT = {
  status: "200 to 599",
  body: "At most 64 KiB; may have placeholders",
  contentType: "Its Content-Type",
} as const;

export const REDIRECT_ABOUT = {
  to: "https://git.home.arpa{http.request.uri}",
  status: "308 is for good and keeps method and body; 302 is for now",
} as const;

export const ROOT_ABOUT = {
  folder: "The folder's path",
  index: "Files that stand for their folder, the first that exists",
  fallback: ["none", "The path of a file for paths that do not exist, for an application on one page"],
  precompressed: "Send app.js.zst, app.js.br or app.js.gz instead of app.js to clients that accept it",
  cache: "Keep files of up to an eighth of it in memory, on each event loop; 0 keeps none",
} as const;

export const HSTS_ABOUT = {
  maxAge: "For so long: a year, as browsers' lists ask",
  subdomains: "For names below it too; false, since another machine may serve those",
  preload: "May be built into browsers, which nobody can take back for months",
} as const;

export const SERVICE_PROBE_ABOUT = {
  interval: ["as in probe", "From one probe to the next"],
  timeout: ["as in probe", "How long it may take to answer"],
  slow: ["as in probe", "An answer that takes longer makes it degraded"],
  retries: ["as in probe", "When a first failure is asked again"],
  successes: ["as in probe", "Answers in a row before it is up again"],
  maxStarting: ["as in probe", "It may say for so long that it is starting"],
  certificateDays: ["as in probe", "A certificate that is over sooner makes it degraded"],
  path: ["/", "What is asked by HTTP"],
  method: ["GET", "GET, or HEAD, which asks for no body"],
  status: ["below 500", "Statuses that are fine; 401 is one, as a login page works"],
  header: ["none", "Fields that the answer must have: a text that the value contains, or true"],
  body: ["none", "A text that the body must contain"],
  notBody: ["none", "A text that the body must not contain"],
  json: ["none", "Values in a JSON body, by path"],
  headers: ["none", "Fields to send; never printed"],
  maxBody: ["64KiB", "More is read of no body"],
  redirects: ["none", "A redirect is an answer; same-host follows those that stay on the host"],
  maxRedirects: ["5", "So many"],
  user: ["of the target", "Who asks"],
  passwordFile: ["none", "A file with the password"],
  passwordEnv: ["none", "An environment variable with the password"],
  tokenFile: ["none", "A file with a bearer token for HTTP"],
  tokenEnv: ["none", "An environment variable with it"],
  tls: ["by the scheme", "TLS of a probe"],
  database: ["of the target", "The database that is asked"],
  query: ["none", "A question in SQL that only reads"],
  expect: ["any", "Its answer: a value, or a comparison such as '< 10'"],
  recognize: ["true", "false: a service of kind tcp is only connected to"],
  answer: ["any", "Data that a name server's answer must have"],
  every: ["24h", "Of a job that calls: the time from one call to the next"],
  schedule: ["none", "When it runs, as in a cron table, instead of every"],
  timeZone: ["the machine's", "Of the schedule"],
  grace: ["half of the time between two calls, 1m to 1h", "How late a call may be"],
  maxRun: ["as grace", "How long a run may take that called /start"],
  maxAge: ["any", "A file that was written longer ago makes the service down: 26h"],
  minSize: ["any", "A file that is smaller makes the service down: 1MiB"],
} as const;
