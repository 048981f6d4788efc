import type { TargetReader } from "../loop/mod.ts";
import { messagesIn } from "../measure/mod.ts";

/** `parts.tcp` of `/api/status`, as far as it is read here. */
interface TcpSection {
  readonly listeners?: readonly {
    readonly port?: number;
    readonly counts?: { readonly active?: number; readonly peak?: number; readonly bytesRead?: number };
  }[];
}

/** Of TCP a target counts bytes. */
export const tcpTarget: TargetReader = {
  read(parts, port) {
    const section = parts.tcp as TcpSection | undefined;
    const counts = section?.listeners?.find((listener) => listener.port === port)?.counts;
    const { active = 0, peak = 0, bytesRead = 0 } = counts ?? {};
    return counts && { open: active, peak, counts: { bytesRead } };
  },
  hasAll: ({ bytesRead = 0 }, { bytes, firstBytes }) => bytesRead >= bytes + firstBytes,
  report: ({ bytesRead = 0 }, sent) => ({
    received: messagesIn(Math.max(0, bytesRead - sent.firstBytes), sent),
    bytesReceived: bytesRead,
  }),
  expectation: "server.bytes=bytes.sent",
};
