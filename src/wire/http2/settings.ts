import { ErrorCode } from "./error-code.ts";
import { DEFAULT_MAX_FRAME_BYTES, DEFAULT_WINDOW_BYTES, MAX_WINDOW_BYTES, readUint32, writeUint32 } from "./frame.ts";

/** SETTINGS that are known here (RFC 9113 §6.5.2, RFC 8441 §3). */
export const SettingId = {
  headerTableSize: 1,
  enablePush: 2,
  maxConcurrentStreams: 3,
  initialWindowSize: 4,
  maxFrameSize: 5,
  maxHeaderListSize: 6,
  enableConnectProtocol: 8,
} as const;

const SETTING_BYTES = 6;
const MOST_FRAME_BYTES = 16_777_215;

/** What a peer wants us to obey. */
export class PeerSettings {
  headerTableBytes = 4096;
  /** Whether the peer takes pushed responses; a client's value, which nobody here uses. */
  enablePush = true;
  maxConcurrentStreams = Number.POSITIVE_INFINITY;
  initialWindowBytes = DEFAULT_WINDOW_BYTES;
  maxFrameBytes = DEFAULT_MAX_FRAME_BYTES;
  maxHeaderListBytes = Number.POSITIVE_INFINITY;
  enableConnectProtocol = false;

  /** Takes over a SETTINGS payload, in order; unknown settings are ignored. @returns the error of an invalid one, else `noError` */
  apply(bytes: Uint8Array, from: number, to: number): ErrorCode {
    if ((to - from) % SETTING_BYTES !== 0) return ErrorCode.frameSizeError;
    for (let at = from; at < to; at += SETTING_BYTES) {
      const error = this.#set((bytes[at]! << 8) | bytes[at + 1]!, readUint32(bytes, at + 2));
      if (error !== ErrorCode.noError) return error;
    }
    return ErrorCode.noError;
  }

  #set(id: number, value: number): ErrorCode {
    switch (id) {
      case SettingId.headerTableSize:
        this.headerTableBytes = value;
        break;
      case SettingId.enablePush:
        if (value > 1) return ErrorCode.protocolError;
        this.enablePush = value === 1;
        break;
      case SettingId.maxConcurrentStreams:
        this.maxConcurrentStreams = value;
        break;
      case SettingId.initialWindowSize:
        if (value > MAX_WINDOW_BYTES) return ErrorCode.flowControlError;
        this.initialWindowBytes = value;
        break;
      case SettingId.maxFrameSize:
        if (value < DEFAULT_MAX_FRAME_BYTES || value > MOST_FRAME_BYTES) return ErrorCode.protocolError;
        this.maxFrameBytes = value;
        break;
      case SettingId.maxHeaderListSize:
        this.maxHeaderListBytes = value;
        break;
      case SettingId.enableConnectProtocol:
        if (value > 1) return ErrorCode.protocolError;
        this.enableConnectProtocol = value === 1;
        break;
    }
    return ErrorCode.noError;
  }
}

/** Returns a SETTINGS payload. */
export function encodeSettings(settings: readonly (readonly [id: number, value: number])[]): Uint8Array {
  const bytes = new Uint8Array(settings.length * SETTING_BYTES);
  settings.forEach(([id, value], index) => {
    const at = index * SETTING_BYTES;
    bytes[at] = id >>> 8;
    bytes[at + 1] = id;
    writeUint32(bytes, at + 2, value);
  });
  return bytes;
}
