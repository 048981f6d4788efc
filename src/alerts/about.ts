/** What the settings of `alerts:` do, and why their defaults are what they are: for `tenk schema` and docs/defaults.md. */

export const ALERTS_ABOUT = {
  channels: "Where messages go, by name; nowhere, until one is set",
  when: "Which problems are told, by the beginning of their keys; all, until a rule says less",
  name: ["the host's", "Name of this box in titles"],
  pageUrl: ["none", "Where a message leads: the address of the page as your phone reaches it"],
  timeZone: ["the machine's", "Of times in messages, quiet hours and schedules"],
  gather: "What comes within so long of the last is one message: when a switch fails ten services do",
  repeat: "What lasts is told again each so often; 0 never, since a message that repeats is soon ignored",
  quiet: ["none", "Quiet hours: only critical problems are told, others at their end"],
  settle: "What stood behind another problem raises no alert for so long after that: it needs time to come back",
  flapping: "What comes and goes is told once; false tells each change",
  timeout: "For one attempt to send a message",
  maxBackoff: "Longest time between two attempts: a message is out within five minutes of the network's return",
  maxIncidents: "Problems with something to tell at a time; beyond, the oldest that are over are dropped, and counted",
  maintenance: "Windows in which services are under maintenance, and nothing is told of them",
} as const;

export const RULE_ABOUT = {
  severity: "From which severity on they are told: warning is all, none is nothing",
  for: ["at once", "Only what lasts for so long"],
  to: ["all channels", "Names of the channels that get them"],
} as const;

export const FLAPPING_ABOUT = {
  times: "What begins more often within the time comes and goes",
  within: "That time",
  calm: "Until it has been gone for so long",
} as const;

export const MAINTENANCE_ABOUT = {
  services: "Names of services, or all",
  schedule: "When: 22:00-07:00, Sun 03:00-04:00 or Mon-Fri 23:00-06:00",
  reason: ["none", "Shown on the page"],
} as const;

export const QUIET_ABOUT = {
  hours: "When: 22:00-07:00, or Mon-Fri 23:00-06:00",
  critical: "Critical problems are told all the same: a full disk does not wait for the morning",
} as const;

export const TOKEN_ABOUT = {
  token: ["none", "The token itself; better in a file"],
  tokenFile: ["none", "A file with the token"],
  tokenEnv: ["none", "An environment variable with the token"],
} as const;

export const PASSWORD_ABOUT = {
  password: ["none", "The password itself; better in a file"],
  passwordFile: ["none", "A file with the password"],
  passwordEnv: ["none", "An environment variable with the password"],
} as const;

export const SECRET_URL_ABOUT = {
  url: ["none", "The address, which is a secret itself; better in a file"],
  urlFile: ["none", "A file with the address"],
  urlEnv: ["none", "An environment variable with the address"],
} as const;

export const CHANNEL_TLS_ABOUT = {
  ca: ["the system's", "Who signs the server's certificate: a file or PEM text"],
  verify: "false accepts any certificate, also an attacker's",
} as const;

export const CHANNEL_ABOUT = {
  ntfy: ["none", "Messages by ntfy"],
  webhook: ["none", "A request of your own form"],
  discord: ["none", "Messages in a channel of Discord"],
  slack: ["none", "Messages in a channel of Slack"],
  telegram: ["none", "Messages by a bot of Telegram"],
  gotify: ["none", "Messages by Gotify"],
  apprise: ["none", "Messages by the API of Apprise"],
  email: ["none", "Messages by e-mail"],
  severity: "warning tells all problems, critical only those",
  after: "Only what lasts for so long, for escalation; 0 tells it at once",
  repeat: ["that of alerts", "What lasts is told again each so often; 0 never"],
  quiet: "Quiet hours count for this channel",
} as const;
