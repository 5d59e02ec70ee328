/**
 * @module
 * How fast files come from S3: `tenon migrate files` beside Debian's rclone, from one S3 server process on this machine (moto's).
 *
 *     TENON_PYTHON_S3=... node scripts/start.mjs benchmarks/s3-files.ts
 *         [--small 5000] [--small-kb 20] [--large 4] [--large-mb 500] [--part-mb 16] [--rounds 3] [--systems tenon,rclone,rclone-16] [--seed 1]
 *         [--sets small,large] [--profile FOLDER] [--json]
 *
 * Two sets, many small files and a few large ones (uploaded in parts of 16 MB), each measured by itself: the systems take turns, each into an
 * empty folder, and the order turns round by round. Both verify: Tenon judges every object by its etag, of multipart objects too, and syncs
 * it to the disk before it gets its name; rclone compares the etags that are md5 sums, and of multipart objects the size alone. `rclone` has
 * its defaults (4 files at a time, 4 streams of a file above 250 MB), `rclone-16` takes 16 at a time as Tenon does. Afterwards every file must
 * have the bytes that were put there. Clock: from the start of the process to its end. apt-get install rclone, when it is not there.
 */
import { spawn } from "node:child_process";
import { createCipheriv, createHash } from "node:crypto";
import { createReadStream, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import {
  CompleteMultipartUploadCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  PutObjectCommand,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { noS3, type S3Server, startS3 } from "../workflow/test/support/s3-server.ts";
import { describeMachine, machineLine } from "./support/machine.ts";
import { median } from "./support/median.ts";
import { runToEnd } from "./support/run-to-end.ts";

const { values } = parseArgs({
  options: {
    small: { type: "string", default: "5000" },
    "small-kb": { type: "string", default: "20" },
    large: { type: "string", default: "4" },
    "large-mb": { type: "string", default: "500" },
    "part-mb": { type: "string", default: "16" },
    rounds: { type: "string", default: "3" },
    systems: { type: "string", default: "tenon,rclone,rclone-16" },
    sets: { type: "string", default: "small,large" },
    seed: { type: "string", default: "1" },
    profile: { type: "string" },
    json: { type: "boolean", default: false },
  },
});
if (noS3 !== false) {
  process.stderr.write(`Expected an S3 server to start: ${noS3}.\n`);
  process.exit(2);
}
const bucket = "bench";
const partBytes = Number(values["part-mb"]) * 1e6;
const systems = values.systems.split(",");
const program = fileURLToPath(new URL("../workflow/src/cli/tenon.ts", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "tenon-s3-files-"));
const s3 = await startS3();
const results: Record<string, Record<string, number[]>> = {};
try {
  console.log(machineLine(describeMachine()));
  console.log(`${(await versionOf("rclone", ["version"])).split("\n")[0]}; seed ${values.seed}`);
  await s3.client.send(new CreateBucketCommand({ Bucket: bucket }));
  for (const set of values.sets.split(",")) {
    const isSmall = set === "small";
    const [count, bytes] = isSmall
      ? [Number(values.small), Number(values["small-kb"]) * 1000]
      : [Number(values.large), Number(values["large-mb"]) * 1e6];
    const hashes = await fill(set, count, bytes);
    console.log(`${set}: ${count} objects of ${(bytes / 1e6).toFixed(2)} MB`);
    const seconds = Object.fromEntries(systems.map((system): [string, number[]] => [system, []]));
    results[set] = seconds;
    for (let round = 0; round < Number(values.rounds); round++)
      for (let i = 0; i < systems.length; i++) {
        const system = systems[(i + round) % systems.length]!;
        const target = join(folder, `${set}-${system}-${round}`);
        mkdirSync(target);
        const startMs = performance.now();
        await runToEnd(orderOf(system, s3, set, target));
        const took = (performance.now() - startMs) / 1000;
        seconds[system]!.push(took);
        console.log(
          `round ${round + 1}  ${system.padEnd(9)} ${took.toFixed(2)} s  ${((count * bytes) / 1e6 / took).toFixed(1)} MB/s  ${(count / took).toFixed(0)} files/s`,
        );
        await check(target, hashes);
        rmSync(target, { recursive: true });
      }
    const ours = median(seconds["tenon"] ?? [Number.NaN]);
    for (const [system, times] of Object.entries(seconds))
      console.log(
        `${set} ${system.padEnd(9)} median ${median(times).toFixed(2)} s  ${((count * bytes) / 1e6 / median(times)).toFixed(1)} MB/s  speed of tenon over it ${(median(times) / ours).toFixed(2)}`,
      );
  }
  if (values.json) console.log(JSON.stringify(results));
} finally {
  await s3.stop();
  rmSync(folder, { recursive: true, force: true });
}

/** Puts the objects of one set; their sha256 by name. */
async function fill(set: string, count: number, bytes: number): Promise<Map<string, string>> {
  const key = Buffer.alloc(16, Number(values.seed));
  const cipher = createCipheriv("aes-128-ctr", key, Buffer.alloc(16, set));
  const hashes = new Map<string, string>();
  for (let i = 0; i < count; i++) {
    const name = `session${String(i % 50).padStart(2, "0")}/file${String(i).padStart(6, "0")}.bin`;
    const Key = `${set}/${name}`;
    const hash = createHash("sha256");
    const next = (length: number) => {
      const data = cipher.update(Buffer.alloc(length));
      hash.update(data);
      return data;
    };
    if (bytes <= partBytes)
      await s3.client.send(new PutObjectCommand({ Bucket: bucket, Key, Body: next(bytes) }));
    else {
      const { UploadId } = await s3.client.send(new CreateMultipartUploadCommand({ Bucket: bucket, Key }));
      const Parts: { PartNumber: number; ETag: string }[] = [];
      for (let at = 0; at < bytes; at += partBytes) {
        const PartNumber = Parts.length + 1;
        const Body = next(Math.min(partBytes, bytes - at));
        const part = { Bucket: bucket, Key, UploadId, PartNumber, Body };
        const { ETag } = await s3.client.send(new UploadPartCommand(part));
        Parts.push({ PartNumber, ETag: ETag! });
      }
      await s3.client.send(
        new CompleteMultipartUploadCommand({ Bucket: bucket, Key, UploadId, MultipartUpload: { Parts } }),
      );
    }
    hashes.set(name, hash.digest("hex"));
  }
  return hashes;
}

function orderOf(system: string, { endpoint, env }: S3Server, set: string, target: string) {
  const base = { PATH: process.env["PATH"]!, HOME: folder, ...env };
  if (system === "tenon")
    return {
      file: process.execPath,
      words: [
        ...(values.profile === undefined ? [] : ["--cpu-prof", `--cpu-prof-dir=${values.profile}`]),
        ...[program, "migrate", "files", `s3://${bucket}/${set}`, target, "--endpoint", endpoint],
      ],
      folder,
      env: base,
    };
  if (system !== "rclone" && system !== "rclone-16")
    throw new Error(`Expected --systems of tenon, rclone and rclone-16, got '${system}'.`);
  const more = system === "rclone" ? [] : ["--transfers", "16", "--checkers", "16"];
  const remote = `:s3,provider=Other,env_auth=true,endpoint="${endpoint}":${bucket}/${set}`;
  return { file: "rclone", words: ["copy", "--checksum", ...more, remote, target], folder, env: base };
}

async function check(target: string, hashes: ReadonlyMap<string, string>): Promise<void> {
  const found = readdirSync(target, { recursive: true, withFileTypes: true }).filter(
    (entry) => entry.isFile() && !entry.parentPath.includes("/.tenon"),
  );
  if (found.length !== hashes.size)
    throw new Error(`Expected ${hashes.size} files in ${target}, got ${found.length}.`);
  for (const [name, expected] of hashes) {
    const hash = createHash("sha256");
    await pipeline(createReadStream(join(target, name), { highWaterMark: 1 << 20 }), hash);
    const got = hash.digest("hex");
    if (got !== expected) throw new Error(`Expected ${name} with sha256 ${expected}, got ${got}.`);
  }
}

function versionOf(file: string, words: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, words, { stdio: ["ignore", "pipe", "inherit"] });
    let text = "";
    child.stdout.setEncoding("utf8").on("data", (part: string) => (text += part));
    child.once("error", () => reject(new Error(`Expected ${file} on the PATH: apt-get install ${file}.`)));
    child.once("close", () => resolve(text));
  });
}
