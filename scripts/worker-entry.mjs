// The entry of every Worker: hands a request to the compiled module. A trap leaves the module's memory in an unknown
// state, so the next request begins with a new instance of it. scripts/bundle-workers.mjs puts this file in front of the
// bindings that wasm-bindgen wrote.
import { WorkerEntrypoint } from "cloudflare:workers";
import * as instance from "./index.js";

// Shared with the `worker` crate, whose panic hook sets `criticalError`.
const state = instance.__worker_init_state();

// A trap behind an answer, in a task of `waitUntil` or while a body is streamed, reaches no caller.
addEventListener("error", ({ error }) => noteTrap(error));

function noteTrap(error) {
  if (!(error instanceof WebAssembly.RuntimeError)) return;
  console.error("Critical", error);
  state.criticalError = true;
}

function replaceBroken() {
  if (!state.criticalError) return;
  instance.__wbg_reset_state();
  state.criticalError = false;
  state.instanceId++;
}

export default class extends WorkerEntrypoint {
  async fetch(request) {
    replaceBroken();
    try {
      return await instance.fetch(request, this.env, this.ctx);
    } catch (error) {
      noteTrap(error);
      throw error;
    }
  }

  // Only functions with due work have a trigger.
  async scheduled(event) {
    replaceBroken();
    try {
      await instance.scheduled(event, this.env, this.ctx);
    } catch (error) {
      noteTrap(error);
      throw error;
    }
  }
}
