/** What pyspy itself uses while it samples. */
import process from "node:process";
import { countSystemCalls, systemCallsCounted } from "./ffi/mod.ts";

/** Counts from its creation on. */
export class SelfUsage {
  readonly #start = process.cpuUsage();

  /** @param withCalls count system calls too, which makes them a little slower. */
  constructor(withCalls: boolean) {
    if (withCalls) countSystemCalls();
  }

  /** User and system time of all threads. Units: ms. */
  get cpuMs(): number {
    const { user, system } = process.cpuUsage(this.#start);
    return (user + system) / 1000;
  }

  get systemCalls(): number {
    return systemCallsCounted();
  }
}
