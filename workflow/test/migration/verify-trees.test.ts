/** A folder beside a bucket of a real S3 server process: what is missing, cut, changed or cannot be a path is named; nothing is fetched. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { dirname, join } from "node:path";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { CreateBucketCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { makeTestLab, runProgram } from "../support/test-lab.ts";

const python = process.env["TENON_PYTHON_S3"];
const moto = python === undefined ? undefined : join(dirname(python), "moto_server");
const skip =
  moto === undefined || !existsSync(moto)
    ? "no S3 server: TENON_PYTHON_S3 is not set (scripts/python-env.sh)"
    : false;

interface Found {
  readonly ok: boolean;
  readonly problems: readonly { readonly code: string; readonly where: string; readonly message: string }[];
  readonly notes: readonly { readonly code: string }[];
  readonly files: {
    readonly trees: readonly {
      readonly total: number;
      readonly bytes: number;
      readonly verified: number;
      readonly problems: number;
    }[];
  };
}

describe("tenon migrate verify --files", { skip }, () => {
  const lab = makeTestLab();
  const dump = join(lab.folder, "empty.sql");
  let server: ChildProcess;
  let endpoint = "";
  let client: S3Client;
  const env = {
    ...lab.env,
    AWS_ACCESS_KEY_ID: "tester",
    AWS_SECRET_ACCESS_KEY: "secret-of-tester",
    AWS_REGION: "us-east-1",
  };

  before(async () => {
    const port = await freePort();
    endpoint = `http://127.0.0.1:${port}`;
    server = spawn(moto!, ["-H", "127.0.0.1", "-p", String(port)], { stdio: "ignore" });
    client = new S3Client({
      endpoint,
      region: "us-east-1",
      forcePathStyle: true,
      credentials: { accessKeyId: "tester", secretAccessKey: "secret-of-tester" },
    });
    await until(() => client.send(new CreateBucketCommand({ Bucket: "dj-sciops" })));
    writeFileSync(dump, "-- MySQL dump 10.13\nCREATE DATABASE `x`;\nUSE `x`;\n-- Dump completed\n");
    // any database that is there
    const { connect } = await import("@tenon/datajoint");
    await (await connect({ kind: "sqlite", path: join(lab.folder, "tenon.sqlite") })).close();
  });
  after(async () => {
    client?.destroy();
    server?.kill();
    if (server !== undefined && server.exitCode === null && server.signalCode === null)
      await new Promise((resolve) => server.once("exit", resolve));
    await lab.remove();
  });

  const put = (key: string, body: string | Buffer, metadata: Record<string, string> = {}) =>
    client.send(new PutObjectCommand({ Bucket: "dj-sciops", Key: key, Body: body, Metadata: metadata }));
  const local = (path: string, body: string | Buffer) => {
    const full = join(lab.folder, "raw", path);
    mkdirSync(dirname(full), { recursive: true });
    writeFileSync(full, body);
  };
  const verify = async (
    prefix: string,
  ): Promise<Found & { readonly code: number | null; readonly err: string }> => {
    const words = [
      "migrate",
      "verify",
      "--dump",
      dump,
      "--without-run",
      "--json",
      "--endpoint",
      endpoint,
      "--files",
      `s3://dj-sciops/${prefix}=raw`,
    ];
    const { code, out, err } = await runProgram("tenon", words, lab.folder, env);
    assert.notEqual(out, "", err);
    return { ...(JSON.parse(out) as Found), code, err };
  };

  it("finds nothing wrong with a whole copy", async () => {
    const meta = { contents_hash: uuid(createHash("md5").update("two").digest("hex")) };
    await put("org_wf/inbox/run/one.bin", "one");
    await put("org_wf/inbox/run/two.bin", "two", meta);
    await put("org_wf/inbox/empty/", "");
    await put("org_wf/inbox2/other.bin", "not below inbox/");
    local("run/one.bin", "one");
    local("run/two.bin", "two");
    const found = await verify("org_wf/inbox");
    assert.deepEqual(found.problems, []);
    assert.equal(found.code, 0);
    assert.deepEqual(
      found.files.trees.map(({ total, bytes, verified, problems }) => ({ total, bytes, verified, problems })),
      [{ total: 2, bytes: 6, verified: 2, problems: 0 }],
    );
  });

  it("names what is missing, cut, changed, colliding and escaping, each by its code and key", async () => {
    await put("bad/inbox/missing.bin", "missing");
    await put("bad/inbox/cut.bin", "0123456789");
    await put("bad/inbox/changed.bin", "0123456789");
    await put("bad/inbox/Case.bin", "a");
    await put("bad/inbox/case.bin", "b");
    await put("bad/inbox/../escape.bin", "x");
    local("cut.bin", "01234");
    local("changed.bin", "9876543210");
    local("Case.bin", "a");
    const before = readdirSync(join(lab.folder, "raw")).toSorted();
    const found = await verify("bad/inbox");
    assert.equal(found.code, 1);
    assert.deepEqual(
      found.problems
        .map(({ code, where }) => [code, where.slice("s3://dj-sciops/bad/inbox/".length)])
        .toSorted(),
      [
        ["content-differs", "changed.bin"],
        ["file-missing", "missing.bin"],
        ["file-size-differs", "cut.bin"],
        ["key-escapes-root", "../escape.bin"],
        ["keys-collide", "case.bin"],
      ],
    );
    assert.deepEqual(readdirSync(join(lab.folder, "raw")).toSorted(), before, "nothing was fetched");
    assert.doesNotMatch(found.err + JSON.stringify(found), /secret-of-tester/);
  });

  it("says that a prefix holds nothing", async () => {
    const found = await verify("nowhere");
    assert.deepEqual(
      found.problems.map(({ code }) => code),
      ["nothing-found"],
    );
  });
});

function uuid(hex: string): string {
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Tries until it works; a server takes a while to start. */
async function until(work: () => Promise<unknown>): Promise<void> {
  for (let tries = 0; ; tries++)
    try {
      await work();
      return;
    } catch (error) {
      if (tries > 150) throw error;
      await sleep(200);
    }
}
