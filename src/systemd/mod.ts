/** Layer 4: what tenk and systemd tell each other: readiness, signs of life, log lines, the unit. */
export { isJournal, type JournalLevel, withPriority } from "./journal.ts";
export { ServiceManager, type ServiceManagerOptions } from "./service-manager.ts";
