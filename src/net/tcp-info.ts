import { IPPROTO_TCP, readOptionInto, unackedBytes } from "./ffi.ts";

const TCP_INFO = 11;

/** The kernel's measurements of a TCP connection. */
export interface TcpInfo {
  /** Smoothed round-trip time in milliseconds, as the kernel measured it from acknowledgements. */
  rttMs: number;
  rttVarianceMs: number;
  /** Time-outs in a row of what was sent last: above 0 the peer is not answering now. */
  retransmits: number;
  /** Segments sent again since the connection opened. */
  totalRetransmits: number;
  /** Segments now taken for lost. */
  lostSegments: number;
  /** Segments sent and not acknowledged yet. */
  unackedSegments: number;
  /** Segments that may be under way at a time. */
  sendCongestionWindow: number;
  /** Bytes in a segment. */
  sendSegmentBytes: number;
}

/**
 * struct tcp_info, of which only the oldest 104 bytes are asked for: same place on every Linux since 2.6, on x86-64 and
 * arm64 alike. Offsets by include/uapi/linux/tcp.h (8 bytes of u8 and bit fields, then u32): tcpi_retransmits 2,
 * tcpi_snd_mss 16, tcpi_unacked 24, tcpi_lost 32, tcpi_rtt 68 and tcpi_rttvar 72 (microseconds), tcpi_snd_cwnd 80,
 * tcpi_total_retrans 100.
 */
const TCP_INFO_BYTES = 104;
const info = new DataView(new ArrayBuffer(TCP_INFO_BYTES));

/** Costs one system call. Undefined for a Unix socket and for a closed descriptor. */
export function tcpInfo(descriptor: number): TcpInfo | undefined {
  if (readOptionInto(descriptor, IPPROTO_TCP, TCP_INFO, info) < TCP_INFO_BYTES) return undefined;
  const number = (offset: number) => info.getUint32(offset, true);
  return {
    rttMs: number(68) / 1000,
    rttVarianceMs: number(72) / 1000,
    retransmits: info.getUint8(2),
    totalRetransmits: number(100),
    lostSegments: number(32),
    unackedSegments: number(24),
    sendCongestionWindow: number(80),
    sendSegmentBytes: number(16),
  };
}

/** How many of the bytes written to a socket have arrived. */
export interface SendProgress {
  /** Changes whenever the peer's kernel has taken bytes. */
  readonly mark: number;
  /** Since its last acknowledgement; 0 for a Unix socket, which has none. */
  readonly quietMs: number;
  /** Bytes in the kernel that the peer's kernel has not acknowledged; our FIN counts as one. */
  readonly unackedBytes: number;
  /** Our FIN is in the kernel, and with it all that was to go before it. */
  readonly finQueued: boolean;
}

/** Linux's names for them (include/net/tcp_states.h): FIN_WAIT1, FIN_WAIT2, TIME_WAIT, CLOSE, LAST_ACK, CLOSING. */
const STATES_WITH_FIN: ReadonlySet<number> = new Set([4, 5, 6, 7, 9, 11]);
/** As far as tcpi_bytes_acked reaches (Linux 4.1). */
const PROGRESS_BYTES = 128;
const progress = new DataView(new ArrayBuffer(PROGRESS_BYTES));

/** Two system calls. Offsets as for {@link TCP_INFO_BYTES}: tcpi_state 0, tcpi_last_ack_recv 56, tcpi_bytes_acked 120. */
export function sendProgress(descriptor: number): SendProgress {
  const unacked = unackedBytes(descriptor);
  if (readOptionInto(descriptor, IPPROTO_TCP, TCP_INFO, progress) < PROGRESS_BYTES) {
    return { mark: unacked, quietMs: 0, unackedBytes: unacked, finQueued: unacked === 0 };
  }
  return {
    mark: Number(progress.getBigUint64(120, true)),
    quietMs: progress.getUint32(56, true),
    unackedBytes: unacked,
    finQueued: STATES_WITH_FIN.has(progress.getUint8(0)),
  };
}

/** tcpi_state of a connection that was reset, or that both sides closed (include/net/tcp_states.h). */
const TCP_CLOSE = 7;

/** Returns whether a TCP connection is over for the kernel: after the peer's FIN alone it is not. */
export function isOver(descriptor: number): boolean {
  return readOptionInto(descriptor, IPPROTO_TCP, TCP_INFO, info) >= 0 && info.getUint8(0) === TCP_CLOSE;
}
