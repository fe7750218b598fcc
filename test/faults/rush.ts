import { WebSocket } from 'ws'
import type { ClientWorld } from '../../protocol/client/client-world.ts'
import { globalWorld } from '../../protocol/client/global-world.ts'
import { connectSocket, type SocketClient } from '../../protocol/client/index.ts'
import type { LinePlace } from '../../protocol/client/operator-calls.ts'
import { connectRpc, type RpcClient } from '../../protocol/client/rpc-client.ts'
import type { SkuStatus } from '../../protocol/results.ts'
import type { Chance } from '../checkers/chance.ts'
import { FairLine } from '../checkers/fair-line.ts'
import type { Complain } from '../checkers/findings.ts'
import { RequestCheck } from '../checkers/request-check.ts'
import { ToldStory } from '../checkers/told-story.ts'
import { lineProblems, unitProblems } from '../checkers/units.ts'
import type { Word } from '../checkers/word-check.ts'
import { until } from '../servers/until.ts'
import { type Habits, Shopper, type ShopperParts } from './shopper.ts'

export interface RushSku {
  readonly sku: string
  readonly stock: number
  readonly holdTtlMs: number
  /** So short that payments may come too late; by default none does. */
  readonly paymentTtlMs?: number
  readonly shoppers: number
  /** The last of them come when this many kills are done. */
  readonly arrivedAfter: number
  readonly habits: Habits
}

/** Where clients come in. */
export interface Door {
  readonly rpcUrl: string
  readonly socketUrl: string
}

/** What is rushed at: a node or a cluster. */
export interface RushSite {
  readonly doors: readonly Door[]
  readonly secrets: { readonly backendKey: string; readonly operatorKey: string }
  tokenOf(user: string): string
}

const rpcConnections = 4
export const priceMinor = 9_900
const lineWholeMs = 30_000
const linePage = 1_000

/**
 * A crowd at a few SKUs, by RPC and WebSocket, that remembers what everyone was told. Whoever kills what it rushes at calls {@link arrive} and
 * {@link audit} in between; {@link problems} is what should not have been.
 */
export class Rush {
  readonly problems: string[] = []
  readonly shoppers: Shopper[] = []
  readonly skus: readonly RushSku[]
  /** Units that were put in, by SKU. */
  readonly units = new Map<string, number>()
  readonly operator: RpcClient
  /** What each request came to. */
  readonly requests = new RequestCheck((promise, what) => this.complainOf(promise, what))
  readonly words: Word[] = []
  private readonly site: RushSite
  private readonly chance: Chance
  private readonly services: RpcClient[] = []
  private readonly sockets: SocketClient[] = []
  private readonly lines = new Map<string, FairLine>()
  private readonly waitingOutside: { readonly arrivesAt: number; readonly shopper: Shopper }[] = []
  private readonly visits: Promise<void>[] = []
  private readonly world: ClientWorld

  constructor(site: RushSite, chance: Chance, skus: readonly RushSku[]) {
    this.site = site
    this.chance = chance
    this.skus = skus
    // Clients come back as fast as they may, for else their backoff would grow past the time between two kills.
    this.world = { ...globalWorld(), random: () => chance.next() * 0.05 }
    this.operator = this.connect(0, site.secrets.operatorKey)
  }

  /** Makes the SKUs and the crowd; nobody has come yet. `socketShare` of it come by WebSocket. */
  async prepare(socketShare: number): Promise<void> {
    for (let i = 0; i < rpcConnections; i++) this.services.push(this.connect(i, this.site.secrets.backendKey))
    for (const one of this.skus) {
      const { sku, stock, holdTtlMs, paymentTtlMs, shoppers, arrivedAfter, habits } = one
      await this.createSku(one)
      this.units.set(sku, stock)
      const line = new FairLine(sku, this.complainOf)
      this.lines.set(sku, line)
      for (let i = 0; i < shoppers; i++) {
        const user = `${sku}-${i}`
        const story = new ToldStory(user, holdTtlMs, this.complainOf)
        const { chance, requests, words, complain } = this
        const mayPayLate = paymentTtlMs !== undefined
        const parts = { user, sku, story, line, chance, habits, mayPayLate, requests, words, complain }
        const shopper = chance.is(socketShare) ? this.bySocket(parts, i) : this.byService(parts, i)
        this.shoppers.push(shopper)
        this.waitingOutside.push({ arrivesAt: (i / shoppers) * arrivedAfter, shopper })
      }
    }
  }

  /** Lets in who comes before so many kills are done. */
  arrive(kills: number): void {
    for (const outside of this.waitingOutside.splice(0)) {
      if (outside.arrivesAt < kills) this.visits.push(outside.shopper.shop())
      else this.waitingOutside.push(outside)
    }
  }

  /** More units, put in while the node is being killed; resolves when they are in, exactly once. */
  async restock(sku: string, units: number): Promise<void> {
    this.units.set(sku, (this.units.get(sku) ?? 0) + units)
    await this.operator.restock(sku, units, { deadlineMs: lineWholeMs })
  }

  /** Asks for everything that anyone was told of, while the rush goes on. */
  async audit(): Promise<void> {
    await Promise.all([...this.shoppers.map((shopper) => shopper.audit()), ...this.skus.map(({ sku }) => this.auditLine(sku))])
  }

  async statusOf(sku: string): Promise<SkuStatus> {
    return this.operator.skuStatus(sku, { deadlineMs: lineWholeMs })
  }

  /** Resolves when everyone has gone home; what is still going on after `withinMs` is a problem. */
  async finish(withinMs: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(() => {
        const unfinished = this.shoppers.filter((shopper) => !shopper.isDone)
        for (const { user, story } of unfinished) this.complain(`${user} never came to an end after ${JSON.stringify(story.last)}`)
        resolve()
      }, withinMs)
    })
    await Promise.race([Promise.all(this.visits), late])
    clearTimeout(timer)
  }

  /** By user: the latest paid order in the history of each who was told of one, as soon as it is there. The news of it may be under way for a while. */
  async paidOrders(withinMs = 15_000): Promise<ReadonlyMap<string, string>> {
    const deadline = Date.now() + withinMs
    const found = new Map<string, string>()
    for (const { user, story } of this.shoppers) {
      if (story.last.state !== 'paid') continue
      while (!found.has(user) && Date.now() < deadline) {
        const paid = (await this.operator.as(user).orders()).find((order) => order.state === 'paid')
        if (paid !== undefined) found.set(user, paid.order)
      }
    }
    return found
  }

  close(): void {
    for (const client of [this.operator, ...this.services, ...this.sockets]) client.close()
  }

  readonly complain = (problem: string): void => {
    this.problems.push(problem)
  }

  private readonly complainOf: Complain = (promise, what) => this.complain(`${promise}: ${what}`)

  private async createSku({ sku, stock, holdTtlMs, paymentTtlMs }: RushSku): Promise<void> {
    const deadlines = paymentTtlMs === undefined ? { holdTtlMs } : { holdTtlMs, paymentTtlMs }
    await this.operator.saleCreate({
      sale: sku,
      title: `Sale of ${sku}`,
      opensAt: 0,
      skus: [{ sku, title: sku, priceMinor, stock, ...deadlines }],
    })
    // Whoever comes in by another door is known there a moment later.
    for (const service of this.services) await until(async () => (await service.sales()).some(({ sale }) => sale === sku))
  }

  private async auditLine(sku: string): Promise<void> {
    for (const problem of unitProblems(await this.statusOf(sku), this.units.get(sku) ?? 0)) this.complain(problem)
    const line = await this.operator.lineList(sku, { limit: linePage, deadlineMs: lineWholeMs })
    for (const problem of lineProblems(sku, line)) this.complain(problem)
    this.auditPlaces(sku, line)
  }

  /** Who stands in the line stands there with the ticket that was told. */
  private auditPlaces(sku: string, line: readonly LinePlace[]): void {
    const tickets = new Map(line.map((place) => [place.user, place.ticket]))
    for (const { user, sku: of, story, isQuiet } of this.shoppers) {
      const { last } = story
      const ticket = tickets.get(user)
      if (of !== sku || !isQuiet || last.state !== 'queued' || ticket === undefined) continue
      if (ticket !== last.ticket) this.complain(`${user} was given ticket ${last.ticket} and stands in the line with ${ticket}`)
    }
  }

  private byService(parts: Omit<ShopperParts, 'calls'>, index: number): Shopper {
    const service = this.services[index % this.services.length] ?? this.operator
    return new Shopper({ ...parts, calls: service.as(parts.user) })
  }

  private bySocket(parts: Omit<ShopperParts, 'calls'>, index: number): Shopper {
    const token = this.site.tokenOf(parts.user)
    const socket = connectSocket({ url: this.door(index).socketUrl, token, WebSocket, world: this.world })
    this.sockets.push(socket)
    return new Shopper({ ...parts, calls: socket, socket })
  }

  private connect(index: number, key: string): RpcClient {
    return connectRpc({ url: this.door(index).rpcUrl, key, world: this.world })
  }

  private door(index: number): Door {
    const { doors } = this.site
    const door = doors[index % doors.length]
    if (door === undefined) throw new Error('there is no door')
    return door
  }
}
