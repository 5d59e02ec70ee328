import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { RecordingError } from "../../src/errors.ts";
import { FORMATS } from "../../src/io/formats.ts";
import { openRecording } from "../../src/io/open-recording.ts";
import { verifySession } from "../../src/io/verify-session.ts";
import { sharedPath, skipWithoutSharedData } from "../support/shared-data.ts";
import { temporaryFolder } from "../support/tiny-spikeglx.ts";

const DESCRIPTION = {
  data: "file.raw",
  dtype: "int16",
  channelCount: 2,
  samplingRateHz: 1000,
  gainUvPerBit: 0.5,
  probe: {
    positions: [
      [0, 0],
      [0, 20],
    ],
  },
};

async function write(
  folder: string,
  bytes: Uint8Array,
  change: Record<string, unknown> = {},
): Promise<string> {
  await writeFile(join(folder, "file.raw"), bytes);
  const path = join(folder, "file.json");
  await writeFile(path, JSON.stringify({ ...DESCRIPTION, ...change }));
  return path;
}

describe("openRecording of plain binary", () => {
  it("reads every number type in either byte order, past a header, with gains and offsets per channel", async () => {
    const values = [1, -2, 300, 4];
    for (const dtype of ["int16", "uint16", "int32", "float32"])
      for (const byteOrder of ["little", "big"]) {
        await using folder = await temporaryFolder();
        const wide = dtype === "int32" || dtype === "float32";
        const bytes = new Uint8Array(3 + values.length * (wide ? 4 : 2));
        const view = new DataView(bytes.buffer, 3);
        const isLittle = byteOrder === "little";
        values.forEach((value, i) => {
          if (dtype === "int16") view.setInt16(2 * i, value, isLittle);
          else if (dtype === "uint16") view.setUint16(2 * i, value, isLittle);
          else if (dtype === "int32") view.setInt32(4 * i, value, isLittle);
          else view.setFloat32(4 * i, value, isLittle);
        });
        const stored = dtype === "uint16" ? [1, 65534, 300, 4] : values;
        const change = {
          dtype,
          byteOrder,
          headerBytes: 3,
          gainUvPerBit: [0.5, 2],
          offsetUv: [0, 10],
          sampleCount: 2,
        };
        const recording = await openRecording(await write(folder.path, bytes, change));
        assert.deepEqual(
          [...(await recording.read(0, 2)).data],
          stored.map((value, i) => value * (i % 2 === 0 ? 0.5 : 2) + (i % 2 === 0 ? 0 : 10)),
          `${dtype} ${byteOrder}`,
        );
        await recording.close();
      }
  });

  it("leaves out columns that are no channels", async () => {
    await using folder = await temporaryFolder();
    const bytes = new Uint8Array(Int16Array.of(1, 2, 3, 4, 5, 6).buffer);
    const change = {
      channelCount: 3,
      channels: [0, 2],
      gainUvPerBit: [1, 5, 10],
      channelNames: ["a", "sync", "b"],
    };
    const recording = await openRecording(await write(folder.path, bytes, change));
    assert.deepEqual([...(await recording.read(0, 2)).data], [1, 30, 4, 60]);
    assert.deepEqual(recording.channelNames, ["a", "b"]);
    await recording.close();
  });

  it("takes the wiring from a probeinterface file", async () => {
    await using folder = await temporaryFolder();
    const probe = {
      specification: "probeinterface",
      version: "0.2.21",
      probes: [
        {
          ndim: 2,
          si_units: "mm",
          annotations: { model_name: "made", manufacturer: "test" },
          contact_positions: [
            [0, 0],
            [0, 0.1],
            [0, 0.2],
          ],
          contact_shapes: ["circle", "circle", "circle"],
          contact_shape_params: [{ radius: 0.01 }, { radius: 0.01 }, { radius: 0.01 }],
          contact_ids: ["7", "8", "9"],
          device_channel_indices: [3, -1, 1],
        },
      ],
    };
    await writeFile(join(folder.path, "probe.json"), JSON.stringify(probe));
    const bytes = new Uint8Array(Int16Array.of(1, 2, 3, 4).buffer);
    const path = await write(folder.path, bytes, { channelCount: 4, probe: "probe.json" });
    // the folder holds two JSON files; only the description is a recording
    const recording = await openRecording(folder.path);
    assert.equal(recording.source.path, path);
    assert.deepEqual([...(await recording.read(0, 1)).data], [1, 2]);
    assert.deepEqual([...recording.probe.y], [200, 0]);
    assert.deepEqual([...recording.probe.electrode], [9, 7]);
    assert.equal(recording.probe.part, "made");
    await recording.close();
  });

  it("opens the raw file whose description has the same name", async () => {
    await using folder = await temporaryFolder();
    await write(folder.path, new Uint8Array(8));
    await (await openRecording(join(folder.path, "file.raw"))).close();
  });

  it("refuses a description that leaves something open, naming it", async () => {
    const wrong: [string, RegExp, Record<string, unknown>][] = [
      ["bad-description", /'gainUvPerBit', got nothing/, { gainUvPerBit: undefined }],
      ["bad-description", /unknown key 'sampling_rate_hz'.*Keys are: data, dtype/, { sampling_rate_hz: 1 }],
      ["bad-description", /one of int16, uint16, int32, float32 in 'dtype', got "int8"/, { dtype: "int8" }],
      ["bad-description", /needs 2 numbers in 'gainUvPerBit', got 3/, { gainUvPerBit: [1, 2, 3] }],
      ["bad-description", /gains other than 0/, { gainUvPerBit: 0 }],
      ["bad-description", /above 0 in 'samplingRateHz', got 0/, { samplingRateHz: 0 }],
      [
        "bad-description",
        /needs 2 points in 'probe.positions', one for each channel, got 1/,
        { probe: { positions: [[0, 0]] } },
      ],
      ["bad-description", /in 'probe', got nothing/, { probe: undefined }],
      ["bad-description", /unknown key 'pos'/, { probe: { pos: [] } }],
      ["missing-probe", /absent.json' does not exist/, { probe: "absent.json" }],
      ["missing-bin", /absent.raw' does not exist/, { data: "absent.raw" }],
      [
        "truncated",
        /not a multiple of 6/,
        {
          channelCount: 3,
          probe: {
            positions: [
              [0, 0],
              [0, 1],
              [0, 2],
            ],
          },
        },
      ],
      ["truncated", /has 8 bytes, its description says 12/, { sampleCount: 3 }],
      ["size-mismatch", /has 8 bytes, its description says 4/, { sampleCount: 1 }],
      ["empty", /no samples/, { headerBytes: 8 }],
    ];
    for (const [code, part, change] of wrong) {
      await using folder = await temporaryFolder();
      const path = await write(folder.path, new Uint8Array(8), change);
      await assert.rejects(openRecording(path), (error: unknown) => {
        assert.ok(error instanceof RecordingError, String(error));
        assert.equal(error.code, code, error.message);
        assert.match(error.message, part);
        return true;
      });
      assert.deepEqual(
        (await verifySession(path)).problems.map((problem) => problem.code),
        [code],
      );
    }
  });

  it("has the verdict of a complete recording", async () => {
    await using folder = await temporaryFolder();
    const path = await write(folder.path, new Uint8Array(8));
    assert.deepEqual(await verifySession(path), {
      format: "binary",
      path,
      sampleCount: 2,
      channelCount: 2,
      samplingRateHz: 1000,
      gainUvPerBit: 0.5,
      durationS: 0.002,
      probe: { part: "unknown", serial: "", contactCount: 2 },
      problems: [],
    });
  });
});

describe("the real locust recording", { skip: skipWithoutSharedData }, () => {
  it("is read through a description elsewhere", async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, "locust.json");
    const description = {
      data: sharedPath("tridesclous+tridesclous_datasets/locust/locust_trial_01.raw"),
      dtype: "int16",
      channelCount: 4,
      samplingRateHz: 15000,
      gainUvPerBit: 1,
      probe: {
        positions: [
          [0, 0],
          [50, 0],
          [0, 50],
          [50, 50],
        ],
      },
    };
    await writeFile(path, JSON.stringify(description));
    const recording = await openRecording(path);
    assert.equal(recording.sampleCount, 431_548);
    // first and last samples and the sum by numpy: np.fromfile(..., "<i2").reshape(-1, 4)
    const { data } = await recording.read(0, recording.sampleCount);
    assert.deepEqual([...data.subarray(0, 4)], LOCUST.first);
    assert.deepEqual([...data.subarray(-4)], LOCUST.last);
    assert.equal(
      data.reduce((sum, value) => sum + value, 0),
      LOCUST.sum,
    );
    await recording.close();
  });
});

const LOCUST = { first: [2237, 2079, 2125, 2069], last: [1994, 2032, 2058, 2063], sum: 3549677902 };

it("every format has a name of its own, a summary, and refuses a file that is not there", async () => {
  assert.equal(new Set(FORMATS.map(({ name }) => name)).size, FORMATS.length);
  for (const format of FORMATS) {
    assert.ok(format.summary.length > 20);
    await assert.rejects(format.open(`/absent/x.${format.name}`), RecordingError);
    assert.equal((await format.verify(`/absent/x.${format.name}`, {})).problems.length > 0, true);
  }
});
