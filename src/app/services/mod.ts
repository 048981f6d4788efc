/** `services:` of the configuration: its schema, its defaults, and the list that every part gets. */
export { type RouteClash, routeClashes } from "./clashes.ts";
export { withOffered } from "./offered.ts";
export { DOMAIN_SCHEMA, SERVICES_SCHEMA } from "./schema.ts";
export { servicesOf } from "./services.ts";
