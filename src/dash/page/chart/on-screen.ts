/** How far below the screen a chart counts as seen, so that it is drawn before it is scrolled to. */
const MARGIN = "300px";

/** Draws only what can be seen: dozens of charts change every second, and a phone shows three of them. */
export interface OnScreen {
  readonly isSeen: boolean;
  /** Draws now, or once it comes to the screen. */
  draw(): void;
  stop(): void;
}

/** @param paint draws */
export function onScreen(element: Element, paint: () => void): OnScreen {
  let isSeen = true;
  let isStale = false;
  const draw = () => {
    isStale = !isSeen;
    if (isSeen) paint();
  };
  const observer = new IntersectionObserver(
    (entries) => {
      isSeen = entries.at(-1)!.isIntersecting;
      if (isSeen && isStale) draw();
    },
    { rootMargin: MARGIN },
  );
  // Paper has no screen.
  const print = () => {
    if (isStale) paint();
  };
  observer.observe(element);
  addEventListener("beforeprint", print);
  return {
    get isSeen() {
      return isSeen;
    },
    draw,
    stop() {
      observer.disconnect();
      removeEventListener("beforeprint", print);
    },
  };
}
