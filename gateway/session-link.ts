import type { Calls, Command } from '../cluster/calls.ts'
import type { World } from '../cluster/world.ts'
import { PlainReader } from '../protocol/client/plain-reader.ts'
import { op } from '../protocol/entry.ts'
import type { SkuId, UserId } from '../protocol/ids.ts'
import { packInner } from '../protocol/inner-codec.ts'
import type { Plain } from '../protocol/msgpack-writer.ts'
import type { PresenceListener } from './presence.ts'

const retryMs = 1_000
const farewellLookMs = 20

/**
 * Keeps the session actors informed of who is connected here and who got a claim. Batched by {@link Calls}; off the hot path.
 *
 * Word of a claim that a user gets elsewhere is not certain to come: a frame may be lost, and a store that loses its newest records makes a session forget
 * where its user is. So who is here is said again now and then, and whoever is elsewhere too, or was forgotten, may have missed something.
 */
export class SessionLink implements PresenceListener {
  private readonly calls: Calls
  private readonly world: World
  private readonly mayHaveMissed: (user: UserId) => void
  /** What each user's session should know; a later word replaces an earlier one that did not get through. */
  private readonly wanted = new Map<UserId, typeof op.attach | typeof op.detach>()
  /** Who is said to be here for the first time, and asks by themselves what they have. */
  private readonly fresh = new Set<UserId>()
  private readonly where: Uint8Array
  private closed = false
  /** Nobody is here any more, whatever else is said. */
  private isLeaving = false

  constructor(calls: Calls, world: World, mayHaveMissed: (user: UserId) => void) {
    this.calls = calls
    this.world = world
    this.mayHaveMissed = mayHaveMissed
    this.where = packInner({ gateway: calls.subject })
  }

  attached(user: UserId): void {
    if (this.isLeaving) return
    this.fresh.add(user)
    this.say(user, op.attach)
  }

  /** Says once more that the user is here. */
  stillAttached(user: UserId): void {
    if (!this.isLeaving && !this.wanted.has(user)) this.say(user, op.attach)
  }

  detached(user: UserId): void {
    this.say(user, op.detach)
  }

  /** Tells the user's other gateways, through the session, that a claim appeared. Lost if the session is away: `resume` repairs it. */
  claimed(user: UserId, sku: SkuId, claim: number): void {
    this.request({ op: op.claimed, user, payload: packInner({ sku, claim, from: this.calls.subject }) }).catch((error: unknown) =>
      this.failed(user, error),
    )
  }

  /**
   * Says of everybody that they are not here any more, for this gateway ends: of one that says nothing nobody knows whether it still has its users. Resolves when
   * the sessions have it, or when the time is over.
   */
  farewell(users: Iterable<UserId>, withinMs: number): Promise<void> {
    this.isLeaving = true
    for (const user of users) this.say(user, op.detach)
    const { timers, clock } = this.world
    const until = clock.monotonic() + withinMs
    return new Promise((resolve) => {
      const look = (): void => {
        if (this.wanted.size > 0 && clock.monotonic() < until) return
        timer.cancel()
        resolve()
      }
      const timer = timers.every(farewellLookMs, look)
      look()
    })
  }

  close(): void {
    this.closed = true
  }

  private say(user: UserId, operation: typeof op.attach | typeof op.detach): void {
    if (this.closed) return
    const isUnderWay = this.wanted.has(user)
    this.wanted.set(user, operation)
    if (!isUnderWay) this.deliver(user).catch((error: unknown) => this.failed(user, error))
  }

  /** Says the latest word, again if it changed meanwhile, later if the session could not take it. */
  private async deliver(user: UserId): Promise<void> {
    while (!this.closed) {
      const operation = this.wanted.get(user)
      if (operation === undefined) return
      const answer = await this.request({ op: operation, user, payload: this.where })
      if (answer === undefined) {
        this.world.timers.after(retryMs, () => {
          this.deliver(user).catch((error: unknown) => this.failed(user, error))
        })
        return
      }
      if (this.wanted.get(user) !== operation) continue
      this.wanted.delete(user)
      const isFresh = this.fresh.delete(user)
      if (operation === op.attach && hasMissed(answer.result, isFresh)) this.mayHaveMissed(user)
    }
  }

  /** Undefined if the session did not take it. */
  private async request(command: Command & { readonly user: string }): Promise<{ readonly result: Plain } | undefined> {
    const { error, result } = await this.calls.request('ses', this.calls.shardOfText(command.user), command)
    return error === null ? { result } : undefined
  }

  private failed(user: UserId, error: unknown): void {
    // Without the user's name: logs are kept elsewhere, and nobody could take it out of them.
    this.world.log.error({ shard: this.calls.shardOfText(user), error: String(error) }, 'a session could not be told')
  }
}

/** Whether something may have happened to a user that this gateway was not told. A session of an older version says nothing about that. */
function hasMissed(result: Plain, isFresh: boolean): boolean {
  if (result === null) return false
  const attached = new PlainReader(result, 'attached')
  return attached.number('elsewhere') > 0 || (!isFresh && !attached.flag('again'))
}
