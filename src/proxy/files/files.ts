import { logOf, occasionallyEach } from "../../base/mod.ts";
import type { Exchange } from "../../http/mod.ts";
import type { HttpFiles } from "../../part/mod.ts";
import { fieldLine, type Head, latin1, Method } from "../../wire/http1/mod.ts";
import { readConditions } from "./conditions.ts";
import { filePathOf, pathEnd } from "./file-path.ts";
import { FileRequest, type FilesContext } from "./file-request.ts";
import { Folder } from "./folder.ts";
import { OpenFiles } from "./open-files.ts";

const ALLOW = fieldLine("Allow", "GET, HEAD");
/** Of this event loop, for all services. */
const openFiles = new OpenFiles();

/** Answers requests with the files of a folder. */
export class Files {
  readonly #context: FilesContext;

  /**
   * @param dropNames fields that the service removes or sets itself, in lower case
   */
  constructor(service: string, files: HttpFiles, compresses: boolean, dropNames: ReadonlySet<string>) {
    const log = logOf("proxy");
    this.#context = {
      folder: new Folder(files, compresses, dropNames),
      open: openFiles,
      failed: occasionallyEach<"busy" | "broken">((why, count) =>
        log.warn("cannot send files", { service, folder: files.folder, why: REASONS[why], count }),
      ),
    };
  }

  /**
   * Answers a request whose head is borrowed.
   *
   * @param stripBytes of the path, which do not belong to the file's
   * @returns what goes on with the answer; undefined where that is complete
   */
  answer(exchange: Exchange, head: Head, bytes: Uint8Array, stripBytes: number): FileRequest | undefined {
    if (head.method !== Method.get && head.method !== Method.head) {
      exchange.fail(405, "Files can be read here, by GET and HEAD, and nothing else.", ALLOW);
      return undefined;
    }
    const found = filePathOf(bytes, head.targetStart + stripBytes, head.targetEnd);
    if ("refusal" in found) {
      if (found.refusal === "hidden") exchange.fail(404);
      else exchange.fail(400, "The path cannot be a file's.");
      return undefined;
    }
    const { path } = found;
    const location = path.endsWith("/") ? "" : locationOf(head, bytes);
    const request = new FileRequest(this.#context, exchange, path, readConditions(head, bytes), location);
    const fresh = this.#context.folder.fresh(path, performance.now());
    if (fresh !== undefined) request.answer(fresh);
    else void request.start();
    return request;
  }
}

const REASONS = { busy: "too many files are open", broken: "the disk failed" } as const;

/** The request's own path with a slash behind it. It begins with one slash: two would lead to another host. */
function locationOf(head: Head, bytes: Uint8Array): string {
  const end = pathEnd(bytes, head.targetStart, head.targetEnd);
  const path = latin1(bytes, head.targetStart, end).replace(/^\/+/, "/");
  return `${path}/${latin1(bytes, end, head.targetEnd)}`;
}
