/**
 * How many messages so many bytes are. Exact where all have one length, or where every byte arrived; else in proportion.
 *
 * @example
 * messagesIn(30, { sent: 10, bytes: 40, lengthBytes: 4 }); // 7
 */
export function messagesIn(
  bytesReceived: number,
  { sent, bytes, lengthBytes }: { sent: number; bytes: number; lengthBytes: number | undefined },
): number {
  if (bytesReceived === bytes) return sent;
  if (lengthBytes !== undefined && lengthBytes > 0) return Math.floor(bytesReceived / lengthBytes);
  return bytes > 0 ? Math.floor((sent * bytesReceived) / bytes) : 0;
}
