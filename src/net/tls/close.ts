import { descriptorOf, finishDescriptor } from "../ffi.ts";
import type { RawSocket } from "../socket-events.ts";

/**
 * Closes a socket under TLS now. Left to itself the runtime keeps its descriptor until the peer has taken what is encrypted
 * already, and `terminate` then does nothing: a peer that takes nothing would keep it for ever. What the kernel has is still
 * sent.
 */
export function closeSecure(socket: RawSocket): void {
  socket.shutdown();
  finishDescriptor(descriptorOf(socket));
  socket.close();
}
