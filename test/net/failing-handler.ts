/** A module that fails outside of its own loading, while it is loaded. */
setTimeout(() => {
  throw new Error("lost while it loads");
}, 0);
await new Promise((resolve) => setTimeout(resolve, 300));
export default {};
