import { z } from 'zod'
import type { World } from '../../cluster/world.ts'
import type { Identity } from '../../gateway/identity.ts'
import { TokenBucket } from '../../gateway/token-bucket.ts'
import { TokenBuckets } from '../../gateway/token-buckets.ts'
import { refusal, type Refusal } from '../../protocol/codes.ts'
import type { Plain } from '../../protocol/msgpack-writer.ts'
import type { KeyIdentity } from './console-sessions.ts'

/** Tries at the key. Nobody guesses a good one in any number of them; a bad one should hold for longer than an evening. */
export const loginLimits = {
  perAddress: { ratePerSecond: 0.1, burst: 10 },
  /** Of all addresses together. */
  all: { ratePerSecond: 1, burst: 30 },
  addressesMax: 1_024,
} as const

const bodySchema = z.strictObject({ key: z.string().min(1).max(512) })

export interface ConsoleLoginParts {
  readonly world: Pick<World, 'clock' | 'random' | 'log'>
  readonly identities: { ofKey(key: string): Identity }
}

/** Who may sign in. */
export class ConsoleLogin {
  private readonly parts: ConsoleLoginParts
  private readonly all: TokenBucket
  private readonly addresses: TokenBuckets

  constructor(parts: ConsoleLoginParts) {
    const { clock, random } = parts.world
    const { perAddress, all, addressesMax: keysMax } = loginLimits
    this.parts = parts
    this.all = new TokenBucket(all.ratePerSecond, all.burst, clock.monotonic())
    this.addresses = new TokenBuckets({ ...perAddress, keysMax }, Math.floor(random.next() * 2 ** 32))
  }

  /** The operator whose key this is, or why there is none. The key is compared in constant time (gateway/identity.ts). */
  identify(address: string, body: Plain): { readonly identity: KeyIdentity } | { readonly error: Refusal } {
    const { identities, world } = this.parts
    const waitMs = this.refusesTry(address)
    if (waitMs !== undefined) return { error: refusal('RATE_LIMITED', 'Too many tries; wait before the next one.', waitMs) }
    const { data } = bodySchema.safeParse(body)
    if (data === undefined) return { error: refusal('MALFORMED', 'The body must be {"key": "..."}.') }
    const identity = identities.ofKey(data.key)
    if (identity.role === 'operator') return { identity }
    world.log.warn({ address }, 'somebody tried to sign in to the console with a wrong key')
    return {
      error: refusal(
        'UNAUTHORIZED',
        identity.role === 'backend' ? 'This is the key of a service, not of an operator.' : 'This is not the key of an operator.',
      ),
    }
  }

  /** The address's own share first: whoever has used that up takes nothing from the others. */
  private refusesTry(address: string): number | undefined {
    const now = this.parts.world.clock.monotonic()
    if (!this.addresses.take(address, now)) return this.addresses.waitMs
    return this.all.take(1, now) === 0 ? this.all.waitMs() : undefined
  }
}
