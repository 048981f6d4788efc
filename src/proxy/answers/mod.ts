/** Answers that tenk gives itself, and texts that are filled in for each request. */
export { type FilledLines, preparedLines } from "./filled-lines.ts";
export type { TemplateRequest } from "./placeholders.ts";
export { Redirect } from "./redirect.ts";
export { Respond } from "./respond.ts";
export { Template } from "./template.ts";
