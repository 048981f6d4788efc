import { boundReceiveBuffer } from "../ffi.ts";
import type { SocketSettings } from "../settings.ts";

/** How `Bandwidth` bounds what the kernel keeps unread. A size that the listener was given stands where it is smaller. */
export function boundOf(settings: SocketSettings): (descriptor: number, bytes: number) => void {
  const { receiveBufferBytes, sendBufferBytes } = settings;
  return (descriptor, bytes) => {
    const smaller = bytes === 0 ? receiveBufferBytes : Math.min(bytes, receiveBufferBytes || bytes);
    boundReceiveBuffer(descriptor, smaller, sendBufferBytes > 0);
  };
}
