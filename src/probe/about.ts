/** What the settings of `probe:` do, and why their defaults are what they are: for `tenk schema` and docs/defaults.md. */

export const PROBE_ABOUT = {
  interval: "From one probe of a service to the next, a tenth earlier or later: an outage is seen within half a minute",
  timeout: "How long a service may take to answer: a Raspberry Pi under load needs a second or two",
  slow: "An answer that takes longer makes the service degraded: people notice it",
  retries: "When a first failure is asked again before the service is down: one lost packet wakes nobody",
  successes: "Answers in a row before a service that was down is up: it must not come and go",
  maxStarting: "A service that says it is starting is down after this time",
  certificateDays:
    "A certificate that is over sooner makes the service degraded; those that renew themselves do so earlier",
  push: "Jobs that call",
  bootGrace:
    "So long after the start of the machine a service that does not answer is starting, not down; 0 switches it off",
  history: "What is kept on the disk; a change needs a restart",
} as const;

export const PROBE_PUSH_ABOUT = {
  message: "Characters that are kept of what a job sends",
  burst: "Calls of one job at once; then one a second",
} as const;

export const PROBE_HISTORY_ABOUT = {
  days: "Days that changes and uptime are kept: a quarter of a year, as status pages show it",
  changes: "Changes of one service that are kept",
  services: "Services that are kept, with those that are no longer declared",
  write:
    "From one write to the next while nothing changes: so much is unknown after a power failure, and an SD card is spared",
} as const;
