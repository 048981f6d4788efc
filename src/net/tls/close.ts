import { descriptorOf, finishDescriptor } from "../ffi.ts";
import type { RawSocket } from "../socket-events.ts";
import { sendProgress } from "../tcp-info.ts";

/**
 * Closes a socket under TLS now. Left to itself the runtime keeps its descriptor until the peer has taken what is encrypted
 * already: a peer that takes nothing would keep it for ever. What the kernel has is still sent. Where the runtime holds
 * more, which only the FIN that waits behind it tells, the connection is reset instead: a part must not look whole.
 */
export function closeSecure(socket: RawSocket): void {
  socket.shutdown();
  const descriptor = descriptorOf(socket);
  if (!sendProgress(descriptor).finQueued) {
    socket.terminate();
    return;
  }
  finishDescriptor(descriptor);
  socket.close();
}
