/** How far below the screen a chart counts as seen, so that it is drawn before it is scrolled to. */
const MARGIN = "300px";

/** Draws only what can be seen: dozens of charts change every second, and a phone shows three of them, a hidden page none. */
export interface OnScreen {
  readonly isSeen: boolean;
  /** Draws now, or once it comes to the screen of a visible page. */
  draw(): void;
  stop(): void;
}

/** @param paint draws */
export function onScreen(element: Element, paint: () => void): OnScreen {
  let isSeen = true;
  let isStale = false;
  const draw = () => {
    isStale = !isSeen || document.hidden;
    if (!isStale) paint();
  };
  const drawStale = () => {
    if (isStale) draw();
  };
  const observer = new IntersectionObserver(
    (entries) => {
      isSeen = entries.at(-1)!.isIntersecting;
      drawStale();
    },
    { rootMargin: MARGIN },
  );
  // Paper has no screen.
  const print = () => {
    if (isStale) paint();
  };
  observer.observe(element);
  addEventListener("beforeprint", print);
  document.addEventListener("visibilitychange", drawStale);
  return {
    get isSeen() {
      return isSeen;
    },
    draw,
    stop() {
      observer.disconnect();
      removeEventListener("beforeprint", print);
      document.removeEventListener("visibilitychange", drawStale);
    },
  };
}
