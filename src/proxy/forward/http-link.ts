import { HttpTarget, type HttpTargetOptions } from "../../http/mod.ts";
import type { Target, TargetLink } from "../../targets/mod.ts";

/** The kept connections of a route to one target, on one event loop. */
export class HttpLink implements TargetLink {
  readonly http: HttpTarget;
  /** `Host` for a target that has a name of its own: one that is reached over TLS. */
  readonly ownAuthority: Uint8Array | undefined;
  /** Content only; added to by `Forward`. */
  bytesWritten = 0;
  bytesRead = 0;

  /** @throws {TenkError} `invalid-option`, `file-unreadable` */
  constructor(options: HttpTargetOptions) {
    this.http = new HttpTarget(options);
    const { isSecure, authority } = this.http.address;
    this.ownAuthority = isSecure ? new TextEncoder().encode(authority) : undefined;
  }

  readCounts(): { readonly bytesWritten: number; readonly bytesRead: number } {
    return { bytesWritten: this.bytesWritten, bytesRead: this.bytesRead };
  }

  close(): void {
    // What is open goes on as long as it needs: a reload must not end a download or a WebSocket.
    void this.http.stop({ graceMs: Number.POSITIVE_INFINITY });
  }
}

export type HttpServiceTarget = Target<HttpLink>;
