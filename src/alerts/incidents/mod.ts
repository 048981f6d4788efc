/** Problems → incidents → what a channel is to be told, as one message: pure. */
export {
  type Incident,
  type Interest,
  isSettled,
  type News,
  newsOf,
  noteTold,
  type Severity,
  type Told,
} from "./incident.ts";
export { INCIDENT_DEFAULTS, Incidents, type IncidentsOptions, type KeptIncidents } from "./incidents.ts";
export { compose, type Item, type Message, textOf, type Wording } from "./message.ts";
export { DEFAULT_RULES, type Rule, ruleOf } from "./rules.ts";
