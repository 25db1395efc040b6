// node tests/suite/workerds.mjs: deployments on workerd for the black-box suite, many in one process, since a process
// takes longer to load Miniflare than to start a deployment with it.
//
// Each line of standard input is a JSON object with an id of its own and the number of a deployment, such as
// {"id": 1, "deployment": 1, "start": {"options": {…}, "log": FILE}}, with the options of `scripts/workerd/deployment.mjs`;
// `flush` in the place of `start` waits until the log has what workerd has printed, and `stop` ends the deployment. Each is
// answered by a line with the same id: {"id": 1, "url": "http://127.0.0.1:1234"}, {"id": 1} or {"id": 1, "error": "…"}.
// When standard input is closed, all are stopped.
import { appendFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { setImmediate as turn } from "node:timers/promises";
import { deploy } from "../../scripts/workerd/deployment.mjs";

const deployments = new Map();
const answer = (id, about) => process.stdout.write(`${JSON.stringify({ id, ...about })}\n`);

// One that fails must not take the others with it.
for (const event of ["uncaughtException", "unhandledRejection"]) process.on(event, (error) => console.error(error));

const lines = createInterface({ input: process.stdin });
lines.on("line", (line) => {
  const { id, deployment, start, flush } = JSON.parse(line);
  const done = start ? started(deployment, start) : flush ? flushed() : stopped(deployment);
  done.then((about) => answer(id, about), (error) => answer(id, { error: error.message }));
});
lines.on("close", async () => {
  await Promise.allSettled([...deployments.keys()].map(stopped));
  process.exit(0);
});

async function started(number, { options, log }) {
  // Miniflare makes its temporary folder here at once; it goes with the state, also where workerd wrote to the last.
  process.env.TMPDIR = options.state;
  const deployment = deploy({ ...options, print: (text) => appendFileSync(log, text) });
  deployments.set(number, deployment);
  return { url: await deployment.ready };
}

// In one turn all pipes are read; the one that is under way may have been at others.
async function flushed() {
  await turn();
  await turn();
}

async function stopped(number) {
  const deployment = deployments.get(number);
  deployments.delete(number);
  await deployment?.stop();
}
