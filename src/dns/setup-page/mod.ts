/** The content of `https://box/dns`: how each device comes to ask this resolver. */
export { houseAddresses } from "./house-addresses.ts";
export { type SetupFacts, setupPages } from "./setup-pages.ts";
