/** Content of a request that came before it could be forwarded. */
export interface HeldContent {
  readonly parts: readonly Uint8Array[];
  /** No more will come. */
  readonly isComplete: boolean;
  /** Field lines, each with its CRLF. */
  readonly trailers: Uint8Array | undefined;
}
