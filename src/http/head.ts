/**
 * A head as a table of offsets into bytes in HTTP/1.1 form, whichever protocol it came by.
 * To be replaced by the class of the same name in `wire/`, which fills it.
 */
export interface Head {
  /** Five a line: start and end of the name, start and end of the value, the `FieldName` (0 = not a known one). */
  readonly fields: Int32Array;
  readonly count: number;
  readonly methodStart: number;
  readonly methodEnd: number;
  readonly method: number;
  readonly targetStart: number;
  readonly targetEnd: number;
  /** The authority in force: of an absolute form, of `:authority`, or of `Host`; -1 where there is none. */
  readonly hostStart: number;
  readonly hostEnd: number;
  readonly version: number;
  readonly status: number;
  /** -1 = none. */
  readonly contentLength: number;
  readonly isChunked: boolean;
  readonly wantsClose: boolean;
  readonly wantsKeepAlive: boolean;
  readonly wantsUpgrade: boolean;
  readonly namesOthers: boolean;
  readonly expectsContinue: boolean;
  readonly hasAmbiguousNames: boolean;
  readonly length: number;
  at(name: number): number;
}
