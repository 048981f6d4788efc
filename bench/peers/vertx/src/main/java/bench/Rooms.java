package bench;

import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.net.NetServerOptions;
import io.vertx.core.net.NetSocket;
import io.vertx.core.net.PemKeyCertOptions;
import io.vertx.core.parsetools.RecordParser;
import java.util.LinkedHashSet;
import java.util.Set;

/**
 * {@code java -cp ... bench.Rooms lines|chat PORT [native]} and {@code bench.Rooms tls PORT CERT KEY [native]} (an echo): as
 * the documentation of Vert.x has it, one NetServer.
 */
public final class Rooms {
  private static final Set<NetSocket> members = new LinkedHashSet<>();

  public static void main(String[] words) {
    String mode = words[0];
    boolean nativeTransport = words[words.length - 1].equals("native");
    Vertx vertx = Vertx.vertx(new VertxOptions().setPreferNativeTransport(nativeTransport));
    if (nativeTransport && !vertx.isNativeTransportEnabled()) {
      System.err.println("native transport is not available: " + vertx.unavailableNativeTransportCause());
      System.exit(3);
    }
    NetServerOptions options = new NetServerOptions().setHost("127.0.0.1").setPort(Integer.parseInt(words[1]));
    if (mode.equals("tls")) {
      options.setSsl(true).setKeyCertOptions(new PemKeyCertOptions().setCertPath(words[2]).setKeyPath(words[3]));
    }
    vertx.createNetServer(options)
        .connectHandler(socket -> {
          socket.exceptionHandler(cause -> {});
          switch (mode) {
            case "lines" -> countLines(socket);
            case "chat" -> talk(socket);
            default -> socket.handler(socket::write);
          }
        })
        .listen()
        .onFailure(cause -> {
          System.err.println(cause);
          System.exit(1);
        });
  }

  /** Lines are counted; the line "?" is answered by the count since the last one. */
  private static void countLines(NetSocket socket) {
    long[] count = {0};
    socket.handler(RecordParser.newDelimited("\n", line -> {
      if (line.length() != 1 || line.getByte(0) != '?') {
        count[0]++;
        return;
      }
      socket.write(count[0] + "\n");
      count[0] = 0;
    }));
  }

  /** All sockets are on one event loop, so that a set of them is enough. */
  private static void talk(NetSocket socket) {
    members.add(socket);
    socket.closeHandler(nothing -> members.remove(socket));
    socket.handler(RecordParser.newDelimited("\n", line -> {
      Buffer bytes = line.copy().appendByte((byte) '\n');
      for (NetSocket member : members) if (member != socket) member.write(bytes);
    }));
  }
}
