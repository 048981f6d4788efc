/** Finds what listens on this machine, as services to declare. */
export { type DiscoverOptions, discover, type Found } from "./discover.ts";
export { servicesText } from "./services-text.ts";
export { type DiscoverAnswer, discoverRoute } from "./undeclared.ts";
