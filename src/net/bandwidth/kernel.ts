import { boundReceiveBuffer } from "../ffi.ts";
import type { SocketSettings } from "../settings.ts";

/** Returns how `Bandwidth` bounds the bytes that the kernel keeps unread. A smaller size among the settings stays in force. */
export function boundOf(settings: SocketSettings): (descriptor: number, bytes: number) => void {
  const { receiveBufferBytes, sendBufferBytes } = settings;
  return (descriptor, bytes) => {
    const smaller = bytes === 0 ? receiveBufferBytes : Math.min(bytes, receiveBufferBytes || bytes);
    boundReceiveBuffer(descriptor, smaller, sendBufferBytes > 0);
  };
}
