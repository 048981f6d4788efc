/** Files of a folder as a site. */
export { checkFolder } from "./check-folder.ts";
export type { FileRequest } from "./file-request.ts";
export { Files } from "./files.ts";
