/** Answers that tenk gives itself. */
export { Redirect } from "./redirect.ts";
export { Respond } from "./respond.ts";
export { Template } from "./template.ts";
