import type { Calls, Command } from '../cluster/calls.ts'
import type { World } from '../cluster/world.ts'
import { op } from '../protocol/entry.ts'
import type { SkuId, UserId } from '../protocol/ids.ts'
import { packInner } from '../protocol/inner-codec.ts'
import type { PresenceListener } from './presence.ts'

const retryMs = 1_000

/** Keeps the session actors informed of who is connected here and who got a claim. Batched by {@link Calls}; off the hot path. */
export class SessionLink implements PresenceListener {
  private readonly calls: Calls
  private readonly world: World
  /** What each user's session should know; a later word replaces an earlier one that did not get through. */
  private readonly wanted = new Map<UserId, typeof op.attach | typeof op.detach>()
  private readonly where: Uint8Array
  private closed = false

  constructor(calls: Calls, world: World) {
    this.calls = calls
    this.world = world
    this.where = packInner({ gateway: calls.subject })
  }

  attached(user: UserId): void {
    this.say(user, op.attach)
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
      const taken = await this.request({ op: operation, user, payload: this.where })
      if (!taken) {
        this.world.timers.after(retryMs, () => {
          this.deliver(user).catch((error: unknown) => this.failed(user, error))
        })
        return
      }
      if (this.wanted.get(user) === operation) this.wanted.delete(user)
    }
  }

  private async request(command: Command & { readonly user: string }): Promise<boolean> {
    const answer = await this.calls.request('ses', this.calls.shardOfText(command.user), command)
    return answer.error === null
  }

  private failed(user: UserId, error: unknown): void {
    this.world.log.error({ user, error: String(error) }, 'a session could not be told')
  }
}
