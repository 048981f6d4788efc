/**
 * Goes as far down as one was. What a view asks its box for comes later: it goes on as the page grows, until one scrolls.
 *
 * @param depth CSS pixels from the top
 * @returns ends it
 */
export function scrollDown(depth: number): () => void {
  scrollTo(0, depth);
  let reached = scrollY;
  const observer = new ResizeObserver(() => {
    if (Math.abs(scrollY - reached) <= 1) scrollTo(0, depth);
    else observer.disconnect();
    reached = scrollY;
    if (reached >= depth - 1) observer.disconnect();
  });
  if (reached < depth - 1) observer.observe(document.body);
  return () => observer.disconnect();
}
