/** Answers that tenk gives itself. */
export type { TemplateRequest } from "./placeholders.ts";
export { Redirect } from "./redirect.ts";
export { Respond } from "./respond.ts";
export { Template } from "./template.ts";
