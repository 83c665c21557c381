/** What the looks of late say of the next one: whether it will likely be of a path that is new, or cannot be proven. */
import { RecentShare } from "./recent_share.ts";

/** One look in so many; from ANY on for half as many ticks after each. */
const MANY = 5;
const FEW = 50;
const ANY = 100;
const ANY_OF_LATE = 400;
/** Up to these rates a second copy costs little of the time between ticks; so does a visit, and one that is an interrupt. */
const SECOND_COPY_HZ = 1000;
const VISITS_HZ = 100;
const INTERRUPTS_HZ = 1000;

/** Looks at the threads of one process. */
export class RecentLooks {
  readonly #canInterrupt: boolean;
  readonly #areVisitsCheap: boolean;
  /** All that they take is a thousandth of the time. */
  readonly #visitsAlways: boolean;
  /** Torn or new. */
  readonly #news: RecentShare;
  /** Could not be proven from elsewhere. */
  readonly #unproven = new RecentShare(MANY);
  /** There was something that a visit has proven, or will prove: it pays to go on. */
  readonly #found: RecentShare;

  /** @param canInterrupt whether visits are interrupts: these prove nearly all that they meet. */
  constructor(rateHz: number, { canInterrupt }: { canInterrupt: boolean }) {
    this.#canInterrupt = canInterrupt;
    this.#areVisitsCheap = rateHz <= (canInterrupt ? INTERRUPTS_HZ : VISITS_HZ);
    this.#visitsAlways = canInterrupt && rateHz <= VISITS_HZ;
    this.#found = new RecentShare(canInterrupt ? ANY_OF_LATE : ANY);
    this.#news = new RecentShare(rateHz > SECOND_COPY_HZ ? MANY : FEW);
  }

  /** A look was at a path that could not be followed, or is not known yet, or has just been proven by it. */
  addNews(news: "torn" | "unknown" | "proven"): void {
    this.#news.add();
    const isFound = news === "proven" || this.#canInterrupt && news === "unknown";
    if (this.#areVisitsCheap && isFound) this.#found.add();
  }

  addUnproven(): void {
    this.#unproven.add();
  }

  endTick(): void {
    this.#news.endTick();
    this.#unproven.endTick();
    this.#found.endTick();
  }

  /** Whether it is worth while to read both copies of each stack. */
  get areNew(): boolean {
    return this.#news.isHigh;
  }

  /** Whether it is worth while to read on the target's processor. */
  get needVisits(): boolean {
    return this.#visitsAlways || this.#unproven.isHigh || this.#found.isHigh;
  }
}
