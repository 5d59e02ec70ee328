import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { currentGrant, ResourceError, ResourcePool } from "../../src/operations/resource-pool.ts";

const GB = 2 ** 30;
const from = { cpus: "the machine", memory: "the control group (memory.max)", gpus: "CUDA_VISIBLE_DEVICES" };
const never = new AbortController().signal;

function pool(cpus: number, memoryGb = 8, gpus: readonly string[] = []) {
  return new ResourcePool({ cpus, memoryBytes: memoryGb * GB, gpus, from });
}

/** Whether a promise is settled already. */
async function isDone(promise: Promise<unknown>): Promise<boolean> {
  const open = Symbol("open");
  await new Promise(setImmediate);
  return (await Promise.race([promise, Promise.resolve(open)])) !== open;
}

describe("a pool of resources", () => {
  it("lets in what fits and makes the rest wait for what is given back", async () => {
    const two = pool(2);
    const [a, b] = [await two.acquire({}, never), await two.acquire({}, never)];
    const third = two.acquire({}, never);
    assert.equal(await isDone(third), false);
    a!.release();
    a!.release();
    assert.equal((await third)!.cpus, 1);
    const fourth = two.acquire({}, never);
    assert.equal(await isDone(fourth), false, "what is given back twice counts once");
    b!.release();
    await fourth;
  });

  it("lets small wishes pass a large one", async () => {
    const two = pool(2);
    const small = await two.acquire({}, never);
    const large = two.acquire({ cpus: 2 }, never);
    const passing = await two.acquire({}, never);
    small!.release();
    assert.equal(await isDone(large), false);
    passing!.release();
    assert.equal((await large)!.cpus, 2);
  });

  it("counts memory, and hands out each GPU once", async () => {
    const machine = pool(8, 8, ["3", "GPU-1f"]);
    const [a, b] = [
      await machine.acquire({ gpus: 1, memoryGb: 4 }, never),
      await machine.acquire({ gpus: 1, memoryGb: 3 }, never),
    ];
    assert.deepEqual([a!.gpus, b!.gpus], [["3"], ["GPU-1f"]]);
    const third = machine.acquire({ memoryGb: 2 }, never);
    assert.equal(await isDone(third), false);
    b!.release();
    await third;
  });

  it("cuts a wish for more processors than there are; one for more memory or GPUs can never be granted", async () => {
    const small = pool(2, 4);
    assert.equal((await small.acquire({ cpus: 16 }, never))!.cpus, 2);
    assert.match(small.whyNever({ gpus: 1 })!, /^1 GPU, and this process has none, by CUDA_VISIBLE_DEVICES$/);
    assert.match(small.whyNever({ memoryGb: 6 })!, /^6 GB of memory, and this process has 4\.0 GB/);
    assert.equal(small.whyNever({ cpus: "threads", memoryGb: 4 }), undefined);
    await assert.rejects(small.acquire({ gpus: 1 }, never), ResourceError);
  });

  it("forgets who does not want to wait any more", async () => {
    const one = pool(1);
    const held = await one.acquire({}, never);
    const stop = new AbortController();
    const [gone, next] = [one.acquire({}, stop.signal), one.acquire({}, never)];
    stop.abort();
    assert.equal(await gone, undefined);
    held!.release();
    assert.equal((await next)!.cpus, 1);
  });

  it("tells what runs what it was granted", async () => {
    const grant = (await pool(4, 8, ["7"]).acquire({ gpus: 1 }, never))!;
    assert.deepEqual(await ResourcePool.with(grant, async () => currentGrant()?.gpus), ["7"]);
    assert.equal(currentGrant(), undefined);
  });
});
