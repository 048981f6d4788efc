import { BodyFraming, type Exchange } from "../../http/mod.ts";
import { fieldLine } from "../../wire/http1/mod.ts";
import { CompressedBody, chooseCoding, mayCompress } from "../compress/mod.ts";
import { type Conditions, evaluate, rangeApplies } from "./conditions.ts";
import { Download } from "./download.ts";
import type { FileResource, Folder, Resource } from "./folder.ts";
import type { OpenFile, OpenFiles } from "./open-files.ts";
import { type ByteRange, byteRange } from "./range.ts";
import type { NoFile, StoredFile } from "./stored-file.ts";

const RETRY_AFTER = fieldLine("Retry-After", "1");
/** Times that a file may be replaced between being found and being opened. */
const MAX_REPLACED = 3;

type SendHead = (first: Uint8Array, start: number, end: number) => void;

/** What requests for files of one service share. */
export interface FilesContext {
  readonly folder: Folder;
  readonly open: OpenFiles;
  /** A file could not be sent although it is there. */
  readonly failed: (why: "busy" | "broken") => void;
}

/** One request for a file, from its path to the last byte of its answer. */
export class FileRequest {
  readonly #context: FilesContext;
  readonly #exchange: Exchange;
  readonly #path: string;
  readonly #conditions: Conditions;
  /** Where a folder's path without a slash is redirected to. */
  readonly #location: string;
  #download: Download | undefined;
  /** Takes what the download reads, where it is compressed while it is sent. */
  #compressed: CompressedBody | undefined;
  #isFinished = false;
  #replaced = 0;

  constructor(context: FilesContext, exchange: Exchange, path: string, conditions: Conditions, location: string) {
    this.#context = context;
    this.#exchange = exchange;
    this.#path = path;
    this.#conditions = conditions;
    this.#location = location;
  }

  /** Answers, after asking the disk. */
  async start(): Promise<void> {
    try {
      const found = await this.#context.folder.find(this.#path);
      if (!this.#isFinished) this.answer(found);
    } catch {
      this.#broken();
    }
  }

  drained(): void {
    if (this.#compressed === undefined) this.#download?.next();
    else this.#compressed.drained();
  }

  finished(): void {
    this.#isFinished = true;
    this.#download?.finished();
    this.#compressed?.close();
  }

  answer(resource: Resource): void {
    if (resource.type === "none") {
      this.#withoutFile(resource.why);
      return;
    }
    const file = this.#chosen(resource);
    if (file instanceof Promise) void file.then((made) => this.#answerWith(resource, made)).catch(() => this.#broken());
    else this.#answerWith(resource, file);
  }

  /** Ranges are of what is on the disk. */
  #chosen(resource: FileResource): StoredFile | Promise<StoredFile> {
    const { acceptEncoding, range } = this.#conditions;
    const { plain, coded, codings } = resource;
    if (codings.length === 0 || acceptEncoding === "") return plain;
    const available = range === "" ? codings : coded.map(({ coding }) => coding!);
    const coding = chooseCoding(acceptEncoding, available);
    return coding === undefined ? plain : this.#context.folder.inCoding(this.#path, resource, coding);
  }

  #broken(): void {
    if (!this.#isFinished) this.#withoutFile("broken");
  }

  #answerWith(resource: FileResource, file: StoredFile): void {
    if (this.#isFinished) return;
    const verdict = this.#conditions.isConditional ? evaluate(this.#conditions, file) : "proceed";
    if (verdict === "precondition-failed") this.#exchange.fail(412);
    else if (verdict === "not-modified") this.#notModified(resource, file);
    else this.#content(resource, file);
  }

  #withoutFile(why: NoFile): void {
    const exchange = this.#exchange;
    if (why === "folder") this.#toFolder();
    else if (why === "missing") exchange.fail(404);
    else if (why === "forbidden") exchange.fail(403);
    else {
      this.#context.failed(why);
      if (why === "busy") exchange.fail(503, undefined, RETRY_AFTER);
      else exchange.fail(500);
    }
  }

  #toFolder(): void {
    const writer = this.#exchange.begin(308);
    writer.field("Location", this.#location);
    this.#exchange.sendHead(0);
    this.#exchange.end();
  }

  #notModified({ lines }: FileResource, { validatorLines }: StoredFile): void {
    const writer = this.#exchange.begin(304);
    for (const line of validatorLines) writer.line(line);
    for (const line of lines) writer.line(line);
    this.#exchange.sendHead(BodyFraming.none);
    this.#exchange.end();
  }

  #content(resource: FileResource, file: StoredFile): void {
    const { size, content } = file;
    const range = this.#rangeOf(file);
    if (range === "unsatisfiable") {
      this.#exchange.fail(416, undefined, fieldLine("Content-Range", `bytes */${size}`));
      return;
    }
    const isMadeNow = file.isMade && content === undefined;
    // Too much is being compressed.
    if (isMadeNow && !mayCompress()) {
      this.#content(resource, resource.plain);
      return;
    }
    const { from, to } = range ?? { from: 0, to: size };
    const sendHead = (first: Uint8Array, start: number, end: number) => {
      const writer = this.#exchange.begin(range === undefined ? 200 : 206);
      for (const line of file.contentLines) writer.line(line);
      for (const line of file.validatorLines) writer.line(line);
      for (const line of resource.lines) writer.line(line);
      if (range !== undefined) writer.field("Content-Range", `bytes ${from}-${to - 1}/${size}`);
      this.#exchange.sendHead(isMadeNow ? BodyFraming.unknown : to - from, first, start, end);
    };
    if (content !== undefined || this.#exchange.isHead || size === 0) {
      const bytes = content ?? NO_BYTES;
      sendHead(bytes, Math.min(from, bytes.length), Math.min(to, bytes.length));
      this.#exchange.end();
    } else this.#fromDisk(file, { from, to }, sendHead);
  }

  #fromDisk(file: StoredFile, range: ByteRange, sendHead: SendHead): void {
    const { open, folder, failed } = this.#context;
    open.open(file, (opened) => {
      if (opened === "busy") {
        if (this.#isFinished) return;
        failed("busy");
        this.#exchange.fail(503, undefined, RETRY_AFTER);
      } else if (opened === "changed") {
        this.#replaced += 1;
        folder.forget(this.#path);
        if (this.#isFinished) return;
        if (this.#replaced < MAX_REPLACED) void this.start();
        else this.#exchange.fail(503, undefined, RETRY_AFTER);
      } else {
        this.#download = this.#downloadOf(file, opened, range, sendHead);
        if (this.#isFinished) this.#download.finished();
        else this.#download.next();
      }
    });
  }

  #downloadOf(file: StoredFile, opened: OpenFile, range: ByteRange, sendHead: SendHead): Download {
    const exchange = this.#exchange;
    const { open } = this.#context;
    if (!file.isMade || this.#isFinished)
      return new Download(exchange, exchange, open, opened, range, (first, length) => sendHead(first, 0, length));
    const compressed = new CompressedBody(exchange, file.coding!, () => this.#download?.next());
    this.#compressed = compressed;
    return new Download(exchange, compressed, open, opened, range, (first, length) => {
      sendHead(NO_BYTES, 0, 0);
      compressed.send(first, 0, length);
    });
  }

  #rangeOf(file: StoredFile): ByteRange | "unsatisfiable" | undefined {
    const conditions = this.#conditions;
    if (conditions.range === "" || this.#exchange.isHead) return undefined;
    if (!rangeApplies(conditions, file, Math.floor(Date.now() / 1000))) return undefined;
    return byteRange(conditions.range, file.size);
  }
}

const NO_BYTES = new Uint8Array(0);
