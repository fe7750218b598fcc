import type { Clock } from '../cluster/world.ts'
import { refusal } from '../protocol/codes.ts'
import type { SkuId, UserId } from '../protocol/ids.ts'
import type { Plain } from '../protocol/msgpack-writer.ts'
import type { GatewayCounters } from './gateway-counters.ts'
import type { Identity } from './identity.ts'
import type { Presence } from './presence.ts'
import { heatMax, type SkuView } from './sku-view.ts'
import type { Views } from './views.ts'

/** What a proof is for: one request of one user. A repeat of that request has the same outcome (G4), so that a proof is of use once. */
export interface ChallengeSubject {
  readonly user: UserId
  readonly sku: SkuId
  readonly requestId: string
}

export type ProofFault = 'malformed' | 'foreign' | 'expired' | 'wrong'

/** Makes challenges and knows their solutions. */
export interface ChallengeIssuer {
  /** `steps` is what a solution takes at most, in hashes; `expiresAt` in ms. */
  issue(subject: ChallengeSubject, steps: number, expiresAt: number): Promise<Plain>
  /** What is wrong with the proof; undefined if nothing is. */
  check(subject: ChallengeSubject, proof: Plain, now: number): Promise<ProofFault | undefined>
}

export interface ChallengeSettings {
  /** Buys of a SKU in a second at this gateway above which it is hot; 0 for never. */
  readonly challengeAbovePerSecond: number
  /** What a proof takes at most while a SKU is just hot, in hashes. */
  readonly challengeSteps: number
  /** Whether services have to bring proofs too. */
  readonly challengeServices: 'yes' | 'no'
}

export interface ChallengesParts {
  /** Left out, nobody is challenged. */
  readonly issuer: ChallengeIssuer | undefined
  readonly settings: ChallengeSettings
  readonly views: Pick<Views, 'all'>
  readonly clock: Clock
  readonly counters: GatewayCounters
}

/** Long enough for a slow phone, and shorter than requests are remembered. */
const challengeMs = 120_000
/** What was heard so long ago counts a third in a SKU's rate. */
const rateMs = 1_000

export const challengeRequired = refusal('CHALLENGE_REQUIRED')

/**
 * Who has to show a proof of work before a `buy` goes on: everyone, while more buys of a SKU arrive here than {@link ChallengeSettings} says, but for those who
 * are known to have a claim on it already. A buyer's device does the work without asking; what it costs is felt by whoever sends a thousand buys.
 */
export class Challenges {
  private readonly parts: ChallengesParts
  private settings: ChallengeSettings
  private readonly rates = new Map<SkuView, number>()
  private measuredAt: number

  constructor(parts: ChallengesParts) {
    this.parts = parts
    this.settings = parts.settings
    this.measuredAt = parts.clock.monotonic()
  }

  /** Goes by other settings from now on. */
  use(changed: Partial<ChallengeSettings>): void {
    this.settings = { ...this.settings, ...changed }
    if (this.settings.challengeAbovePerSecond > 0) return
    // Nobody measures any more, so nothing would cool down by itself.
    for (const view of this.parts.views.all()) view.setHeat(0)
    this.rates.clear()
  }

  /** Once a tick: how hot each SKU is. */
  measure(): void {
    const { issuer, views, clock } = this.parts
    const above = this.settings.challengeAbovePerSecond
    if (issuer === undefined || above === 0) return
    const now = clock.monotonic()
    const elapsedMs = now - this.measuredAt
    if (elapsedMs <= 0) return
    this.measuredAt = now
    const kept = Math.exp(-elapsedMs / rateMs)
    for (const view of views.all()) {
      const heardPerSecond = (view.buysHeard * 1000) / elapsedMs
      const rate = (this.rates.get(view) ?? 0) * kept + heardPerSecond * (1 - kept)
      view.buysHeard = 0
      this.rates.set(view, rate)
      view.setHeat(heatOf(rate / above, view.heat))
    }
  }

  /** Whether a `buy` needs a proof; `presence` is the user's, if connected here. */
  requires(view: SkuView, identity: Identity, presence: Presence | undefined): boolean {
    if (view.heat === 0) return false
    if (identity.role !== 'user' && this.settings.challengeServices === 'no') return false
    return presence?.claims.has(view.settings.sku) !== true
  }

  /** The challenge for this request; null while the SKU asks for none. */
  async issue(view: SkuView | undefined, subject: ChallengeSubject): Promise<Plain> {
    const { issuer, clock, counters } = this.parts
    if (issuer === undefined || view === undefined || view.heat === 0) return null
    counters.proofs.issued++
    return issuer.issue(subject, this.settings.challengeSteps * 2 ** (view.heat - 1), clock.now() + challengeMs)
  }

  /** What is wrong with the proof, in a text for its sender; undefined if nothing is. */
  async fault(subject: ChallengeSubject, proof: Plain): Promise<string | undefined> {
    const { issuer, clock, counters } = this.parts
    if (issuer === undefined) return undefined
    const fault = await issuer.check(subject, proof, clock.now())
    counters.proofs[fault ?? 'accepted']++
    return fault === undefined ? undefined : faultTexts[fault]
  }
}

const faultTexts: Readonly<Record<ProofFault, string>> = {
  malformed: 'What came with this call is not a proof of work.',
  foreign: 'This proof of work is for another request, user or SKU.',
  expired: 'This proof of work came too late; ask for another challenge.',
  wrong: 'This proof of work is not the solution of a challenge of this shop.',
}

/** One step more with each doubling of the rate; a SKU stays hot until its rate has fallen to half of what made it so. */
function heatOf(share: number, before: number): number {
  if (share >= 1) return Math.min(heatMax, 1 + Math.floor(Math.log2(share)))
  return before > 0 && share > 0.5 ? 1 : 0
}
