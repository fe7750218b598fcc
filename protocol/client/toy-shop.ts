import type { Code } from '../codes.ts'
import { formatOrderId, parseOrderId, parseRequestId, parseSaleId, parseSkuId, parseUserId, type SkuId } from '../ids.ts'
import type { Plain } from '../msgpack-writer.ts'
import { saleFileSchema, type SaleFile } from '../sku-settings.ts'
import { parseUserInfo } from '../user-info.ts'

/** A refusal on its way out of the toy. */
export class Refused extends Error {
  readonly code: Code

  constructor(code: Code) {
    super(code)
    this.code = code
  }
}

interface Claim {
  readonly user: string
  readonly number: number
  readonly qty: number
  state: 'queued' | 'held' | 'pending' | 'paid' | 'declined' | 'soldout'
  payment: string
}

interface ToySku {
  readonly id: SkuId
  readonly sale: SaleFile
  phase: 'scheduled' | 'open' | 'paused' | 'closed'
  available: number
  readonly claims: Claim[]
  readonly requests: Map<string, Claim>
  readonly restocks: Set<string>
}

/**
 * The rules of a sale in memory, with neither durability nor deadlines: what the behaviour suite needs of a server to be tried out itself.
 * Payments are settled when `settle` is called.
 */
export class ToyShop {
  private readonly infos = new Map<string, { readonly [key: string]: Plain }>()
  private readonly skus = new Map<string, ToySku>()
  private readonly notify: (user: string, event: string, param: Plain) => void

  constructor(notify: (user: string, event: string, param: Plain) => void) {
    this.notify = notify
  }

  /** Operators' methods; undefined for any other. */
  operate(method: string, params: readonly Plain[]): Plain | undefined {
    const [first, second] = params
    const requestId = parseRequestId(params[2]) ?? ''
    switch (method) {
      case 'sale.create': {
        const file = saleFileSchema.parse(first)
        for (const { sku, stock } of file.skus) this.create(file, sku, stock)
        return null
      }
      case 'sale.pause':
        return this.setPhase(first, 'paused')
      case 'sale.resume':
        return this.setPhase(first, 'open')
      case 'sale.close':
        return this.setPhase(first, 'closed')
      case 'sku.restock': {
        const sku = this.find(first)
        if (!sku.restocks.has(requestId)) sku.available += Number(second)
        sku.restocks.add(requestId)
        return this.status(sku)
      }
      case 'sku.status':
        return this.status(this.find(first))
      case 'user.set': {
        const user = parseUserId(first) ?? ''
        this.infos.set(user, { ...this.infoOf(user), ...parseUserInfo(second) })
        return this.infoOf(user)
      }
      default:
        return undefined
    }
  }

  call(user: string, method: string, params: readonly Plain[]): Plain {
    const [first, second, third] = params
    switch (method) {
      case 'buy':
        return this.buy(first, user, second, parseRequestId(third))
      case 'leave':
        return this.leave(this.find(first), user)
      case 'checkout':
        return this.checkout(first, user, second)
      case 'claim':
        return this.describe(this.find(first), this.claimOf(this.find(first), user))
      case 'resume':
        return { claims: [...this.skus.values()].flatMap((sku) => this.owned(sku, user)) }
      case 'order.list':
        return this.orders(user)
      case 'user.get':
        return this.infoOf(user)
      case 'user.history':
        return { entries: this.orders(user).map((order) => ({ kind: 'order', at: 1, ...order })), next: null }
      case 'order.get':
      case 'order.cancel': {
        const order = this.orders(user).find((one) => one['order'] === first)
        if (order === undefined || parseOrderId(first) === undefined) throw new Refused('UNKNOWN_ORDER')
        return order
      }
      case 'watch':
        return this.status(this.find(first))
      case 'unwatch':
      case 'ping':
        return null
      case 'sku.get':
        return this.info(this.find(first))
      case 'sale.get':
        return this.sale(first)
      case 'sale.list':
        return [...this.skus.keys()].map((name) => this.sale(name))
      default:
        throw new Refused('UNKNOWN_METHOD')
    }
  }

  /** Ends every payment that is under way. */
  settle(): void {
    for (const sku of this.skus.values()) {
      for (const claim of sku.claims.filter((one) => one.state === 'pending')) {
        claim.state = claim.payment === 'tok_declined' ? 'declined' : 'paid'
        if (claim.state === 'declined') sku.available += claim.qty
        this.notify(claim.user, 'order', this.order(sku, claim))
      }
      this.serve(sku)
    }
  }

  private create(sale: SaleFile, name: string, stock: number): void {
    const id = parseSkuId(name)
    if (id === undefined) throw new Refused('MALFORMED')
    const phase = sale.opensAt === 0 ? 'open' : 'scheduled'
    this.skus.set(id, { id, sale, phase, available: stock, claims: [], requests: new Map(), restocks: new Set() })
  }

  private buy(name: Plain | undefined, user: string, qty: Plain | undefined, requestId: string | undefined): Plain {
    if (typeof qty !== 'number' || qty < 1 || requestId === undefined) throw new Refused('MALFORMED')
    const sku = this.find(name)
    const request = `${user} ${requestId}`
    const known = sku.requests.get(request) ?? sku.claims.findLast((claim) => claim.user === user && isLive(claim))
    if (known !== undefined) return this.describe(sku, known)
    if (sku.phase === 'scheduled') throw new Refused('NOT_OPEN')
    if (sku.phase === 'paused') throw new Refused('PAUSED')
    if (sku.phase === 'closed') throw new Refused('CLOSED')
    const had = sku.claims.filter((claim) => claim.user === user && claim.state === 'paid').reduce((sum, claim) => sum + claim.qty, 0)
    if (had + qty > (sku.sale.skus[0]?.perUserMax ?? 1)) throw new Refused('LIMIT_REACHED')
    if (sku.available < qty && !sku.claims.some((claim) => claim.state === 'held' || claim.state === 'pending'))
      throw new Refused('SOLD_OUT')
    const claim: Claim = { user, number: sku.claims.length + 1, qty, state: 'queued', payment: '' }
    sku.claims.push(claim)
    sku.requests.set(request, claim)
    this.serve(sku)
    return this.describe(sku, claim)
  }

  private leave(sku: ToySku, user: string): Plain {
    const claim = this.claimOf(sku, user)
    if (claim === undefined || (claim.state !== 'held' && claim.state !== 'queued')) return { state: 'none' }
    if (claim.state === 'held') sku.available += claim.qty
    sku.claims.splice(sku.claims.indexOf(claim), 1)
    this.serve(sku)
    return { state: 'none' }
  }

  private checkout(name: Plain | undefined, user: string, payment: Plain | undefined): Plain {
    if (typeof payment !== 'string' || payment === '') throw new Refused('MALFORMED')
    const sku = this.find(name)
    const claim = this.claimOf(sku, user)
    if (claim === undefined || claim.state === 'queued') throw new Refused('NO_HOLD')
    if (claim.state === 'held') {
      claim.state = 'pending'
      claim.payment = payment
    }
    return this.order(sku, claim)
  }

  /** Gives free units to the head of the line, ends the line when nothing can come free any more, and tells whoever is affected. */
  private serve(sku: ToySku): void {
    for (let head = waiting(sku)[0]; head !== undefined && head.qty <= sku.available; head = waiting(sku)[0]) {
      head.state = 'held'
      sku.available -= head.qty
      this.notify(head.user, 'held', { sku: sku.id, hold: head.number, qty: head.qty, expiresAt: 1 })
    }
    const hope = sku.available > 0 || sku.claims.some((claim) => claim.state === 'held' || claim.state === 'pending')
    for (const [ahead, claim] of waiting(sku).entries()) {
      if (hope) this.notify(claim.user, 'line', { sku: sku.id, ticket: claim.number, ahead, eta: null, odds: 'likely' })
      else {
        claim.state = 'soldout'
        this.notify(claim.user, 'soldout', { sku: sku.id })
      }
    }
    this.notify('', 'sku', this.status(sku))
  }

  private setPhase(name: Plain | undefined, phase: ToySku['phase']): Plain {
    for (const sku of this.skus.values()) if (sku.sale.sale === name) sku.phase = phase
    return null
  }

  private find(name: Plain | undefined): ToySku {
    const id = parseSkuId(name)
    if (id === undefined) throw new Refused('MALFORMED')
    const sku = this.skus.get(id)
    if (sku === undefined) throw new Refused('UNKNOWN_SKU')
    return sku
  }

  private claimOf(sku: ToySku, user: string): Claim | undefined {
    return sku.claims.findLast((claim) => claim.user === user)
  }

  private owned(sku: ToySku, user: string): Plain[] {
    const claim = this.claimOf(sku, user)
    return claim === undefined ? [] : [{ ...this.describe(sku, claim), sku: sku.id }]
  }

  private describe(sku: ToySku, claim: Claim | undefined): { readonly [key: string]: Plain } {
    if (claim === undefined) return { state: 'none' }
    if (claim.state === 'soldout') return { state: 'soldout' }
    if (claim.state === 'held') return { state: 'held', hold: claim.number, qty: claim.qty, expiresAt: 1 }
    if (claim.state !== 'queued') return this.order(sku, claim)
    return { state: 'queued', ticket: claim.number, ahead: waiting(sku).indexOf(claim), eta: null, odds: 'likely' }
  }

  private order(sku: ToySku, claim: Claim): { readonly [key: string]: Plain } {
    const order = formatOrderId({ sku: sku.id, incarnation: 'toy', claim: claim.number })
    const price = sku.sale.skus[0]?.priceMinor ?? 0
    return { order, sku: sku.id, state: claim.state, qty: claim.qty, amountMinor: claim.qty * price, currency: 'EUR', updatedAt: 1 }
  }

  private infoOf(user: string): { readonly [key: string]: Plain } {
    return { user, displayName: null, tier: null, ...this.infos.get(user) }
  }

  private orders(user: string): { readonly [key: string]: Plain }[] {
    const isOrder = (claim: Claim) => claim.user === user && ['pending', 'paid', 'declined'].includes(claim.state)
    return [...this.skus.values()].flatMap((sku) => sku.claims.filter(isOrder).map((claim) => this.order(sku, claim)))
  }

  private status(sku: ToySku): { readonly [key: string]: Plain } {
    const sum = (state: Claim['state']) => sku.claims.filter((claim) => claim.state === state).reduce((all, claim) => all + claim.qty, 0)
    return {
      sku: sku.id,
      available: sku.available,
      held: sum('held'),
      ordered: sum('pending'),
      sold: sum('paid'),
      waiting: waiting(sku).length,
      state: sku.phase,
    }
  }

  private info(sku: ToySku): Plain {
    const [settings] = sku.sale.skus
    const { title = '', description = '', image = '', priceMinor = 0, currency = '', perUserMax = 1 } = settings ?? {}
    const { sale, opensAt } = sku.sale
    return { ...this.status(sku), sale, opensAt, title, description, image, priceMinor, currency, perUserMax }
  }

  private sale(name: Plain | undefined): Plain {
    const sku = this.skus.get(parseSaleId(name) ?? '')
    if (sku === undefined) throw new Refused('UNKNOWN_SALE')
    const { sale, title, opensAt } = sku.sale
    return { sale, title, opensAt, state: sku.phase === 'closed' ? 'over' : sku.phase, skus: [this.info(sku)] }
  }
}

function waiting(sku: ToySku): readonly Claim[] {
  return sku.claims.filter((claim) => claim.state === 'queued')
}

function isLive(claim: Claim): boolean {
  return claim.state === 'queued' || claim.state === 'held' || claim.state === 'pending'
}
