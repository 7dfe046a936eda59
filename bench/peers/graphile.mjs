// Graphile Worker with what its performance page recommends: local queue and batched completion. Still durable.
import { makeWorkerUtils, run } from "graphile-worker";
import pg from "pg";

const { connection, items, poll, workers, batch } = JSON.parse(process.argv[2]);
const pgPool = new pg.Pool({ ...connection, max: Math.min(workers, 20) + 2 });
const preset = {
  worker: { concurrentJobs: workers, localQueue: { size: batch }, completeJobBatchDelay: 0, failJobBatchDelay: 0 },
};
const utils = await makeWorkerUtils({ pgPool });
await utils.migrate();
await utils.addJobs(Array.from({ length: items }, () => ({ identifier: "no_op", payload: {} })));
await pgPool.query("vacuum analyze");

const started = performance.now();
const runner = await run({ pgPool, preset, taskList: { no_op: () => {} }, noHandleSignals: true });
// A completed job is deleted, in batches after the task's end, so the end is when the table is empty.
while ((await pgPool.query("select from graphile_worker._private_jobs limit 1")).rowCount > 0) {
  await new Promise((resolve) => setTimeout(resolve, poll * 1000));
}
const seconds = (performance.now() - started) / 1000;

await runner.stop();
await utils.release();
await pgPool.end();
console.log(JSON.stringify({ seconds }));
