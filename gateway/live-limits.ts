import type { Bus } from '../cluster/bus.ts'
import type { SharedRecord } from '../cluster/shared-record.ts'
import type { World } from '../cluster/world.ts'
import { frameKind } from '../protocol/frame.ts'
import { limitsSubject } from '../protocol/subject.ts'
import type { AdmissionLimits } from './admission.ts'
import type { ChallengeSettings } from './challenges.ts'
import type { OverloadSettings } from './shard-gates.ts'
import { SharedValue } from './shared-value.ts'

/** The settings that can be changed while gateways run. */
export type LimitValues = Pick<
  AdmissionLimits & ChallengeSettings & OverloadSettings & { readonly admitPerSecond: number },
  (typeof liveLimits)[number]
>
export type LimitName = keyof LimitValues

/** In the order in which they are shown. What else is a setting is read at the start only. */
export const liveLimits = [
  'connectionsMax',
  'connectionsPerAddressMax',
  'handshakeRatePerSecond',
  'handshakeBurst',
  'addressHandshakeRatePerSecond',
  'addressHandshakeBurst',
  'perConnectionInFlightMax',
  'addressRatePerSecond',
  'addressBurst',
  'userRatePerSecond',
  'userBurst',
  'admitPerSecond',
  'challengeAbovePerSecond',
  'challengeSteps',
  'overloadLatencyMs',
  'shardCallsMax',
] as const

const liveNames: ReadonlySet<string> = new Set(liveLimits)

/** What a setting may be, as it is checked at the start too. */
export interface LimitRule {
  readonly unit: string
  /** Ends the sentence "it must be ...". */
  readonly allowed: string
  readonly isAllowed: (value: unknown) => boolean
}

export interface LiveLimitsParts {
  readonly record: SharedRecord
  readonly bus: Bus
  readonly world: World
  /** What this gateway was started with. */
  readonly configured: LimitValues
  readonly rules: ReadonlyMap<LimitName, LimitRule>
}

/** Limits that operators have set in the place of settings: one value that all gateways share, and that outlives them. */
export class LiveLimits {
  readonly rules: ReadonlyMap<LimitName, LimitRule>
  private readonly parts: LiveLimitsParts
  private readonly shared: SharedValue<Partial<LimitValues>>
  private heard: (values: LimitValues) => void = () => {}

  constructor(parts: LiveLimitsParts) {
    this.parts = parts
    this.rules = parts.rules
    const { record, bus, world } = parts
    this.shared = new SharedValue<Partial<LimitValues>>({
      ...{ name: 'the limits', record, bus, subject: limitsSubject, newsKind: frameKind.limits, world, none: {} },
      onChange: () => {
        world.log.info({ set: { ...this.set } }, 'limits were set')
        this.heard(this.values)
      },
    })
  }

  /** Who is to go by them from now on. */
  onChange(heard: (values: LimitValues) => void): void {
    this.heard = heard
  }

  /** Resolves when what is kept is known here; false if the signal ended the wait. */
  start(signal?: AbortSignal): Promise<boolean> {
    return this.shared.start(signal)
  }

  get configured(): LimitValues {
    return this.parts.configured
  }

  /** Those that were set; what a former version has set, and this one does not take, is passed over. */
  get set(): Partial<LimitValues> {
    const { rules } = this.parts
    return Object.fromEntries(
      Object.entries(this.shared.value).filter(([name, value]) => isLimitName(name) && rules.get(name)?.isAllowed(value) === true),
    )
  }

  get values(): LimitValues {
    return { ...this.parts.configured, ...this.set }
  }

  /** Undefined takes back what was set. Rejects with a `StoreFault` if it is not known whether it is kept now. */
  change(name: LimitName, value: number | undefined): Promise<'kept' | 'busy'> {
    return this.shared.change<never>((set) => {
      const { [name]: _former, ...others } = set
      return value === undefined ? others : { ...others, [name]: value }
    })
  }

  close(): void {
    this.shared.close()
  }
}

export function isLimitName(name: string): name is LimitName {
  return liveNames.has(name)
}
