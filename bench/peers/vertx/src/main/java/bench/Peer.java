package bench;

import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.net.NetServerOptions;
import java.util.concurrent.atomic.LongAdder;

/** {@code java -cp ... bench.Peer sink|echo PORT [native]}: Vert.x as its documentation starts it, one NetServer. */
public final class Peer {
  private static final LongAdder reads = new LongAdder();
  private static final LongAdder bytes = new LongAdder();
  private static final LongAdder accepted = new LongAdder();

  public static void main(String[] words) {
    boolean echo = words[0].equals("echo");
    int port = Integer.parseInt(words[1]);
    boolean nativeTransport = words.length > 2 && words[2].equals("native");
    Vertx vertx = Vertx.vertx(new VertxOptions().setPreferNativeTransport(nativeTransport));
    if (nativeTransport && !vertx.isNativeTransportEnabled()) {
      System.err.println("native transport is not available: " + vertx.unavailableNativeTransportCause());
      System.exit(3);
    }
    vertx.createNetServer(new NetServerOptions().setHost("127.0.0.1").setPort(port))
        .connectHandler(socket -> {
          accepted.increment();
          socket.exceptionHandler(cause -> {});
          socket.handler(buffer -> {
            reads.increment();
            bytes.add(buffer.length());
            if (echo) socket.write(buffer);
          });
        })
        .listen()
        .onSuccess(server -> System.out.println("ready " + server.actualPort()))
        .onFailure(cause -> {
          System.err.println(cause);
          System.exit(1);
        });
    Runtime.getRuntime().addShutdownHook(new Thread(() -> System.out.println(
        "{\"accepted\":" + accepted.sum() + ",\"reads\":" + reads.sum() + ",\"bytes\":" + bytes.sum() + "}")));
  }
}
