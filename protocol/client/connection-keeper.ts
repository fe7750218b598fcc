import type { Message } from '../envelope.ts'
import type { Plain } from '../msgpack-writer.ts'
import { backoffMs, reconnectBackoff } from './backoff.ts'
import type { Cancel, ClientWorld } from './client-world.ts'
import type { Connection, ConnectionEnd, Dial } from './connection.ts'
import { Liveness } from './liveness.ts'

/** Where a client stands, as its user sees it. `attempt` counts from 0 and begins again after a connection that lasted. */
export type ClientState =
  | { readonly kind: 'connecting'; readonly attempt: number }
  | { readonly kind: 'open' }
  | { readonly kind: 'waiting'; readonly attempt: number; readonly retryInMs: number; readonly reason: string }
  | { readonly kind: 'closed' }

export interface KeeperHandlers {
  onOpen(connection: Connection): void
  onMessage(message: Message): void
  /** The connection ended, or never came about. */
  onLost(end: ConnectionEnd): void
  /** Nothing was heard for so long that the server should be asked something. */
  onQuiet(): void
  onState(state: ClientState): void
}

/** From the dial to an open connection, the token's fetching included. */
export const connectMaxMs = 10_000
/** A connection that stood for this long has proved the server well: the next attempt begins with the shortest wait. */
export const steadyMs = 5_000
/** The longest time over which a draining server may ask its clients to spread. */
export const drainMaxMs = 600_000
const checkEveryMs = 1_000

type KeeperState =
  | { readonly kind: 'connecting'; readonly attempt: number; readonly connection: Connection; readonly cancelLimit: Cancel }
  | {
      readonly kind: 'open'
      readonly attempt: number
      readonly connection: Connection
      readonly since: number
      readonly liveness: Liveness
      cancelCheck: Cancel
      cancelDrain: Cancel | undefined
    }
  | { readonly kind: 'waiting'; readonly attempt: number; readonly retryAt: number; readonly reason: string; readonly cancelRetry: Cancel }
  | { readonly kind: 'closed' }

/** Keeps one connection: dials, notices when it dies, waits with jitter, dials again, until closed. */
export class ConnectionKeeper {
  private readonly world: ClientWorld
  private readonly dial: Dial
  private readonly handlers: KeeperHandlers
  private readonly cancelNetwork: Cancel
  private state: KeeperState

  constructor(world: ClientWorld, dial: Dial, handlers: KeeperHandlers) {
    this.world = world
    this.dial = dial
    this.handlers = handlers
    this.state = this.connecting(0)
    this.cancelNetwork = world.onNetwork((online) => this.networkChanged(online))
  }

  get clientState(): ClientState {
    const { state } = this
    if (state.kind === 'connecting') return { kind: 'connecting', attempt: state.attempt }
    if (state.kind !== 'waiting') return { kind: state.kind }
    return { kind: 'waiting', attempt: state.attempt, retryInMs: Math.max(0, state.retryAt - this.world.now()), reason: state.reason }
  }

  /** The server is about to go: connect again at a random moment of the time that it leaves. */
  drain(withinMs: number): void {
    const { state } = this
    if (state.kind !== 'open' || state.cancelDrain !== undefined) return
    const afterMs = this.world.random() * Math.min(Math.max(withinMs, 0), drainMaxMs)
    state.cancelDrain = this.world.after(afterMs, () => this.leave(state.connection, 'the server is going away', 0))
  }

  /** Gives up the open connection and connects again, after the usual wait. */
  redial(reason: string): void {
    if (this.state.kind === 'open') this.leave(this.state.connection, reason, undefined)
  }

  close(): void {
    const { state } = this
    if (state.kind === 'closed') return
    this.cancelNetwork()
    endTimers(state)
    if (state.kind !== 'waiting') state.connection.close()
    const closed: KeeperState = { kind: 'closed' }
    this.state = closed
    this.announce(closed)
  }

  private connecting(attempt: number): KeeperState {
    // The handlers speak for this connection only, and a connection that was closed calls none of them.
    const connection: Connection = this.dial({
      onOpen: () => this.opened(),
      onMessage: (message) => this.heard(message),
      onEnd: (end) => this.lost(end, undefined),
    })
    const cancelLimit = this.world.after(connectMaxMs, () => this.leave(connection, `no connection within ${connectMaxMs} ms`, undefined))
    return { kind: 'connecting', attempt, connection, cancelLimit }
  }

  private opened(): void {
    const { state } = this
    if (state.kind !== 'connecting') return
    endTimers(state)
    const { attempt, connection } = state
    const since = this.world.now()
    const liveness = new Liveness(since)
    const watched: Connection = {
      send: (msgid: number, method: string, params: readonly Plain[]) => {
        liveness.asked(this.world.now())
        connection.send(msgid, method, params)
      },
      close: () => connection.close(),
    }
    const opened: KeeperState = {
      kind: 'open',
      attempt,
      connection,
      since,
      liveness,
      cancelCheck: this.scheduleCheck(),
      cancelDrain: undefined,
    }
    this.state = opened
    this.handlers.onOpen(watched)
    this.announce(opened)
  }

  private heard(message: Message): void {
    if (this.state.kind !== 'open') return
    this.state.liveness.heard(this.world.now())
    this.handlers.onMessage(message)
  }

  private scheduleCheck(): Cancel {
    return this.world.after(checkEveryMs, () => this.check())
  }

  private check(): void {
    const { state } = this
    if (state.kind !== 'open') return
    const verdict = state.liveness.verdict(this.world.now())
    if (verdict === 'dead') {
      this.leave(state.connection, 'the server fell silent', undefined)
      return
    }
    state.cancelCheck = this.scheduleCheck()
    if (verdict === 'ask') this.handlers.onQuiet()
  }

  private leave(connection: Connection, reason: string, waitMs: number | undefined): void {
    connection.close()
    this.lost({ reason }, waitMs)
  }

  /** `waitMs` undefined: by the backoff. */
  private lost(end: ConnectionEnd, waitMs: number | undefined): void {
    const { state } = this
    if (state.kind !== 'connecting' && state.kind !== 'open') return
    endTimers(state)
    const steady = state.kind === 'open' && this.world.now() - state.since >= steadyMs
    const attempt = steady ? 0 : state.attempt
    const retryInMs = waitMs ?? backoffMs(reconnectBackoff, attempt, this.world.random())
    const cancelRetry = this.world.after(retryInMs, () => this.retry())
    const retryAt = this.world.now() + retryInMs
    const waiting: KeeperState = { kind: 'waiting', attempt: attempt + 1, retryAt, reason: end.reason, cancelRetry }
    this.state = waiting
    this.handlers.onLost(end)
    this.announce(waiting)
  }

  private retry(): void {
    if (this.state.kind !== 'waiting') return
    const connecting = this.connecting(this.state.attempt)
    this.state = connecting
    this.announce(connecting)
  }

  /** The device knows best when a retry is worth it; and a change of networks breaks sockets that still look whole. */
  private networkChanged(online: boolean): void {
    const { state } = this
    if (state.kind === 'open') this.handlers.onQuiet()
    if (state.kind !== 'waiting' || !online) return
    state.cancelRetry()
    this.retry()
  }

  /** Last in every change, because whoever hears of one thing may at once do the next, for example close. */
  private announce(entered: KeeperState): void {
    if (this.state === entered) this.handlers.onState(this.clientState)
  }
}

function endTimers(state: KeeperState): void {
  switch (state.kind) {
    case 'connecting':
      state.cancelLimit()
      return
    case 'open':
      state.cancelCheck()
      state.cancelDrain?.()
      return
    case 'waiting':
      state.cancelRetry()
      return
    case 'closed':
      return
  }
}
