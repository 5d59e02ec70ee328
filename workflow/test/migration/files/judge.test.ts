/** What proves an object's content, and in which order: pipeline.md 8.4. */
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { describe, it } from "node:test";
import { Digester } from "../../../src/migration/files/digester.ts";
import {
  type ExpectedContent,
  judge,
  metadataMd5,
  planDigests,
} from "../../../src/migration/files/expected-content.ts";
import { keyToPath } from "../../../src/migration/files/key-path.ts";

const body = randomBytes(3 << 20);
const md5 = createHash("md5").update(body).digest("hex");
const uuid = md5.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");

async function verdictOf(expected: Partial<ExpectedContent>, bytes: Uint8Array = body) {
  const whole: ExpectedContent = { size: body.length, etag: "opaque", isKeyEncrypted: false, ...expected };
  const digester = new Digester(planDigests(whole));
  digester.update(bytes);
  return judge(whole, await digester.digest());
}

/** As S3 makes it. */
function multipart(size: number): string {
  const parts: Buffer[] = [];
  for (let from = 0; from < body.length; from += size)
    parts.push(
      createHash("md5")
        .update(body.subarray(from, from + size))
        .digest(),
    );
  return `${createHash("md5").update(Buffer.concat(parts)).digest("hex")}-${parts.length}`;
}

describe("the judge of an object's content", () => {
  it("takes contents_hash first, even against a right etag", async () => {
    const { name } = metadataMd5({ contents_hash: uuid })!;
    assert.equal(name, "contents_hash");
    assert.deepEqual(await verdictOf({ metadataMd5: { name, md5 } }), {
      kind: "verified",
      by: "contents_hash",
    });
    const wrong = { name, md5: "0".repeat(32) } as const;
    assert.equal((await verdictOf({ metadataMd5: wrong, etag: md5 })).kind, "differs");
  });

  it("takes a plain etag as md5, unless a KMS key made it", async () => {
    assert.deepEqual(await verdictOf({ etag: md5 }), { kind: "verified", by: "etag" });
    assert.equal((await verdictOf({ etag: "0".repeat(32) })).kind, "differs");
    assert.equal((await verdictOf({ etag: "0".repeat(32), isKeyEncrypted: true })).kind, "unverifiable");
  });

  it("finds the part size of a multipart etag, told or not", async () => {
    for (const size of [1 << 20, 2 << 20])
      assert.deepEqual(await verdictOf({ etag: multipart(size), firstPartSize: size }), {
        kind: "verified",
        by: "multipart-etag",
      });
    assert.equal(
      (await verdictOf({ etag: multipart(1 << 20), firstPartSize: 1 << 20 }, body.toReversed())).kind,
      "differs",
    );
  });

  it("one byte more, less or other is seen", async () => {
    for (const bytes of [body.subarray(1), Buffer.concat([body, Buffer.of(0)])])
      assert.equal((await verdictOf({ etag: md5 }, bytes)).kind, "differs");
  });

  it("keys are paths as they stand, or refused", () => {
    const rules = { takesColons: true, longestPath: 4000 };
    const kind = (key: string, size = 1) => {
      const found = keyToPath(key, size, rules);
      return found.kind === "refused" ? found.code : found.kind;
    };
    assert.equal(kind("a/b c/ü.bin"), "file");
    assert.equal(kind("a/", 0), "folder");
    assert.equal(kind("a/", 1), "key-not-a-path");
    for (const key of ["../a", "a/..", "/a", "a\\b", "C:/a", "./a"])
      assert.equal(kind(key), "key-escapes-root", key);
    for (const key of ["a//b", "a\u0000b", "x".repeat(256), ".TENON-migration/a"])
      assert.equal(kind(key), "key-not-a-path", key);
  });
});
