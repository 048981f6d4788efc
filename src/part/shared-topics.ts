/** A listener whose connections publish and subscribe. */
export interface TopicSource {
  onPublish(listener: ((topic: string, message: Uint8Array) => void) | undefined): void;
  deliver(topic: string, message: Uint8Array): void;
}

/** Carries messages of listeners elsewhere, and brings others from there. */
export interface TopicLink {
  /** @param message must not change afterwards */
  publish(listener: string, topic: string, message: Uint8Array): void;
  /** The listeners are others from now on: it brings messages of these. */
  listenersChanged(names: readonly string[]): void;
}

/** Joins the part that has listeners with the one that carries their topics to other processes; either may come and go. */
export class SharedTopics {
  #sources: ReadonlyMap<string, TopicSource> = new Map();
  #link: TopicLink | undefined;

  /** Names the listeners that there are now. */
  share(sources: ReadonlyMap<string, TopicSource>): void {
    for (const [name, source] of this.#sources) if (sources.get(name) !== source) source.onPublish(undefined);
    this.#sources = sources;
    this.#connect();
  }

  /** @param link undefined for none any more */
  carryBy(link: TopicLink | undefined): void {
    this.#link = link;
    this.#connect();
  }

  /** Brings a message to the connections of a listener that subscribe to its topic. */
  deliver(listener: string, topic: string, message: Uint8Array): void {
    this.#sources.get(listener)?.deliver(topic, message);
  }

  #connect(): void {
    const link = this.#link;
    for (const [name, source] of this.#sources)
      source.onPublish(link && ((topic, message) => link.publish(name, topic, message)));
    link?.listenersChanged([...this.#sources.keys()]);
  }
}
