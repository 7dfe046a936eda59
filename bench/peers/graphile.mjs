// Graphile Worker with what its performance page recommends: local queue and batched completion. Still durable.
import { makeWorkerUtils, run } from "graphile-worker";
import pg from "pg";

const { connection, items, concurrency } = JSON.parse(process.argv[2]);
const pgPool = new pg.Pool({ ...connection, max: concurrency + 2 });
const preset = {
  worker: { concurrentJobs: concurrency, localQueue: { size: 500 }, completeJobBatchDelay: 0, failJobBatchDelay: 0 },
};
const utils = await makeWorkerUtils({ pgPool });
await utils.migrate();
await utils.addJobs(Array.from({ length: items }, () => ({ identifier: "no_op", payload: {} })));
await pgPool.query("vacuum analyze");

let worked = 0;
const started = performance.now();
const runner = await run({ pgPool, preset, taskList: { no_op: () => void (worked += 1) }, noHandleSignals: true });
// A completed job is deleted, in batches behind the task's back, so the end is when the table is empty.
for (let left = true; left; ) {
  await new Promise((resolve) => setTimeout(resolve, 5));
  left = worked < items || (await pgPool.query("select from graphile_worker.jobs limit 1")).rowCount > 0;
}
const seconds = (performance.now() - started) / 1000;

await runner.stop();
await utils.release();
await pgPool.end();
console.log(JSON.stringify({ seconds, worked }));
