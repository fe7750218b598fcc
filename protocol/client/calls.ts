import { codeTable, type Refusal } from '../codes.ts'
import type { Plain } from '../msgpack-writer.ts'
import { fateOfRefused, outOfTime } from './call-fate.ts'
import type { Cancel, ClientWorld } from './client-world.ts'
import type { Connection } from './connection.ts'
import { SluiceError } from './sluice-error.ts'

/** What the typed methods ask for, and what {@link Calls} carries out. */
export interface CallRequest {
  readonly method: string
  readonly params: readonly Plain[]
  readonly requestId?: string
  readonly deadlineMs?: number
  /**
   * What may follow an unknown outcome: `always` a repeat, `on-connection` a repeat while the connection stands (the call is about the
   * connection and ends with it), `never` nothing.
   */
  readonly repeat: 'always' | 'on-connection' | 'never'
}

export interface Caller {
  /** ms, for calls that name none. */
  readonly deadlineMs: number
  start(request: CallRequest): Promise<Plain>
}

export interface CallLimits {
  /** For calls that name none. */
  readonly deadlineMs: number
  /** Calls without an answer, sent or not; one more is refused with `BUSY`. */
  readonly pendingMax: number
  /** `BUSY` and `RATE_LIMITED` are waited out inside the deadline. */
  readonly repeatBusy: boolean
}

export interface CallEvents {
  /** Asks for a new connection with a fresh token; undefined where there is no way to get one. */
  readonly renew: (() => void) | undefined
  /** The answer to a call came after its deadline: what it said was told to nobody. */
  readonly late: () => void
}

/** So many calls that were given up are remembered at most, until their answers come. */
const overdueMax = 1_000

/** How exactly deadlines and pauses are kept. One timer for all calls: a timer each would cost more than the calls themselves. */
export const sweepEveryMs = 50

interface Call {
  readonly request: CallRequest
  readonly deadlineAt: number
  readonly resolve: (result: Plain) => void
  readonly reject: (error: SluiceError) => void
  phase: CallPhase
  repeats: number
  renewed: boolean
  /** Some try of it may have done its work. */
  inDoubt: boolean
  /** Why it is not done yet, for the error that ends it. */
  last: Refusal | undefined
}

type CallPhase =
  | { readonly kind: 'waiting' }
  | { readonly kind: 'sent'; readonly msgid: number }
  | { readonly kind: 'pausing'; readonly until: number }

const waiting: CallPhase = { kind: 'waiting' }

/**
 * Every call from its start to its end: held back while there is no connection, sent, repeated with the same params, and settled exactly
 * once, at its deadline at the latest. A repeat has a new msgid, so that the late answer to an earlier try finds nobody.
 */
export class Calls implements Caller {
  private readonly world: ClientWorld
  private readonly limits: CallLimits
  private readonly events: CallEvents
  /** In the order in which they were made, which is the order in which they are sent. */
  private readonly pending = new Set<Call>()
  private readonly sent = new Map<number, Call>()
  /** Msgids of calls that were given up while they were on their way. */
  private readonly overdue = new Set<number>()
  private connection: Connection | undefined
  private lastMsgid = 0
  private cancelSweep: Cancel | undefined

  constructor(world: ClientWorld, limits: CallLimits, events: CallEvents) {
    this.world = world
    this.limits = limits
    this.events = events
  }

  get deadlineMs(): number {
    return this.limits.deadlineMs
  }

  start(request: CallRequest): Promise<Plain> {
    if (this.pending.size >= this.limits.pendingMax) {
      const refusal: Refusal = { code: 'BUSY', message: `${this.limits.pendingMax} calls of this client have no answer yet.` }
      return Promise.reject(new SluiceError(refusal, request.method, request.requestId))
    }
    return new Promise((resolve, reject) => {
      const deadlineAt = this.world.now() + (request.deadlineMs ?? this.limits.deadlineMs)
      const call: Call = {
        request,
        deadlineAt,
        resolve,
        reject,
        phase: waiting,
        repeats: 0,
        renewed: false,
        inDoubt: false,
        last: undefined,
      }
      this.pending.add(call)
      this.send(call)
      this.scheduleSweep()
    })
  }

  /** From now on calls go out on `connection`. Those that wait follow at {@link sendWaiting}, so that the caller can put others first. */
  attach(connection: Connection): void {
    this.connection = connection
  }

  sendWaiting(): void {
    for (const call of this.pending) if (call.phase.kind === 'waiting') this.send(call)
  }

  /** The connection is gone, and nothing more is sent on it. */
  hold(): void {
    this.connection = undefined
  }

  /** Behind {@link hold}: what has no answer by now has an unknown outcome. A `refusal` that will not change ends the calls that wait, too. */
  detach(reason: string, refusal?: Refusal): void {
    const lost: Refusal = { code: 'UNAVAILABLE', message: `The connection was lost before the answer: ${reason}` }
    const final = refusal !== undefined && codeTable[refusal.code].retry === 'never'
    this.sent.clear()
    this.overdue.clear()
    for (const call of this.pending) {
      const wasSent = call.phase.kind === 'sent'
      if (wasSent) {
        call.inDoubt = true
        call.last = lost
        call.phase = waiting
      }
      if (final) this.reject(call, call.inDoubt ? lost : refusal)
      else if (call.request.repeat === 'on-connection' || (wasSent && call.request.repeat === 'never')) this.reject(call, lost)
    }
  }

  /** Whether the answer is to a call that the client makes for its connection, and tells as an event. */
  isOfConnection(msgid: number): boolean {
    return this.sent.get(msgid)?.request.repeat === 'on-connection'
  }

  /** Settles or repeats the call that this answers; of an answer that comes too late there is only the event. */
  answer(msgid: number, error: Refusal | null, result: Plain): void {
    const call = this.sent.get(msgid)
    if (call === undefined) {
      if (this.overdue.delete(msgid)) this.events.late()
      return
    }
    this.sent.delete(msgid)
    if (error === null) {
      this.pending.delete(call)
      call.resolve(result)
    } else this.refused(call, error)
  }

  /** Ends everything. */
  rejectAll(refusal: Refusal): void {
    this.sent.clear()
    this.overdue.clear()
    for (const call of this.pending) this.reject(call, refusal)
    this.cancelSweep?.()
    this.cancelSweep = undefined
  }

  private send(call: Call): void {
    if (this.connection === undefined) return
    const msgid = this.nextMsgid()
    try {
      this.connection.send(msgid, call.request.method, call.request.params)
    } catch (error) {
      // The params cannot be encoded; nothing has left.
      this.reject(call, { code: 'MALFORMED', message: String(error) })
      return
    }
    call.phase = { kind: 'sent', msgid }
    this.sent.set(msgid, call)
  }

  private refused(call: Call, refusal: Refusal): void {
    const leftMs = call.deadlineAt - this.world.now()
    const renewable = this.events.renew !== undefined && !call.renewed
    const repeatable = call.request.repeat !== 'never'
    const fate = fateOfRefused(
      { refusal, repeatable, patient: this.limits.repeatBusy, renewable, inDoubt: call.inDoubt, repeats: call.repeats, leftMs },
      this.world.random(),
    )
    call.last = refusal
    call.inDoubt ||= codeTable[refusal.code].retry === 'unknown'
    if (fate.kind === 'reject') this.reject(call, fate.refusal)
    else if (fate.kind === 'repeat') {
      call.repeats++
      call.phase = { kind: 'pausing', until: this.world.now() + fate.afterMs }
    } else {
      call.renewed = true
      call.phase = waiting
      this.events.renew?.()
    }
  }

  private reject(call: Call, refusal: Refusal): void {
    this.pending.delete(call)
    call.reject(new SluiceError(refusal, call.request.method, call.request.requestId))
  }

  private scheduleSweep(): void {
    this.cancelSweep ??= this.world.after(sweepEveryMs, () => {
      this.cancelSweep = undefined
      this.sweep(this.world.now())
      if (this.pending.size > 0) this.scheduleSweep()
    })
  }

  private sweep(now: number): void {
    for (const call of this.pending) {
      // Written so that a deadline that is no number ends at once instead of never.
      if (!(now < call.deadlineAt)) this.expire(call)
      else if (call.phase.kind === 'pausing' && now >= call.phase.until) {
        call.phase = waiting
        this.send(call)
      }
    }
  }

  private expire(call: Call): void {
    const inFlight = call.phase.kind === 'sent'
    if (call.phase.kind === 'sent') this.giveUp(call.phase.msgid)
    const { last } = call
    // Not in flight and never in doubt: it was refused for the moment, and that is the answer.
    if (!inFlight && !call.inDoubt && last !== undefined) this.reject(call, last)
    else this.reject(call, outOfTime(last?.message ?? (inFlight ? 'nothing.' : 'there was no connection.')))
  }

  private giveUp(msgid: number): void {
    this.sent.delete(msgid)
    for (const oldest of this.overdue) {
      if (this.overdue.size < overdueMax) break
      this.overdue.delete(oldest)
    }
    this.overdue.add(msgid)
  }

  private nextMsgid(): number {
    // 0 is left to the server, which has no other for an answer to bytes that are no message.
    do this.lastMsgid = this.lastMsgid === 0xffff_ffff ? 1 : this.lastMsgid + 1
    while (this.sent.has(this.lastMsgid) || this.overdue.has(this.lastMsgid))
    return this.lastMsgid
  }
}
