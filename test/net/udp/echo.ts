import { peerAddress, peerPort, type ServeDatagrams } from "../../../src/net/udp/mod.ts";

/** Echoes; some datagrams are told to do more. */
export const serve: ServeDatagrams = (start, { index, post }) => {
  let prefix = (start as { prefix?: string } | undefined)?.prefix ?? "";
  const batch: string[] = [];
  return {
    batchBegins: () => void batch.push("begin"),
    batchEnds: () => void batch.push("end"),
    datagram(view) {
      const text = Buffer.from(view.bytes.subarray(view.from, view.from + view.length)).toString();
      if (text === "none") return 0;
      if (text === "throw") throw new Error("told to");
      if (text === "exit") {
        post("exits");
        process.exit(3);
      }
      if (text === "later, then exit") {
        view.handOver(text.length);
        process.exit(3);
      }
      if (text.startsWith("later") && view.handOver(text.length)) return 0;
      const answer =
        text === "batches"
          ? batch.join(" ")
          : text === "who"
            ? `${peerAddress(view.peers, view.peerAt)} ${peerPort(view.peers, view.peerAt)} ${index}`
            : prefix + text;
      const bytes = Buffer.from(answer);
      view.out.set(bytes.subarray(0, view.room), view.to);
      return bytes.length;
    },
    message(message) {
      prefix = String(message);
      post(`prefix ${prefix}`);
    },
  };
};
