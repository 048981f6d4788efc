/** Layer 4: what tenk and systemd tell each other: readiness, signs of life, the unit. */
export { ServiceManager, type ServiceManagerOptions } from "./service-manager.ts";
