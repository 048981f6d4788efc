/** What mDNS counted since it was started; none decreases. */
export interface MdnsCounts {
  queries: number;
  responses: number;
  /** Datagrams that are not well-formed messages, or have an opcode or a response code. */
  malformed: number;
  /** Datagrams ignored because an interface received too much. */
  limited: number;
  /** Messages ignored because of their sender: a response from another port, a query for a unicast answer from another network. */
  foreign: number;
  /** Answers not sent because too many wait. */
  dropped: number;
  /** Datagrams sent to the group, and to one client. */
  multicasts: number;
  unicasts: number;
  sendFailed: number;
  /** Times that another machine had one of our names. */
  conflicts: number;
}

export function newCounts(): MdnsCounts {
  return {
    queries: 0,
    responses: 0,
    malformed: 0,
    limited: 0,
    foreign: 0,
    dropped: 0,
    multicasts: 0,
    unicasts: 0,
    sendFailed: 0,
    conflicts: 0,
  };
}
