/** The part `proxy:`: every service by its name, over HTTPS. */
export { proxy } from "./part.ts";
