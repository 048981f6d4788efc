/** Tells which process answers. */
export default {
  chunk: (connection: { write(text: string): void }) => connection.write(`${process.pid}\n`),
};
