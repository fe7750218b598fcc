import { decodePlain } from '../../cluster/call-codec.ts'
import type { QueuedOrder } from '../../cluster/queue.ts'
import { shardName, type ShardName } from '../../cluster/store.ts'
import type { ClaimNotice, ShardBroadcast } from '../../protocol/broadcast.ts'
import { codeTable } from '../../protocol/codes.ts'
import { op } from '../../protocol/entry.ts'
import { eachAnswer, frameKind, kindOfFrame } from '../../protocol/frame.ts'
import { parseOrderId } from '../../protocol/ids.ts'
import { unpackInner } from '../../protocol/inner-codec.ts'
import type { Order } from '../../protocol/results.ts'
import { type AskedCommand, AskedCommands } from './asked-commands.ts'
import type { Complain } from './findings.ts'
import { Gates } from './gates.ts'
import type { LiveBooks } from './live-books.ts'
import { answerProblem } from './said-answer.ts'
import { broadcastProblem } from './said-numbers.ts'
import type { ShardBooks } from './shard-books.ts'
import type { SkuHistory } from './sku-history.ts'

/**
 * Everything that leaves a shard follows from a durable prefix of its journal (G3). An answer is right if its shard's durable books were as it
 * says at some time from the first sending of its question to its own: then it was decided on durable state. That its owner's epoch stood is for the
 * store to say, and it has to have said so after the question. A broadcast names its record and has to say exactly what the books were there.
 */
export class LeavingCheck {
  /** Answers, broadcasts, notices and orders that were held against the books, and those that only lost records explain. */
  checked = 0
  excused = 0
  private readonly books: LiveBooks
  private readonly complain: Complain
  private readonly asked = new AskedCommands()
  private readonly gates = new Gates()
  private readonly forgetful = new Set<ShardName>()

  constructor(books: LiveBooks, complain: Complain) {
    this.books = books
    this.complain = complain
  }

  /** The store has taken a record of this process, or has said that its last one is still the newest. */
  stands(process: string, shard: ShardName): void {
    this.gates.open(process, shard)
  }

  /**
   * The store has lost something of this shard, so that its journal and its users' cold records, which are written behind it, no longer fit together: one of
   * them is older. That is known, and nothing that its owner says of its users is held against the journal any more.
   */
  partsColdRecords(shard: ShardName): void {
    this.forgetful.add(shard)
  }

  /** Takes every frame in the moment in which a process hands it to the bus. */
  sent(process: string, subject: string, frame: Uint8Array): void {
    const kind = kindOfFrame(frame)
    if (kind === frameKind.commands) {
      for (const asked of this.asked.take(subject, frame, this.books.tick, this.gates.next())) this.checkNews(process, asked)
    } else if (kind === frameKind.answers) this.checkAnswers(process, subject, frame)
    else if (kind === frameKind.broadcast) this.checkBroadcast(process, unpackInner<ShardBroadcast>(frame.slice(2)))
    else if (kind === frameKind.notice) {
      const { user, sku, claim } = unpackInner<ClaimNotice>(frame.slice(2))
      this.checkClaim(`${process}: a notice`, sku, user, claim)
    }
  }

  /** Takes every order in the moment in which its shard's owner hands it to the queue; `id` is the queue's. */
  queuePut(process: string, id: string, queued: QueuedOrder): void {
    const { order, user, qty, amountMinor, kind } = queued
    if (queued.refund !== undefined) return this.refundPut(process, id, queued)
    const parts = parseOrderId(order)
    const epoch = Number(/\/(\d+)\.\d+$/.exec(id)?.[1] ?? Infinity)
    const wanted = ({ charge: 'pending', close: 'overdue', refund: 'refunding' } as const)[kind]
    this.checkSku(`${process}: ${id} in the queue`, parts?.sku ?? '', (history, books) => {
      const past = parts === undefined ? undefined : history.findOrder(parts, books.step)
      if (past === undefined || past.user !== history.named(user) || past.qty !== qty || past.amountMinor !== amountMinor)
        return 'is no durable order'
      // Its owner may be an older one, whose gate had opened before another took the shard.
      const step = Math.min(books.step, books.lastStepOf(epoch))
      const [last] = history.spansOf(past.user, { from: step, to: step })
      return last?.mark?.state === wanted ? undefined : `is there to ${kind}, and its order is ${last?.mark?.state ?? 'nothing'}`
    })
  }

  private refundPut(process: string, id: string, { order, user, qty, amountMinor, refund = '' }: QueuedOrder): void {
    const parts = parseOrderId(order)
    this.checkSku(`${process}: ${id} in the queue`, parts?.sku ?? '', (history, books) => {
      const past = parts === undefined ? undefined : history.findOrder(parts, books.step)
      const known = history.refunds.get(`${parts?.claim} ${requestOf(refund)}`)
      if (past === undefined || past.user !== history.named(user) || past.qty !== qty || known?.amountMinor !== amountMinor)
        return 'is no durable refund'
      return undefined
    })
  }

  private checkAnswers(process: string, replyTo: string, frame: Uint8Array): void {
    eachAnswer(frame, ({ slot, turn, code, from, to }) => {
      const asked = this.asked.find(replyTo, slot, turn)
      const bytes = frame.slice(from, to)
      if (asked === undefined) return this.complain('G3', `${process}: an answer to ${replyTo} that nobody asked for: ${textOf(bytes)}`)
      const what = `${process}: ${nameOf(asked)}`
      if (this.forgetful.has(asked.shard)) this.excused++
      else this.check(this.books.explaining(asked.shard), what, (books) => answerProblem(books, asked, bytes))
      // Whoever is too busy has done nothing, and may say so at once.
      if (code !== codeTable.BUSY.number && !this.gates.hasOpenedSince(asked.moment, process, asked.shard))
        this.complain('G3', `${what} was answered without a word from the store since it was asked`)
    })
  }

  private checkBroadcast(process: string, said: ShardBroadcast): void {
    const shard = shardName('inv', said.shard)
    if (!this.gates.letsBroadcast(process, shard))
      this.complain('G3', `${process}: a broadcast of ${shard} left without a word from the store since the one before`)
    this.check(this.books.explaining(shard), `${process}: a broadcast of ${shard}`, (books) => broadcastProblem(books, said))
  }

  /** What shards and gateways tell sessions of an order or a claim has to be durable as well. */
  private checkNews(process: string, { op: asks, user, payload }: AskedCommand): void {
    if (asks === op.claimed) {
      const { sku, claim } = unpackInner<{ readonly sku: string; readonly claim: number }>(payload)
      this.checkClaim(`${process}: word of a claim`, sku, user, claim)
    } else if (asks === op.orderNews) {
      const news = unpackInner<Order>(payload)
      this.checkSku(`${process}: news of ${news.order}`, news.sku, (history) => {
        const parts = parseOrderId(news.order)
        const order = parts === undefined ? undefined : history.findOrder(parts, Infinity)
        const isTrue = history.marks.get(history.named(user))?.some(({ past, state }) => past === order && state === news.state) === true
        // Of what was bought long ago, which is nobody's last claim.
        if (order !== undefined && news.refundedMinor !== undefined && news.refundedMinor <= history.givenBackOf(order.claim))
          return undefined
        return isTrue ? undefined : `say ${news.state}, which it never was`
      })
    }
  }

  private checkClaim(what: string, sku: string, user: string, claim: number): void {
    this.checkSku(what, sku, (history) =>
      history.claims.get(claim)?.user === user ? undefined : `of ${user}'s claim ${claim} of ${sku}, which is not durable`,
    )
  }

  private checkSku(what: string, sku: string, problemIn: (history: SkuHistory, books: ShardBooks) => string | undefined): void {
    this.check(
      this.books.explainingSku(sku),
      what,
      ({ history, books }) => problemIn(history, books),
      `speaks of ${sku}, which does not exist`,
    )
  }

  /** The books that count are asked first, then those that still are an excuse; the first one's complaint is the one that is told. */
  private check<T>(candidates: Iterable<T>, what: string, problemIn: (candidate: T) => string | undefined, otherwise = ''): void {
    this.checked++
    let first: string | undefined
    for (const candidate of candidates) {
      const problem = problemIn(candidate)
      if (problem === undefined) {
        if (first !== undefined) this.excused++
        return
      }
      first ??= problem
    }
    this.complain('G3', `${what} ${first ?? otherwise}`)
  }
}

/** The hashes that a refund's key ends with, as the journal has them. */
function requestOf(key: string): string {
  const hashes = key.slice(key.lastIndexOf('/') + 1).split('-')
  return hashes.map((hash) => Number.parseInt(hash, 36)).join('.')
}

const opNames = new Map<number, string>(Object.entries(op).map(([name, number]) => [number, name]))

function nameOf({ op: asks, sku, user, shard }: AskedCommand): string {
  return [opNames.get(asks), sku, user, 'at', shard].filter((word) => word !== '').join(' ')
}

/** For people; an answer in the inner codec is not spelled out. */
function textOf(bytes: Uint8Array): string {
  const { error, result } = decodePlain(bytes)
  return JSON.stringify(error ?? result)
}
