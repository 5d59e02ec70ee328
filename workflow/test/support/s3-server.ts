/**
 * @module
 * A real S3 server process for tests: moto's, from the Python environment that scripts/python-env.sh makes. It has multipart etags, storage
 * classes and metadata, and checks no signatures.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { createServer } from "node:net";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { S3Client } from "@aws-sdk/client-s3";

const python = process.env["TENON_PYTHON_S3"];

/** Why there can be no server, or false. */
export const noS3: string | false =
  python === undefined ? "no S3 server: TENON_PYTHON_S3 is not set (scripts/python-env.sh)" : false;

export interface S3Server {
  readonly endpoint: string;
  readonly client: S3Client;
  /** What programs read: keys, and the endpoint. */
  readonly env: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

export async function startS3(): Promise<S3Server> {
  const port = await freePort();
  const program = join(dirname(python!), "moto_server");
  const child = spawn(program, ["-H", "127.0.0.1", "-p", `${port}`], { stdio: "ignore" });
  const endpoint = `http://127.0.0.1:${port}`;
  await untilAnswers(endpoint, child);
  const keys = { accessKeyId: "lab", secretAccessKey: "lab-secret-1" };
  const client = new S3Client({ endpoint, forcePathStyle: true, region: "us-east-1", credentials: keys });
  return {
    endpoint,
    client,
    env: {
      AWS_ACCESS_KEY_ID: keys.accessKeyId,
      AWS_SECRET_ACCESS_KEY: keys.secretAccessKey,
      AWS_ENDPOINT_URL: endpoint,
    },
    async stop() {
      client.destroy();
      const ended = new Promise((resolve) => child.once("close", resolve));
      child.kill("SIGKILL");
      await ended;
    },
  };
}

async function untilAnswers(endpoint: string, child: ChildProcess): Promise<void> {
  const deadline = Date.now() + 60_000;
  for (;;) {
    if (child.exitCode !== null) throw new Error(`moto_server ended with ${child.exitCode}`);
    try {
      await fetch(endpoint);
      return;
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await sleep(100);
    }
  }
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}
