/** Many regular expressions at once, in linear time. */
export { RegexError } from "./parse-regex.ts";
export { RegexSet, type RegexSetOptions } from "./regex-set.ts";
