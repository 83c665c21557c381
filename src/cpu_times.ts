/** Weighs samples by the CPU time that their threads have used. */
import type { Recording } from "./recording.ts";
import type { Sighting } from "./sighting.ts";
import type { ThreadActivities } from "./thread_activities.ts";
import type { ReadThread, ThreadEntry } from "./thread_table.ts";
import { Activity } from "./types.ts";

/** A sample of a thread that was running. Units: ns. */
interface RunningSample {
  readonly sighting: Sighting;
  readonly activity: Activity;
  readonly timeNs: number;
}

/** The CPU time of a thread as of its last look, and its last sample if it was running then. */
interface Account {
  readonly entry: ThreadEntry;
  usedNs: number;
  running: RunningSample | undefined;
  tick: number;
}

/**
 * Gives the CPU time between two looks at a thread to the sample at its end if the thread runs then, else to the one before:
 * it was used while the thread ran. So none is lost, and none goes to code that waits.
 */
export class CpuTimes {
  readonly #activities: ThreadActivities;
  readonly #recording: Recording;
  readonly #accounts = new Map<ReadThread, Account>();
  #tick = 0;

  constructor(activities: ThreadActivities, recording: Recording) {
    this.#activities = activities;
    this.#recording = recording;
  }

  /** Counts a sample. */
  count(entry: ThreadEntry, sighting: Sighting, timeNs: number): void {
    const { activity } = entry.thread;
    const usedNs = this.#activities.cpuTimeOf(entry.thread);
    const account = this.#accounts.get(entry.thread) ?? { entry, usedNs, running: undefined, tick: 0 };
    this.#accounts.set(entry.thread, account);
    account.tick = this.#tick;
    const sample = { sighting, activity, timeNs };
    if (activity === Activity.Gil || activity === Activity.Native) {
      account.running = sample;
      this.#give(account, usedNs);
    } else {
      this.#give(account, usedNs);
      account.running = undefined;
      // The sample is there, and weighs nothing.
      this.#add(entry, sample, 0);
    }
  }

  /** To be called after all threads of a tick: looks at those that ran at the last one and were not sampled now. */
  endTick(): void {
    for (const [thread, account] of this.#accounts) {
      if (account.tick === this.#tick || account.running === undefined) continue;
      this.#give(account, this.#activities.cpuTimeOf(thread));
      account.running = undefined;
    }
    this.#tick++;
  }

  /** A thread has ended. */
  forget(thread: ReadThread): void {
    this.#accounts.delete(thread);
  }

  /** Time that was used between two looks that both met the thread waiting is kept for its next sample. */
  #give(account: Account, usedNs: number): void {
    if (account.running === undefined) return;
    this.#add(account.entry, account.running, Math.max(0, usedNs - account.usedNs));
    // It is unknown once the thread has ended.
    account.usedNs = Math.max(usedNs, account.usedNs);
  }

  #add({ index }: ThreadEntry, { sighting, activity, timeNs }: RunningSample, weightNs: number): void {
    const { node, leafOffset } = sighting;
    this.#recording.count(index, node, { leafOffset, activity, timeNs, weightNs, amount: weightNs / 1000 });
  }
}
