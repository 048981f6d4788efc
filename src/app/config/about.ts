/** What the sections and their settings do, and why their defaults are what they are: for `tenk schema` and docs/defaults.md. */

export const DASHBOARD_ABOUT = {
  listen:
    "The page, metrics and API: this machine only, until you say otherwise; in containers and pods everywhere, as their loopback is reached by nobody. Where the port is in use a free one is taken and logged",
  password: ["none", "A password for the page, beside the token: its argon2id hash, or a file with it"],
  token: [
    "none",
    "A token beside the one of the data folder, which several instances can share; openssl rand -hex 32 makes one",
  ],
  tokenFile: ["none", "A file with that token"],
  scrapers: ["none", "Addresses or ranges that may read /metrics without the token"],
  proxies: ["none", "Proxies whose X-Forwarded-For is believed"],
  names: ["none", "Host names under which a proxy serves the page; others are refused (DNS rebinding)"],
  basePath: ["/", "The path of the page where a proxy keeps it in its requests"],
  frameAncestors: ["none", "Origins whose pages may show it in a frame; none, so that no page can steal clicks"],
} as const;

export const SHUTDOWN_ABOUT = {
  drainDelay:
    "After a request to stop /readyz fails, and connections are still accepted for so long; in a pod of Kubernetes 10s, in which the news reaches those who send connections",
  grace: "How long connections may then take to finish",
} as const;

export const PUSH_ABOUT = { labels: "Labels of every series that --push sends" } as const;

export const DATA_ABOUT = {
  folder: [
    "$XDG_DATA_HOME/tenk, else ~/.local/share/tenk, /var/lib/tenk for root",
    "Where history, certificates and the token are kept; where it cannot be written to, they are kept in memory, and that is logged",
  ],
  history: "Keep history and load tests in the data folder: some 50 MB a day are written; false keeps them in memory",
} as const;

export const LOG_ABOUT = {
  level: "What is logged: debug, info, warn or error",
  format:
    "pretty for people, logfmt or JSON for programs; under systemd without time and with priority, as the journal has its own",
} as const;

export const UPGRADE_ABOUT = {
  drain: "How long open connections of the process before may go on after an upgrade",
  timeout: "How long the new process may take to be ready; then the one before goes on",
} as const;

export const ROOT_ABOUT = {
  version:
    "For which version of the configuration the file was written; older ones are read too, and what changed is logged",
  alerts: "Who is told what is not well; runs where there are services",
  boxes: ["none", "Other machines with tenk in one view"],
  containers: "Services that containers declare by labels",
  dns: "The name server; runs where a file has this section, or where there is no file",
  probe: "Probes of all services",
  publish: ["none", "Joins the topics of several tenk processes through a NATS server"],
  proxy: "HTTPS and HTTP in front of services",
  tcp: "TCP listeners by name: a sink on 9091, which a load test can be run against",
  box: "What is wrong with the machine itself",
  certificates: "Who signs certificates",
  domain: ["none", "The domain of the services' host names, such as home.arpa: tenk cannot know it"],
  services: "What runs on the box or in the house, by name",
  dashboard: "The page, metrics and API",
  shutdown: "What happens between a request to stop and the end",
  push: "Series that --push sends",
  data: "What is kept on the disk",
  upgrade: "What tenk upgrade waits for",
  log: "The log",
} as const;
