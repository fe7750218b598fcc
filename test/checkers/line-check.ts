import type { ClaimState } from '../../protocol/results.ts'
import { FairLine } from './fair-line.ts'
import type { Complain } from './findings.ts'
import { type Deed, Deeds, ToldStory } from './told-story.ts'

interface LineCheckParts {
  readonly complain: Complain
  /** How far apart the clocks of teller and listener may be. */
  readonly slackMs: number
}

/** What every device was told of its place, its hold and its order, each word held against the one before and against the whole line (G4, G6, G7). */
export class LineCheck {
  private readonly parts: LineCheckParts
  private readonly lines = new Map<string, FairLine>()
  private readonly deeds = new Map<string, Deeds>()
  private readonly stories = new Map<string, ToldStory[]>()

  constructor(parts: LineCheckParts) {
    this.parts = parts
  }

  /** One device of a user, across all its connections. */
  device(user: string, sku: string, holdTtlMs: number): DeviceEar {
    const line = this.lines.get(sku) ?? new FairLine(sku, this.parts.complain)
    this.lines.set(sku, line)
    const deeds = this.deeds.get(`${sku} ${user}`) ?? new Deeds()
    this.deeds.set(`${sku} ${user}`, deeds)
    const story = new ToldStory(`${user}, ${sku}`, holdTtlMs, this.parts.complain, { deeds, slackMs: this.parts.slackMs, isDelayed: true })
    const stories = this.stories.get(sku) ?? []
    this.stories.set(sku, stories)
    stories.push(story)
    return new DeviceEar(story, line)
  }

  /** The store has lost records of this SKU, and with them all claims after `lastKept`; its old owner may speak of them until then. */
  lost(sku: string, untilMs: number, lastKept: number): void {
    this.lines.get(sku)?.forgive(untilMs)
    for (const story of this.stories.get(sku) ?? []) story.forgive(untilMs, lastKept)
  }
}

/** What one device hears of one SKU. */
export class DeviceEar {
  readonly story: ToldStory
  private readonly line: FairLine

  constructor(story: ToldStory, line: FairLine) {
    this.story = story
    this.line = line
  }

  /** Before a call leaves; what it gives back comes with the answer to {@link told}. */
  asks(what: Deed | 'claim'): number {
    if (what !== 'claim') this.story.asks(what)
    return this.line.servedSoFar
  }

  /** What became of a call is known; its answer was told before. */
  ends(what: Deed | 'claim'): void {
    if (what !== 'claim') this.story.ends(what)
  }

  /** An answer with what {@link asks} gave, or an event without: what comes unasked is as old as its last moment. */
  told(claim: ClaimState, now: number, servedWhenAsked?: number): void {
    this.story.told(claim, now, servedWhenAsked !== undefined)
    this.line.told(claim, servedWhenAsked ?? 0, now)
  }
}
