/** Layer 5: other machines with tenk, in one view with this one. */
export { boxes } from "./part.ts";
