import { useEffect, useState } from "preact/hooks";

/** A value that notifies its subscribers when it is set. */
export interface Cell<Value> {
  get(): Value;
  set(value: Value): void;
  /** @returns how to stop listening */
  subscribe(listener: (value: Value) => void): () => void;
}

export function cell<Value>(first: Value): Cell<Value> {
  let current = first;
  const listeners = new Set<(value: Value) => void>();
  return {
    get: () => current,
    set(value) {
      current = value;
      for (const listener of [...listeners]) listener(value);
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}

/** Returns the cell's value, and renders again whenever it is set. */
export function useCell<Value>(source: Cell<Value>): Value {
  const [value, setValue] = useState(() => source.get());
  useEffect(() => {
    setValue(() => source.get());
    return source.subscribe((next) => setValue(() => next));
  }, [source]);
  return value;
}
