// The commands of a deployment: each is printed, and run unless it is a dry run. A secret reaches a command through its
// standard input only.
import { spawnSync } from "node:child_process";
import { join } from "node:path";

export class Steps {
  #dry;
  #root;
  #hidden;

  /** `hidden` names the variables that no command inherits from the environment. */
  constructor({ root, dry, hidden }) {
    this.#root = root;
    this.#dry = dry;
    this.#hidden = hidden;
  }

  run(program, words, { input, note } = {}) {
    if (this.#print(program, words, note)) return;
    this.#spawn(program, words, { input, stdio: [input === undefined ? "ignore" : "pipe", "inherit", "inherit"] });
  }

  /** One of the scripts of this project. */
  script(name, words) {
    if (!this.#print(`scripts/${name}`, words)) this.#spawn(join(this.#root, "scripts", name), words, { stdio: ["ignore", "inherit", "inherit"] });
  }

  /** What a command prints; nothing in a dry run. */
  read(program, words) {
    if (this.#print(program, words)) return undefined;
    return this.#spawn(program, words, { stdio: ["ignore", "pipe", "inherit"], encoding: "utf8" }).stdout;
  }

  #print(program, words, note) {
    const line = [program, ...words].join(" ");
    console.log(note ? `${line}  # ${note}` : line);
    return this.#dry;
  }

  #spawn(program, words, options) {
    const env = { ...process.env, CI: "true", WRANGLER_SEND_METRICS: "false" };
    for (const name of this.#hidden) delete env[name];
    const ended = spawnSync(program, words, { cwd: this.#root, env, ...options });
    if (ended.error) throw new Error(`${program} cannot be started: ${ended.error.message}`);
    if (ended.status === 0) return ended;
    throw new Error(`${program} ${words.join(" ")} failed; what was done before stays, and scripts/deploy may be run again`);
  }
}
