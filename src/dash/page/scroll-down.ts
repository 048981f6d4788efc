/**
 * Scrolls to a depth. A view's data arrives later, so it scrolls again as the page grows, until the reader scrolls.
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
