// node tests/suite/workerds.mjs: deployments on workerd for the black-box suite, many in one process, since a process
// takes longer to load Miniflare than to start a deployment with it.
//
// Each line of standard input is a JSON object: {"id": 1, "start": {…}, "log": FILE}, with the options of
// `scripts/workerd/deployment.mjs`, or {"id": 1, "stop": true}. Each is answered by a line with the same id:
// {"id": 1, "url": "http://127.0.0.1:1234"}, {"id": 1, "stopped": true} or {"id": 1, "error": "…"}.
// When standard input is closed, all are stopped.
import { appendFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { deploy } from "../../scripts/workerd/deployment.mjs";

const deployments = new Map();
const answer = (id, about) => process.stdout.write(`${JSON.stringify({ id, ...about })}\n`);

// One that fails must not take the others with it.
for (const event of ["uncaughtException", "unhandledRejection"]) process.on(event, (error) => console.error(error));

const lines = createInterface({ input: process.stdin });
lines.on("line", (line) => {
  const { id, start, log } = JSON.parse(line);
  (start ? started(id, start, log) : stopped(id)).catch((error) => answer(id, { error: error.message }));
});
lines.on("close", async () => {
  await Promise.allSettled([...deployments.keys()].map(stopped));
  process.exit(0);
});

async function started(id, start, log) {
  const deployment = deploy({ ...start, print: (text) => appendFileSync(log, text) });
  deployments.set(id, deployment);
  answer(id, { url: await deployment.ready });
}

async function stopped(id) {
  const deployment = deployments.get(id);
  deployments.delete(id);
  await deployment?.stop();
  answer(id, { stopped: true });
}
