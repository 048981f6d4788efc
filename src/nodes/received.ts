/** What is known of another node. */
export interface KnownNode {
  readonly id: string;
  name: string;
  received: number;
  /** Messages of it that never came, or after their successors. */
  lost: number;
  /** By listener: the number that its next message has. */
  readonly next: Map<string, number>;
}

/**
 * Finds the messages of other nodes that did not come. Each node numbers its messages, a row for each listener, and tells from time to time
 * how far it is; so a gap is known, and a lost last message too. Messages are delivered in order or not at all: one that comes
 * behind its successors was counted as lost, and stays that.
 */
export class Received {
  /** In the order in which they were last heard of. */
  readonly #nodes = new Map<string, KnownNode>();
  readonly #maxNodes: number;
  received = 0;
  lost = 0;
  /** Messages that came behind their successors. They are among the lost. */
  late = 0;

  constructor(maxNodes: number) {
    this.#maxNodes = maxNodes;
  }

  get nodes(): readonly KnownNode[] {
    return [...this.#nodes.values()];
  }

  /** Takes the number of a message. @returns whether it may be delivered */
  take(id: string, listener: string, sequence: number): boolean {
    const node = this.#node(id);
    const next = node.next.get(listener) ?? sequence;
    if (sequence < next) {
      this.late += 1;
      return false;
    }
    this.#lose(node, sequence - next);
    node.next.set(listener, sequence + 1);
    node.received += 1;
    this.received += 1;
    return true;
  }

  /** A node says how many messages of a listener it has sent. The first time that is where counting begins. */
  tell(id: string, name: string, listener: string, sent: number): void {
    const node = this.#node(id);
    node.name = name;
    const next = node.next.get(listener);
    if (next !== undefined) this.#lose(node, Math.max(0, sent + 1 - next));
    node.next.set(listener, Math.max(next ?? 0, sent + 1));
  }

  /** A node has stopped: nothing more will come. */
  forget(id: string): void {
    this.#nodes.delete(id);
  }

  /** A listener has gone: what comes meanwhile is not lost. */
  forgetListener(listener: string): void {
    for (const { next } of this.#nodes.values()) next.delete(listener);
  }

  #lose(node: KnownNode, count: number): void {
    node.lost += count;
    this.lost += count;
  }

  #node(id: string): KnownNode {
    let node = this.#nodes.get(id);
    if (node !== undefined) return node;
    node = { id, name: id, received: 0, lost: 0, next: new Map() };
    const [oldest] = this.#nodes.keys();
    if (this.#nodes.size >= this.#maxNodes && oldest !== undefined) this.#nodes.delete(oldest);
    this.#nodes.set(id, node);
    return node;
  }
}
