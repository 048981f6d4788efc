import { afterTurn } from "../../../net/mod.ts";
import { Head } from "../../../wire/http1/mod.ts";
import { FieldSection } from "../../../wire/http2/mod.ts";
import type { FailureReason } from "../../client/mod.ts";
import type { Http2Sender, SenderOwner } from "../sender.ts";
import type { Http2TargetSettings } from "./options.ts";
import { RequestWriter } from "./request-writer.ts";
import type { ClientSession } from "./session.ts";
import type { ClientStream, StreamOwner } from "./stream.ts";

/** What the sessions of one event loop to one target share: one head is written or read at a time. */
export abstract class SessionOwner implements SenderOwner, StreamOwner {
  readonly settings: Http2TargetSettings;
  readonly isSecure: boolean;
  readonly writer: RequestWriter;
  readonly requestHead: Head;
  readonly responseHead: Head;
  readonly section: FieldSection;
  #senders: Http2Sender[] = [];
  readonly #flushSenders = () => this.#flush();

  constructor(settings: Http2TargetSettings, isSecure: boolean) {
    const { maxHeadBytes, maxFields } = settings;
    this.settings = settings;
    this.isSecure = isSecure;
    this.writer = new RequestWriter(2 * maxHeadBytes);
    this.requestHead = new Head(maxFields);
    this.responseHead = new Head(maxFields);
    this.section = new FieldSection({ maxBytes: maxHeadBytes, maxFields, maxBlockBytes: 2 * maxHeadBytes });
  }

  get maxQueuedBytes(): number {
    return this.settings.maxQueuedBytes;
  }
  get headBlock(): Uint8Array {
    return this.writer.block;
  }
  get streamWindowBytes(): number {
    return this.settings.streamWindowBytes;
  }

  flushAfterTurn(sender: Http2Sender): void {
    if (this.#senders.push(sender) === 1) afterTurn(this.#flushSenders);
  }

  /** A session takes another request. */
  abstract hasRoom(session: ClientSession): void;
  abstract sessionClosed(session: ClientSession): void;
  abstract withdrawn(stream: ClientStream): void;
  abstract ended(outcome: "answered" | "aborted" | FailureReason, text: string): void;

  #flush(): void {
    const senders = this.#senders;
    this.#senders = [];
    for (const sender of senders) sender.flush();
  }
}
