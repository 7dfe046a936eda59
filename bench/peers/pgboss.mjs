// pg-boss: `workers` of one process, each with batches; the argument and the answer are JSON (see database.py).
import pg from "pg";
import PgBoss from "pg-boss";

const QUEUE = "no-op";

const { connection, items, poll, workers, batch } = JSON.parse(process.argv[2]);
const pool = new pg.Pool(connection);
const boss = new PgBoss({ ...connection, max: Math.max(workers, 4) });
boss.on("error", (error) => {
  throw error;
});
await boss.start();
await boss.createQueue(QUEUE);
await boss.insert(Array.from({ length: items }, () => ({ name: QUEUE })));
await pool.query("vacuum analyze");

const started = performance.now();
for (let nr = 0; nr < workers; nr += 1) {
  // A worker sleeps between two batches, half a second at least, unless it was notified: full queues need not wait.
  let id = await boss.work(QUEUE, { batchSize: batch, pollingIntervalSeconds: 0.5 }, async () => boss.notifyWorker(id));
}
// Workers complete their batches after the handler's end, so the end is what the table says.
while ((await pool.query("select from pgboss.job where state < 'completed' limit 1")).rowCount > 0) {
  await new Promise((resolve) => setTimeout(resolve, poll * 1000));
}
const seconds = (performance.now() - started) / 1000;

await boss.stop();
await pool.end();
console.log(JSON.stringify({ seconds }));
