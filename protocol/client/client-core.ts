import type { Refusal } from '../codes.ts'
import type { Message } from '../envelope.ts'
import { Malformed } from '../msgpack-reader.ts'
import type { Plain } from '../msgpack-writer.ts'
import { type Caller, type CallLimits, type CallRequest, Calls } from './calls.ts'
import type { Cancel, ClientWorld } from './client-world.ts'
import { ConnectionKeeper, type ClientState } from './connection-keeper.ts'
import type { Connection, ConnectionEnd, Dial } from './connection.ts'
import { EventHub, isServerEvent } from './events.ts'
import { Inbox } from './inbox.ts'
import { decodeResumed, decodeSkuStatus, eventDecoders } from './result-decoders.ts'
import { SluiceError } from './sluice-error.ts'
import { typedCall } from './typed-call.ts'
import { Watches } from './watches.ts'

/** What is the same in every client's settings. */
export interface ClientSettings {
  /** ms until a call is given up, repeats and reconnects included; 10,000 if absent. */
  readonly deadlineMs?: number
  /** Calls that may be without an answer at a time. */
  readonly pendingMax?: number
  /** Whether `BUSY` and `RATE_LIMITED` are waited out inside the deadline; true if absent. */
  readonly repeatBusy?: boolean
  /** Clock, timers and randomness; the real ones if absent. */
  readonly world?: ClientWorld
}

export interface CoreOptions {
  readonly world: ClientWorld
  readonly dial: Dial
  readonly limits: CallLimits
  /** The connection is one user's: after each connect it asks for all that the user has. */
  readonly resumes: boolean
  /** A new connection comes with a fresh token. */
  readonly renews: boolean
}

export function limitsOf(settings: ClientSettings, pendingMax: number): CallLimits {
  return {
    deadlineMs: settings.deadlineMs ?? 10_000,
    pendingMax: settings.pendingMax ?? pendingMax,
    repeatBusy: settings.repeatBusy ?? true,
  }
}

/** Late answers come in crowds, from a server that has much to do. */
const lateResumeMs = 1_000

const closedByUser: Refusal = { code: 'UNAVAILABLE', message: 'The client was closed.' }

/** Calls, events and watches over a connection that comes and goes: what both clients are made of. */
export class ClientCore implements Caller {
  readonly events: EventHub
  readonly watches = new Watches()
  private readonly calls: Calls
  private readonly keeper: ConnectionKeeper
  private readonly inbox: Inbox
  private readonly resumes: boolean
  private readonly world: ClientWorld
  private cancelResume: Cancel | undefined
  private connection: Connection | undefined

  constructor(options: CoreOptions) {
    this.resumes = options.resumes
    this.events = new EventHub(options.world)
    this.world = options.world
    this.calls = new Calls(options.world, options.limits, {
      renew: options.renews ? () => this.keeper.redial('the token is no longer valid') : undefined,
      late: () => this.resumeSoon(),
    })
    this.inbox = new Inbox(
      options.world,
      (message) => message.kind !== 'response' || this.calls.isOfConnection(message.msgid),
      (message) => this.heard(message),
    )
    this.keeper = new ConnectionKeeper(options.world, options.dial, {
      onOpen: (connection) => this.opened(connection),
      onMessage: (message) => this.inbox.take(message),
      onLost: (end) => this.lost(end),
      onQuiet: () => this.ping(),
      onState: (state) => this.inbox.behind(() => this.tellState(state)),
    })
    this.events.on('drain', ({ withinMs }) => this.keeper.drain(withinMs))
  }

  get state(): ClientState {
    return this.keeper.clientState
  }

  get deadlineMs(): number {
    return this.calls.deadlineMs
  }

  start(request: CallRequest): Promise<Plain> {
    if (this.state.kind !== 'closed') return this.calls.start(request)
    return Promise.reject(new SluiceError(closedByUser, request.method, request.requestId))
  }

  close(): void {
    // What has been answered is settled as answered.
    this.inbox.flush()
    this.keeper.close()
    this.connection = undefined
    this.cancelResume?.()
    this.calls.rejectAll(closedByUser)
  }

  /** What belongs to the connection goes out first: personal events flow from `resume` on. */
  private opened(connection: Connection): void {
    this.inbox.flush()
    this.connection = connection
    this.calls.attach(connection)
    if (this.resumes) this.resume(connection)
    for (const sku of this.watches.all()) this.watchAgain(connection, sku)
    this.calls.sendWaiting()
  }

  /** The last that came may still have to be told, and answers among it settle their calls. */
  private lost(end: ConnectionEnd): void {
    this.connection = undefined
    this.calls.hold()
    this.inbox.behind(() => this.calls.detach(end.reason, end.refusal))
  }

  /** Nothing is told after the end. */
  private tellState(state: ClientState): void {
    if (state.kind === 'closed' || this.state.kind !== 'closed') this.events.emit('state', state)
  }

  private heard(message: Message): void {
    if (this.state.kind === 'closed') return
    if (message.kind === 'response') this.calls.answer(message.msgid, message.error, message.result)
    else if (message.kind === 'notification') this.notified(message.method, message.params)
    else this.events.emit('fault', new Malformed(`the server sent a request: ${message.method}`))
  }

  private notified(name: string, params: readonly Plain[]): void {
    if (!isServerEvent(name)) return
    try {
      this.tell(name, params[0] ?? null)
    } catch (error) {
      if (!(error instanceof Malformed)) throw error
      this.events.emit('fault', error)
    }
  }

  private tell<N extends keyof typeof eventDecoders>(name: N, param: Plain): void {
    this.events.emit(name, eventDecoders[name](param))
  }

  /** The server takes what it has answered for known, also where nobody waited for that answer any more. */
  private resumeSoon(): void {
    if (!this.resumes) return
    this.cancelResume ??= this.world.after(lateResumeMs, () => {
      this.cancelResume = undefined
      if (this.connection !== undefined) this.resume(this.connection)
    })
  }

  private resume(connection: Connection): void {
    typedCall(this.calls, decodeResumed, { method: 'resume', params: [], repeat: 'on-connection' }).then(
      (claims) => this.events.emit('resumed', { claims }),
      (error: unknown) => {
        if (this.connection !== connection) return
        this.report(error)
        // Without it the user's events do not come, so the connection is worth little; but a plain no would be the same on the next one.
        if (error instanceof SluiceError && (error.retriable || error.code === 'UNAUTHORIZED'))
          this.keeper.redial(`resume: ${error.message}`)
      },
    )
  }

  private watchAgain(connection: Connection, sku: string): void {
    typedCall(this.calls, decodeSkuStatus, { method: 'watch', params: [sku], repeat: 'on-connection' }).then(
      (status) => this.events.emit('sku', status),
      (error: unknown) => {
        if (this.connection !== connection) return
        this.report(error)
        if (error instanceof SluiceError && !error.retriable) this.watches.remove(sku)
      },
    )
  }

  /** Any answer is a sign of life, a refusal too. */
  private ping(): void {
    this.calls.start({ method: 'ping', params: [], repeat: 'never' }).catch(() => undefined)
  }

  private report(error: unknown): void {
    this.events.emit('fault', error instanceof Error ? error : new Error(String(error)))
  }
}
