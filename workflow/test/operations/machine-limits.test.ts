/** What a process may use: made-up trees of /proc, /sys and /dev as kernels write them. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, describe, it } from "node:test";
import { type LimitSources, machineLimits } from "../../src/operations/machine-limits.ts";

const top = mkdtempSync(join(tmpdir(), "tenon-limits-"));
after(() => rmSync(top, { recursive: true }));

const GB = 2 ** 30;
let trees = 0;

/** A machine of 64 processors and 256 GB with these files. */
function limits(files: Readonly<Record<string, string>>, more: Partial<LimitSources> = {}) {
  const root = join(top, `${trees++}`);
  mkdirSync(root);
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  }
  const { cpus, memoryBytes, gpus, from } = machineLimits({
    env: {},
    root,
    parallelism: 64,
    totalMemory: 256 * GB,
    ...more,
  });
  return { cpus, memoryGb: memoryBytes / GB, gpus, from };
}

describe("the limits of a process", () => {
  it("are the machine's when nothing else is said", () => {
    const { cpus, memoryGb, gpus, from } = limits({ "proc/self/cgroup": "0::/\n" });
    assert.deepEqual([cpus, memoryGb, gpus], [64, 256, []]);
    assert.equal(from.cpus, "the machine");
  });

  it("are those of its control group (version 2) and of every group above it", () => {
    const { cpus, memoryGb, from } = limits({
      "proc/self/cgroup": "0::/kubepods/pod1/c1\n",
      "sys/fs/cgroup/kubepods/cpu.max": "max 100000\n",
      "sys/fs/cgroup/kubepods/pod1/cpu.max": "250000 100000\n",
      "sys/fs/cgroup/kubepods/pod1/c1/cpu.max": "max 100000\n",
      "sys/fs/cgroup/kubepods/pod1/c1/memory.max": `${8 * GB}\n`,
      "sys/fs/cgroup/kubepods/memory.max": `${6 * GB}\n`,
    });
    assert.deepEqual([cpus, memoryGb], [2.5, 6]);
    assert.match(from.memory, /memory\.max/);
  });

  it("are the mount's in a container whose path is of the host", () => {
    const { memoryGb } = limits({
      "proc/self/cgroup": "0::/../../docker/abc\n",
      "sys/fs/cgroup/memory.max": `${2 * GB}\n`,
    });
    assert.equal(memoryGb, 2);
  });

  it("are those of version 1, where a number near 2^63 means none", () => {
    const { cpus, memoryGb } = limits({
      "proc/self/cgroup": "4:memory:/job\n3:cpu,cpuacct:/job\n2:freezer:/\n",
      "sys/fs/cgroup/memory/job/memory.limit_in_bytes": `${4 * GB}\n`,
      "sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
      "sys/fs/cgroup/cpu,cpuacct/job/cpu.cfs_quota_us": "300000\n",
      "sys/fs/cgroup/cpu,cpuacct/job/cpu.cfs_period_us": "100000\n",
      "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us": "-1\n",
    });
    assert.deepEqual([cpus, memoryGb], [3, 4]);
  });

  it("are Slurm's", () => {
    const node = limits({}, { env: { SLURM_CPUS_PER_TASK: "8", SLURM_MEM_PER_NODE: "16384" } });
    assert.deepEqual([node.cpus, node.memoryGb], [8, 16]);
    const cpu = limits({}, { env: { SLURM_CPUS_ON_NODE: "4", SLURM_MEM_PER_CPU: "2048" } });
    assert.deepEqual([cpu.cpus, cpu.memoryGb], [4, 8]);
    assert.equal(limits({}, { env: { SLURM_MEM_PER_NODE: "0" } }).memoryGb, 256, "0 is all of the node");
  });

  it("are the configuration's where that is less", () => {
    const configured = { cpus: 4, memoryGb: 500, gpus: 1 };
    const { cpus, memoryGb, gpus } = limits(
      { "dev/nvidia0": "", "dev/nvidia1": "", "dev/nvidiactl": "" },
      { configured },
    );
    assert.deepEqual([cpus, memoryGb, gpus], [4, 256, ["0"]]);
  });

  it("hold the GPUs that CUDA_VISIBLE_DEVICES, else Slurm, else the machine names", () => {
    const files = { "dev/nvidia10": "", "dev/nvidia2": "", "dev/nvidia-uvm": "" };
    const gpus = (env: LimitSources["env"]) => limits(files, { env }).gpus;
    assert.deepEqual(gpus({}), ["2", "10"]);
    assert.deepEqual(gpus({ CUDA_VISIBLE_DEVICES: "" }), []);
    assert.deepEqual(gpus({ CUDA_VISIBLE_DEVICES: "-1" }), []);
    assert.deepEqual(gpus({ CUDA_VISIBLE_DEVICES: "NoDevFiles" }), []);
    assert.deepEqual(gpus({ CUDA_VISIBLE_DEVICES: "3,GPU-1f,-1,4" }), ["3", "GPU-1f"]);
    assert.deepEqual(gpus({ SLURM_JOB_ID: "7", SLURM_JOB_GPUS: "0,2-3" }), ["0", "2", "3"]);
    assert.deepEqual(gpus({ SLURM_JOB_ID: "7" }), [], "a job without GPUs has none of the node's");
  });

  it("know the mask of processors that the scheduler set", (context) => {
    if (availableParallelism() < 2) return context.skip("this machine has one processor");
    const program = join(import.meta.dirname, "../../src/operations/machine-limits.ts");
    const script = `import { machineLimits } from ${JSON.stringify(program)}; console.log(machineLimits({ env: {} }).cpus)`;
    let out: string;
    try {
      out = execFileSync("taskset", ["-c", "0", process.execPath, "--input-type=module", "-e", script], {
        encoding: "utf8",
      });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
      return context.skip("no taskset on this machine");
    }
    assert.equal(Number(out), 1);
  });
});
