/**
 * @module
 * A wire to an S3 server that tests may pull at: every piece of an answer passes a function of the test.
 */
import { connect, createServer, type Server } from "node:net";

export class S3Wire implements AsyncDisposable {
  readonly endpoint: string;
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
    this.endpoint = `http://127.0.0.1:${(server.address() as { port: number }).port}`;
  }

  /** @param pass  gives what arrives of a piece, or "cut" to break its connection; the pieces of a connection come one after the other */
  static async lay(
    target: string,
    pass: (piece: Buffer) => Buffer | "cut" | Promise<Buffer | "cut">,
  ): Promise<S3Wire> {
    const port = Number(new URL(target).port);
    const server = createServer((client) => {
      const upstream = connect(port, "127.0.0.1");
      let last: Promise<void> = Promise.resolve();
      client.on("error", () => upstream.destroy());
      upstream.on("error", () => client.destroy());
      client.on("close", () => upstream.destroy());
      upstream.on("close", () => void last.then(() => client.end()));
      client.on("data", (bytes) => upstream.write(bytes));
      upstream.on("data", (bytes: Buffer) => {
        upstream.pause();
        last = last.then(async () => {
          const passed = await pass(bytes);
          if (passed === "cut") client.destroy();
          else client.write(passed);
          upstream.resume();
        });
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return new S3Wire(server);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
  }
}
