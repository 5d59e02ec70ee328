/**
 * `tenon migrate files` against a real S3 server process: what arrives is what was there, proved by what the source says of it; what cannot
 * be a file is refused by name; a killed run goes on; nothing that lies in the folder is overwritten.
 */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import {
  CompleteMultipartUploadCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  PutObjectCommand,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { freePort, noS3, type S3Server, startS3 } from "../../support/s3-server.ts";
import { S3Wire } from "../../support/s3-wire.ts";
import { makeTestLab, startProgram, type TestLab } from "../../support/test-lab.ts";

interface Report {
  readonly ok: boolean;
  readonly problems: readonly { readonly code: string; readonly where: string; readonly message: string }[];
  readonly notes: readonly { readonly code: string }[];
  readonly files: Readonly<
    Record<"total" | "fetched" | "kept" | "refused" | "bytes" | "fetchedBytes", number>
  >;
  readonly sources: readonly { readonly verifiedBy: Readonly<Record<string, number>> }[];
}

describe("tenon migrate files", { skip: noS3, timeout: 200_000 }, () => {
  let s3: S3Server;
  let lab: TestLab;
  let bucket = "";
  let count = 0;

  before(async () => {
    s3 = await startS3();
  });
  after(() => s3?.stop());

  /** A lab and a bucket of its own. */
  const fresh = async (work: () => Promise<void>) => {
    lab = makeTestLab();
    bucket = `bucket-${process.pid}-${count++}`;
    await s3.client.send(new CreateBucketCommand({ Bucket: bucket }));
    try {
      await work();
    } finally {
      await lab.remove();
    }
  };
  const put = (Key: string, Body: Uint8Array | string, more: object = {}) =>
    s3.client.send(new PutObjectCommand({ Bucket: bucket, Key, Body, ...more }));
  const run = async (
    ...words: string[]
  ): Promise<Report & { readonly code: number | null; readonly err: string }> => {
    Object.assign(lab.env, s3.env);
    const { code, out, err } = await lab.tenon("migrate", "files", ...words, "--json");
    assert.notEqual(out, "", err);
    return { ...(JSON.parse(out) as Report), code, err };
  };
  const local = (name: string) => join(lab.folder, name);
  const codes = ({ problems }: Report) =>
    problems.map(({ code, where }) => `${code} ${where.replace(`s3://${bucket}/`, "")}`);

  it("brings every kind of object, each proved by what the source says of it", () =>
    fresh(async () => {
      const [small, large, hashed] = [randomBytes(1000), randomBytes(21 << 20), randomBytes(2000)];
      await put("org_wf/inbox/s1/a.bin", small);
      await put("org_wf/inbox/s1/empty.txt", "");
      await put("org_wf/inbox/s1/ünïcode name.txt", "x");
      await put("org_wf/inbox2/other.bin", "not of the prefix");
      await put("org_wf/inbox/s1/folder/", "");
      // moto's server, as all WSGI servers, drops headers with an underscore: contents_hash is tested on the judge
      const md5chksum = createHash("md5").update(hashed).digest("base64");
      await put("org_wf/inbox/s1/hashed.bin", hashed, { Metadata: { md5chksum } });
      await upload("org_wf/inbox/s1/large.bin", large, 8 << 20);
      const report = await run(`s3://${bucket}/org_wf/inbox`, "raw");
      assert.deepEqual(report.problems, []);
      assert.equal(report.code, 0);
      assert.deepEqual([report.files.total, report.files.fetched], [5, 5]);
      assert.deepEqual(report.sources[0]!.verifiedBy, { etag: 3, md5chksum: 1, "multipart-etag": 1 });
      assert.ok(readFileSync(local("raw/s1/large.bin")).equals(large));
      assert.ok(readFileSync(local("raw/s1/a.bin")).equals(small));
      assert.equal(readFileSync(local("raw/s1/ünïcode name.txt"), "utf8"), "x");
      assert.ok(statSync(local("raw/s1/folder")).isDirectory());
      assert.ok(!existsSync(local("raw/other.bin")));

      const again = await run(`s3://${bucket}/org_wf/inbox`, "raw");
      assert.deepEqual([again.code, again.files.fetched, again.files.kept], [0, 0, 5]);
      truncateSync(local("raw/s1/a.bin"), 10);
      rmSync(local("raw/s1/hashed.bin"));
      const mended = await run(`s3://${bucket}/org_wf/inbox`, "raw");
      assert.deepEqual(codes(mended), ["local-file-differs org_wf/inbox/s1/a.bin"]);
      assert.deepEqual([mended.code, mended.files.fetched], [1, 1]);
      assert.equal(
        statSync(local("raw/s1/a.bin")).size,
        10,
        "a file that was changed here is not overwritten",
      );
    }));

  it("refuses by name what cannot be a file below the folder, and brings the rest", () =>
    fresh(async () => {
      await put("in/good.txt", "good");
      for (const key of [
        "in/../../escape.txt",
        "in/a/../../b.txt",
        "in/a//double.txt",
        "in/back\\slash.txt",
        "in/ctrl\u0001.txt",
      ])
        await put(key, "bad");
      await put("in/Case.bin", "one");
      await put("in/case.bin", "two");
      await put("in/both", "a file");
      await put("in/both/inside.txt", "needs a folder");
      await put("in/archived.bin", "cold", { StorageClass: "GLACIER" });
      await put("in/deep.bin", "colder", { StorageClass: "DEEP_ARCHIVE" });
      const report = await run(`s3://${bucket}/in`, "raw");
      assert.equal(report.code, 1);
      assert.equal(report.ok, false);
      assert.deepEqual(codes(report).toSorted(), [
        "archived-object in/archived.bin",
        "archived-object in/deep.bin",
        "key-escapes-root in/../../escape.txt",
        "key-escapes-root in/a/../../b.txt",
        "key-escapes-root in/back\\slash.txt",
        "key-not-a-path in/a//double.txt",
        "key-not-a-path in/ctrl\u0001.txt",
        "keys-collide in/Case.bin",
        "keys-collide in/both",
        "keys-collide in/case.bin",
      ]);
      assert.equal(readFileSync(local("raw/good.txt"), "utf8"), "good");
      assert.equal(readFileSync(local("raw/both/inside.txt"), "utf8"), "needs a folder");
      assert.ok(!existsSync(join(lab.folder, "escape.txt")) && !existsSync(local("b.txt")));
      const both = await run(`s3://${bucket}/in`, "raw", "--allow-case");
      assert.equal(readFileSync(local("raw/Case.bin"), "utf8"), "one");
      assert.equal(readFileSync(local("raw/case.bin"), "utf8"), "two");
      assert.ok(!codes(both).some((code) => /ase\.bin/.test(code)));
    }));

  it("never writes through a symlink that leads out, and leaves files of others alone", () =>
    fresh(async () => {
      await put("in/linked/file.txt", "x");
      await put("in/mine.txt", "from the bucket");
      await put("in/same.txt", "the same");
      mkdirSync(local("outside"));
      symlinkSync(local("outside"), local("raw/linked"));
      writeFileSync(local("raw/mine.txt"), "from the lab...");
      writeFileSync(local("raw/same.txt"), "the same");
      const report = await run(`s3://${bucket}/in`, "raw");
      assert.deepEqual(codes(report).toSorted(), [
        "local-file-differs in/mine.txt",
        "symlink-leads-out in/linked/file.txt",
      ]);
      assert.equal(report.files.kept, 1);
      assert.deepEqual(existsSync(local("outside/file.txt")), false);
      assert.equal(readFileSync(local("raw/mine.txt"), "utf8"), "from the lab...");
    }));

  it("goes on after kill -9, and does not fetch again what was there", () =>
    fresh(async () => {
      const bodies = new Map<string, Buffer>();
      for (let i = 0; i < 40; i++) bodies.set(`in/f${i}.bin`, randomBytes(200_000));
      bodies.set("in/large.bin", randomBytes(40 << 20));
      for (const [key, body] of bodies)
        await (body.length > 8 << 20 ? upload(key, body, 8 << 20) : put(key, body));
      Object.assign(lab.env, s3.env);
      const child = startProgram(
        "tenon",
        ["migrate", "files", `s3://${bucket}/in`, "raw", "--parallel", "2"],
        lab.folder,
        lab.env,
      );
      const deadline = Date.now() + 60_000;
      while (!existsSync(local("raw/f20.bin")) && Date.now() < deadline) await sleep(5);
      child.kill("SIGKILL");
      await new Promise((resolve) => child.once("close", resolve));
      const report = await run(`s3://${bucket}/in`, "raw");
      assert.deepEqual(report.problems, []);
      assert.ok(report.files.kept > 5 && report.files.fetched > 0, JSON.stringify(report.files));
      assert.equal(report.files.kept + report.files.fetched, 41);
      for (const [key, body] of bodies)
        assert.ok(readFileSync(local(key.replace("in/", "raw/"))).equals(body), key);
    }));

  it("a byte that changes on the wire is found, and fetched anew", () =>
    fresh(async () => {
      const body = randomBytes(300_000);
      await put("in/a.bin", body);
      const spoil = { count: 0, isAll: false };
      await using wire = await S3Wire.lay(s3.endpoint, (piece) => {
        // a piece in the middle of a body: no header is touched
        if (piece.length > 20_000 && (spoil.isAll || spoil.count === 0)) {
          piece[piece.length - 100]! ^= 0xff;
          spoil.count++;
        }
        return piece;
      });
      const report = await run(`s3://${bucket}/in`, "raw", "--endpoint", wire.endpoint);
      assert.ok(spoil.count > 0);
      assert.deepEqual(report.problems, []);
      assert.ok(readFileSync(local("raw/a.bin")).equals(body));
      rmSync(local("raw/a.bin"));
      spoil.isAll = true;
      const bad = await run(`s3://${bucket}/in`, "raw", "--endpoint", wire.endpoint);
      assert.deepEqual(codes(bad), ["content-differs in/a.bin"]);
      assert.ok(!existsSync(local("raw/a.bin")));
    }));

  it("many large objects come whole over a wire that breaks, each going on where it broke", () =>
    fresh(async () => {
      const bodies = new Map<string, Buffer>();
      for (let i = 0; i < 6; i++) bodies.set(`f${i}.bin`, randomBytes((18 << 20) + i));
      for (const [name, body] of bodies) await upload(`in/${name}`, body, 8 << 20);
      const seen = { bytes: 0, cuts: 0 };
      await using wire = await S3Wire.lay(s3.endpoint, (piece) => {
        seen.bytes += piece.length;
        // five times, wherever that is
        if (seen.cuts >= 5 || seen.bytes < (seen.cuts + 1) * (11 << 20)) return piece;
        seen.cuts++;
        return "cut";
      });
      const report = await run(`s3://${bucket}/in`, "raw", "--endpoint", wire.endpoint);
      assert.equal(seen.cuts, 5);
      assert.deepEqual(report.problems, []);
      assert.deepEqual([report.code, report.files.fetched], [0, 6]);
      for (const [name, body] of bodies) assert.ok(readFileSync(local(`raw/${name}`)).equals(body), name);
      // what came before a cut is not fetched again, but for what the socket held
      const whole = 6 * (18 << 20);
      assert.ok(seen.bytes < whole * 1.25, `${seen.bytes} bytes for ${whole}`);
    }));

  it("many large objects: one that is changed while it streams is refused, the others come", () =>
    fresh(async () => {
      const [before, after] = [randomBytes(30 << 20), randomBytes(30 << 20)];
      for (let i = 0; i < 5; i++) await upload(`in/f${i}.bin`, before, 8 << 20);
      const seen = { bytes: 0, isChanged: false };
      await using wire = await S3Wire.lay(s3.endpoint, async (piece) => {
        seen.bytes += piece.length;
        if (seen.isChanged || seen.bytes < 20 << 20) return piece;
        seen.isChanged = true;
        await upload("in/f3.bin", after, 8 << 20);
        return "cut";
      });
      const report = await run(`s3://${bucket}/in`, "raw", "--endpoint", wire.endpoint);
      assert.ok(seen.isChanged);
      for (const i of [0, 1, 2, 4]) assert.ok(readFileSync(local(`raw/f${i}.bin`)).equals(before), `${i}`);
      // an answer that had begun may be the old object to its end; half of each it never is
      if (existsSync(local("raw/f3.bin"))) {
        assert.deepEqual(report.problems, []);
        assert.ok(readFileSync(local("raw/f3.bin")).equals(before));
      } else assert.deepEqual(codes(report), ["object-changed in/f3.bin"]);
      const again = await run(`s3://${bucket}/in`, "raw");
      assert.deepEqual(again.problems, []);
      assert.ok(readFileSync(local("raw/f3.bin")).equals(after));
    }));

  it("an object that is changed while it is fetched is refused, and whole in the next run", () =>
    fresh(async () => {
      const [before, after] = [randomBytes(60 << 20), randomBytes(60 << 20)];
      await upload("in/a.bin", before, 8 << 20);
      const seen = { bytes: 0, isChanged: false };
      await using wire = await S3Wire.lay(s3.endpoint, async (piece) => {
        seen.bytes += piece.length;
        if (!seen.isChanged && seen.bytes > 12 << 20) {
          seen.isChanged = true;
          await upload("in/a.bin", after, 8 << 20);
        }
        return piece;
      });
      const report = await run(`s3://${bucket}/in`, "raw", "--endpoint", wire.endpoint);
      assert.ok(seen.isChanged);
      assert.deepEqual(codes(report), ["object-changed in/a.bin"]);
      assert.ok(!existsSync(local("raw/a.bin")), "half of the one and half of the other is nobody's file");
      const again = await run(`s3://${bucket}/in`, "raw");
      assert.deepEqual(again.problems, []);
      assert.ok(readFileSync(local("raw/a.bin")).equals(after));
    }));

  it(
    "says before the first byte that there is no room",
    { skip: process.getuid?.() !== 0 && "mounting needs root" },
    () =>
      fresh(async () => {
        await put("in/a.bin", randomBytes(2_000_000));
        const disk = local("small");
        mkdirSync(disk);
        execFileSync("mount", ["-t", "tmpfs", "-o", "size=16m", "tmpfs", disk]);
        try {
          const report = await run(`s3://${bucket}/in`, "small");
          assert.equal(report.problems[0]!.code, "not-enough-space");
          assert.match(report.problems[0]!.message, /2\.0 MB are to be fetched .* free/);
          assert.ok(!existsSync(join(disk, "a.bin")));
        } finally {
          execFileSync("umount", ["--lazy", disk]);
        }
      }),
  );

  it("a dry run writes nothing; globs choose; the configuration names what there is", () =>
    fresh(async () => {
      await put("org/inbox/s1/a.bin", "a");
      await put("org/inbox/s1/b.txt", "b");
      await put("org/outbox/r.txt", "r");
      await put("org/store/ab/cd", "blob");
      const dry = await run(`s3://${bucket}/org/inbox`, "raw", "--dry-run", "--include", "*.bin");
      assert.deepEqual([dry.files.total, dry.files.fetched], [1, 1]);
      assert.ok(!existsSync(local("raw/s1")) && !existsSync(local("raw/.tenon-migration")));
      const path = join(lab.folder, "dj_local_conf.json");
      const settings = JSON.parse(readFileSync(path, "utf8"));
      settings.custom.migration = {
        inbox: `s3://${bucket}/org/inbox`,
        outbox: `s3://${bucket}/org/outbox`,
        stores: { blobs: "store" },
      };
      settings.stores.blobs = {
        protocol: "s3",
        endpoint: s3.endpoint.replace("http://", ""),
        bucket,
        location: "org/store",
        access_key: "lab",
        secret_key: "lab-secret-1",
      };
      writeFileSync(path, JSON.stringify(settings), { mode: 0o600 });
      const all = await run();
      assert.deepEqual(all.problems, []);
      assert.equal(all.files.fetched, 4);
      for (const name of ["raw/s1/a.bin", "raw/s1/b.txt", "processed/r.txt", "store/ab/cd"])
        assert.ok(existsSync(local(name)), name);
    }));

  it("clear sentences: no keys, no bucket, nothing there, no server, plain http to another machine", () =>
    fresh(async () => {
      const nothing = await run(`s3://${bucket}/none`, "raw");
      assert.equal(nothing.problems[0]!.code, "nothing-found");
      const noBucket = await run("s3://no-such-bucket-here/x", "raw");
      assert.equal(noBucket.problems[0]!.code, "no-such-bucket");
      const http = await run(`s3://${bucket}/x`, "raw", "--endpoint", "http://192.0.2.1:9000");
      assert.equal(http.problems[0]!.code, "insecure-endpoint");
      const away = await run(`s3://${bucket}/x`, "raw", "--endpoint", `http://127.0.0.1:${await freePort()}`);
      assert.equal(away.problems[0]!.code, "server-unreachable");
      for (const name of ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"])
        delete (lab.env as Record<string, string>)[name];
      const { out } = await lab.tenon("migrate", "files", `s3://${bucket}/x`, "raw", "--json");
      assert.match(out, /credentials-missing/);
      for (const report of [nothing, noBucket, http, away])
        assert.ok(!JSON.stringify(report).includes("lab-secret-1"), "a secret is shown");
    }));

  async function upload(Key: string, body: Buffer, part: number): Promise<void> {
    const { UploadId } = await s3.client.send(new CreateMultipartUploadCommand({ Bucket: bucket, Key }));
    const Parts: { ETag: string | undefined; PartNumber: number }[] = [];
    for (let from = 0; from < body.length; from += part) {
      const PartNumber: number = Parts.length + 1;
      const Body = body.subarray(from, from + part);
      const { ETag }: { ETag?: string | undefined } = await s3.client.send(
        new UploadPartCommand({ Bucket: bucket, Key, UploadId, PartNumber, Body }),
      );
      Parts.push({ ETag, PartNumber });
    }
    await s3.client.send(
      new CompleteMultipartUploadCommand({ Bucket: bucket, Key, UploadId, MultipartUpload: { Parts } }),
    );
  }
});
