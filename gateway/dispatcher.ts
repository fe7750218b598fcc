import type { Calls, CallSink } from '../cluster/calls.ts'
import type { Clock, Log } from '../cluster/world.ts'
import { type Code, codeTable } from '../protocol/codes.ts'
import { ScannedCall, scanHotCall } from '../protocol/edge-scanner.ts'
import { op } from '../protocol/entry.ts'
import { decodeJsonMessage, decodeMessage, type Message, writeRequest } from '../protocol/envelope.ts'
import type { AnswerView } from '../protocol/frame.ts'
import { parseSkuId } from '../protocol/ids.ts'
import { Malformed } from '../protocol/msgpack-reader.ts'
import { MsgpackWriter, type Plain } from '../protocol/msgpack-writer.ts'
import { type Admission, bannedRefusal } from './admission.ts'
import type { AuditedCalls } from './audited-calls.ts'
import type { BanTable } from './ban-table.ts'
import { challengeRequired, type Challenges } from './challenges.ts'
import type { ClaimFollower, UnknownSku } from './claim-follower.ts'
import type { Connection, Connections } from './connection.ts'
import type { GatewayCounters } from './gateway-counters.ts'
import type { Identity } from './identity.ts'
import { writeJsonParams } from './json-params.ts'
import type { LeasedTokens } from './leased-tokens.ts'
import type { Call, Method, MethodTable } from './method.ts'
import { Params } from './params.ts'
import { holdsClaim, type Presence, type Presences } from './presence.ts'
import type { Responder } from './responder.ts'
import type { Rank, ShardGates } from './shard-gates.ts'
import type { Views } from './views.ts'

export interface DispatcherParts {
  readonly calls: Calls
  readonly clock: Clock
  readonly connections: Connections
  readonly views: Views
  readonly methods: MethodTable
  readonly admission: Admission
  /** Undefined where nothing keeps what operators do. */
  readonly audited: AuditedCalls | undefined
  readonly bans: BanTable
  readonly challenges: Challenges
  readonly gates: ShardGates
  readonly follower: ClaimFollower
  readonly presences: Presences
  readonly responder: Responder
  readonly counters: GatewayCounters
  readonly log: Log
}

/**
 * From a client's message to a shard or a local answer, and from a shard's answer to the client. Hot calls are scanned in place and copied once;
 * every other message takes the general path. Refusals come as early as possible: who you are, how much you ask, what the stock view knows.
 */
export class Dispatcher implements CallSink {
  private readonly parts: DispatcherParts
  private readonly scanned = new ScannedCall()
  private readonly transcoded = new MsgpackWriter()
  private readonly hotMethods: readonly (Method | undefined)[]
  /** Lets in so many `buy`s of newcomers per second and no more; undefined where nothing limits them. */
  private newcomers: Pick<LeasedTokens, 'take' | 'retryAfterMs'> | undefined

  constructor(parts: DispatcherParts) {
    this.parts = parts
    const { methods } = parts
    this.hotMethods = [undefined, methods.get('buy'), methods.get('leave'), methods.get('claim')]
    parts.calls.useSink(this)
  }

  /** Who says from now on whether another newcomer may come in. */
  useNewcomers(newcomers: Pick<LeasedTokens, 'take' | 'retryAfterMs'> | undefined): void {
    this.newcomers = newcomers
  }

  /**
   * Takes a hot call from `bytes[at, to)` and returns the offset behind it, or 0 if there is none in its plain form: the caller then finds the
   * message's end and calls {@link message}. `now` is the wall clock's; calls that came in together need only one look at it. A call that is `alone`
   * has to fill the bytes: what has something behind it is no message, and nothing of it is done.
   */
  hot(connection: Connection, bytes: Uint8Array, at: number, to: number, now = this.parts.clock.now(), alone = false): number {
    const { identity } = connection
    const { parts } = this
    // Who may not call learns it on the general path.
    if (identity.role === 'nobody' || (identity.role === 'user' && identity.expiresAt <= now)) return 0
    const call = this.scanned
    const end = scanHotCall(bytes, at, to, identity.role !== 'user', call)
    if (end === 0 || (alone && end !== to)) return 0
    const method = this.hotMethods[call.op]
    if (method === undefined) return 0
    const refused = parts.admission.refuses(connection)
    if (refused !== undefined) {
      parts.responder.refuse(connection, call.msgid, method.index, refused.code, undefined, refused.retryAfterMs)
      return end
    }
    const view = parts.views.findScanned(call.skuHash, bytes, call.skuFrom, call.skuTo)
    const userHash = identity.role === 'user' ? identity.userHash : call.userHash
    if (parts.bans.hasUsers && this.isBanned(identity, call, bytes)) {
      parts.responder.refusal(connection, call.msgid, method.index, bannedRefusal)
      return end
    }
    const shard = view === undefined ? parts.calls.shardOfHash(call.skuHash) : view.shard
    let rank: Rank = 'holder'
    let mayPass = false
    if (call.op === op.buy) {
      const known = view === undefined || view.isPlain ? undefined : parts.views.refusesBuy(view, userHash, now)
      if (known !== undefined) {
        parts.counters.viewRefused(known.code)
        parts.responder.refusal(connection, call.msgid, method.index, known)
        return end
      }
      parts.counters.passed.stockView++
      if (
        view !== undefined &&
        !view.takesReservations &&
        parts.challenges.requires(view, identity, this.followed(identity, call, bytes))
      ) {
        view.buysHeard++
        parts.counters.layers.challenge++
        parts.responder.refusal(connection, call.msgid, method.index, challengeRequired)
        return end
      }
      mayPass = parts.gates.takesNewcomers(shard)
      // A newcomer, unless somebody asks and the user is known here to have a claim.
      const matters = this.newcomers !== undefined || !mayPass
      rank = matters && holdsClaim(this.followed(identity, call, bytes), view?.settings.sku) ? 'holder' : 'newcomer'
    }
    const waitMs = mayPass ? undefined : parts.gates.refuses(shard, rank)
    if (waitMs !== undefined) {
      parts.responder.refuse(connection, call.msgid, method.index, 'BUSY', undefined, waitMs)
      return end
    }
    if (call.op === op.buy) {
      // After view and gate: whom those refuse takes no token from somebody who could buy.
      if (this.newcomers !== undefined && rank === 'newcomer' && this.refusesNewcomer()) {
        parts.responder.refuse(connection, call.msgid, method.index, 'RATE_LIMITED', undefined, this.newcomers.retryAfterMs)
        return end
      }
      if (view?.takesReservations === true) {
        this.runDecoded(connection, method, decodeMessage(bytes, at, end))
        return end
      }
      if (view !== undefined) view.buysHeard++
    }
    const row =
      identity.role === 'user'
        ? parts.calls.sendScanned(
            call,
            bytes,
            identity.userBytes,
            0,
            identity.userBytes.length,
            userHash,
            connection.index,
            connection.turn,
            method.index,
            now,
          )
        : parts.calls.sendScanned(
            call,
            bytes,
            bytes,
            call.userFrom,
            call.userTo,
            userHash,
            connection.index,
            connection.turn,
            method.index,
            now,
          )
    parts.gates.began(shard, row, rank)
    if (row < 0) this.refusePending(connection, call.msgid, method)
    else {
      parts.counters.passed.pending++
      connection.inFlight++
      const presence = this.followed(identity, call, bytes)
      parts.follower.expect(row, view ?? (presence === undefined ? undefined : this.unknownSku(call, bytes)), presence)
    }
    return end
  }

  /** Takes a frame that is one msgpack message. Throws {@link Malformed} if it is not. */
  frame(connection: Connection, bytes: Uint8Array): void {
    if (this.hot(connection, bytes, 0, bytes.length, this.parts.clock.now(), true) === 0) this.message(connection, bytes, 0, bytes.length)
  }

  /** Takes one whole msgpack message. Throws {@link Malformed} if it is none: the transport then closes the connection. */
  message(connection: Connection, bytes: Uint8Array, from: number, to: number): void {
    this.general(connection, decodeMessage(bytes, from, to))
  }

  /** The same for JSON text. */
  jsonMessage(connection: Connection, text: string): void {
    const message = decodeJsonMessage(text)
    if (message.kind === 'request') this.request(connection, message)
  }

  /** Takes a hot call whose params are JSON in its plain form; false if they are not, and the caller then decodes them for {@link request}. */
  hotJson(connection: Connection, method: string, params: Uint8Array): boolean {
    if (!hotNames.has(method)) return false
    const { transcoded } = this
    transcoded.length = 0
    transcoded.array(requestParts).byte(0).number(httpMsgid).string(method)
    if (!writeJsonParams(params, transcoded)) return false
    return this.hot(connection, transcoded.bytes, 0, transcoded.length) === transcoded.length
  }

  /** Takes a request that is decoded already, from JSON. A hot one is written as msgpack and takes the hot path, which is much the shorter one even so. */
  request(connection: Connection, request: Message & { readonly kind: 'request' }): void {
    const { method, params } = request
    if (hotNames.has(method) && params.length <= hotParamsMax && params.every(isScalar)) {
      const { transcoded } = this
      transcoded.length = 0
      writeRequest(transcoded, request.msgid, method, params)
      if (this.hot(connection, transcoded.bytes, 0, transcoded.length) === transcoded.length) return
    }
    this.general(connection, request)
  }

  /** The general path: rate, method, role, params, and then the method itself. */
  general(connection: Connection, message: Message): void {
    if (message.kind !== 'request') return
    const { admission, methods, responder } = this.parts
    const { msgid } = message
    const method = methods.get(message.method)
    const index = method?.index ?? unknownMethod
    const refused = admission.refuses(connection)
    if (refused !== undefined) return responder.refuse(connection, msgid, index, refused.code, undefined, refused.retryAfterMs)
    if (method === undefined)
      return responder.refuse(connection, msgid, index, 'UNKNOWN_METHOD', `There is no method ${JSON.stringify(message.method)}.`)
    const denied = this.denies(connection, method)
    if (denied !== undefined) return responder.refuse(connection, msgid, index, denied)
    try {
      this.run(connection, msgid, method, new Params(message.params))
    } catch (error) {
      if (error instanceof Malformed) return responder.refuse(connection, msgid, index, 'MALFORMED', error.message)
      throw error
    }
  }

  answered(target: number, targetTurn: number, method: number, answer: AnswerView): void {
    const { parts } = this
    parts.counters.answered(method, answer.code)
    parts.gates.ended(answer.slot, answer.code)
    const connection = parts.connections.find(target, targetTurn)
    if (connection !== undefined) {
      connection.inFlight--
      const newer = parts.follower.insteadOf(answer)
      if (newer === undefined) parts.responder.respond(connection, answer.frame, answer.from, answer.to)
      else parts.responder.instead(connection, answer.frame, answer.from, answer.to, newer)
    }
    parts.follower.answered(answer, connection)
  }

  failed(slot: number, target: number, targetTurn: number, method: number, msgid: number, code: Code, retryAfterMs?: number): void {
    this.parts.follower.failed(slot, code)
    this.parts.gates.ended(slot, codeTable[code].number)
    const connection = this.parts.connections.find(target, targetTurn)
    if (connection === undefined) return this.parts.counters.answered(method, codeTable[code].number)
    connection.inFlight--
    this.parts.responder.refuse(connection, msgid, method, code, undefined, retryAfterMs)
  }

  /** Answers a message that came too soon; what is no call gets no answer. Throws {@link Malformed} if it is no message. */
  refuseEarly(connection: Connection, message: Message, retryAfterMs: number): void {
    if (message.kind !== 'request') return
    const index = this.parts.methods.get(message.method)?.index ?? unknownMethod
    this.parts.responder.refuse(connection, message.msgid, index, 'RATE_LIMITED', undefined, retryAfterMs)
  }

  flush(): void {
    this.parts.responder.flush()
  }

  private call(connection: Connection, msgid: number, method: Method, params: Params): Call {
    const { responder } = this.parts
    return {
      connection,
      msgid,
      method,
      params,
      result: (result) => responder.result(connection, msgid, method.index, result),
      refuse: (code, message, retryAfterMs) => responder.refuse(connection, msgid, method.index, code, message, retryAfterMs),
      refusal: (error) => responder.refusal(connection, msgid, method.index, error),
      changed: () => {},
    }
  }

  private denies(connection: Connection, method: Method): Code | undefined {
    const { identity } = connection
    if (method.role === 'public') return undefined
    if (identity.role === 'nobody' || (identity.role === 'user' && identity.expiresAt <= this.parts.clock.now())) return 'UNAUTHORIZED'
    if (method.role === 'service') return identity.role === 'user' ? 'FORBIDDEN' : undefined
    return method.role === 'operator' && identity.role !== 'operator' ? 'FORBIDDEN' : undefined
  }

  /** The presence of the user for whom a hot call is made, if that user is connected here: they hear what comes of it on every connection. */
  private followed(identity: Identity, call: ScannedCall, bytes: Uint8Array): Presence | undefined {
    const { presences } = this.parts
    if (presences.size === 0) return undefined
    if (identity.role === 'user') return presences.find(identity.user)
    return presences.findScanned(call.userHash, bytes, call.userFrom, call.userTo)
  }

  private unknownSku({ skuHash, skuFrom, skuTo }: ScannedCall, bytes: Uint8Array): UnknownSku | undefined {
    const sku = parseSkuId(ascii.decode(bytes.subarray(skuFrom, skuTo)))
    return sku === undefined ? undefined : { sku, shard: this.parts.calls.shardOfHash(skuHash) }
  }

  private isBanned(identity: Identity, call: ScannedCall, bytes: Uint8Array): boolean {
    const { bans, counters } = this.parts
    const isBanned =
      identity.role === 'user' ? bans.hasUser(identity.user) : bans.hasScanned(call.userHash, bytes, call.userFrom, call.userTo)
    if (isBanned) counters.layers.bans++
    return isBanned
  }

  private refusesNewcomer(): boolean {
    const { newcomers } = this
    const { counters } = this.parts
    if (newcomers?.take() === false) {
      counters.layers.newcomers++
      return true
    }
    counters.passed.newcomers++
    return false
  }

  /** A hot call that has to take the general path all the same; it was admitted already. */
  private runDecoded(connection: Connection, method: Method, message: Message): void {
    if (message.kind === 'request') this.run(connection, message.msgid, method, new Params(message.params), true)
  }

  private run(connection: Connection, msgid: number, method: Method, params: Params, isLetIn = false): void {
    const { identity } = connection
    const { newcomers } = this
    const { bans, counters } = this.parts
    const call = this.call(connection, msgid, method, params)
    if (method.role === 'user') {
      const user = identity.role === 'user' ? identity.user : params.user()
      const mayBeBanned = method.tellsOfBanned === true && identity.role !== 'user'
      if (bans.hasUsers && !mayBeBanned && bans.hasUser(user)) {
        counters.layers.bans++
        return call.refusal(bannedRefusal)
      }
      // A `buy` in an unusual encoding is one all the same.
      if (!isLetIn && newcomers !== undefined && method.name === 'buy' && this.refusesNewcomer())
        return call.refuse('RATE_LIMITED', undefined, newcomers.retryAfterMs)
      this.answersLater(call, method.run({ ...call, user }))
    } else {
      if (method.role === 'public' && identity.role !== 'user' && params.count > method.paramsMax) params.user()
      const { audited } = this.parts
      const asked = audited?.askedFor(call)
      this.answersLater(call, audited === undefined || asked === undefined ? method.run(call) : audited.run(call, asked, method.run))
    }
  }

  /** A call that asks shards before it is answered counts as under way meanwhile; whatever goes wrong in it is a fault of ours, not of the caller. */
  private answersLater(call: Call, answered: void | Promise<void>): void {
    if (answered === undefined) return
    const { connection, method } = call
    connection.inFlight++
    answered
      .catch((error: unknown) => {
        if (error instanceof Malformed) return call.refuse('MALFORMED', error.message)
        this.parts.log.error({ method: method.name, error: String(error) }, 'a call failed')
        call.refuse('UNAVAILABLE')
      })
      .finally(() => {
        connection.inFlight--
      })
  }

  private refusePending(connection: Connection, msgid: number, method: Method): void {
    this.parts.counters.layers.pending++
    this.parts.responder.refuse(connection, msgid, method.index, 'BUSY', undefined, 500)
  }
}

const unknownMethod = 0
/** `[0, msgid, method, params]`; of the only call on a connection. */
const requestParts = 4
export const httpMsgid = 0
const ascii = new TextDecoder('latin1')
const hotNames: ReadonlySet<string> = new Set(['buy', 'leave', 'claim'])
/** A service's `buy`: user, SKU, quantity, request id. */
const hotParamsMax = 4

/** Lists and maps are none of a hot call's params, and may be larger than what can be written. */
function isScalar(value: Plain): boolean {
  return typeof value !== 'object'
}
