import { z } from 'zod'
import type { DeadOrder, DeadSource } from '../actors/payment/dead-source.ts'
import type { AuditDeed } from './audited-routes.ts'
import type { OpsAnswer, OpsRequest, OpsRoute } from './ops-routes.ts'

/** `*` are all of them. */
export const retrySchema = z.strictObject({ orders: z.union([z.literal('*'), z.array(z.string()).max(1_000)]) })
export const deadOrdersPath = '/orders/dead'
export const retryPath = '/orders/retry'

/** Where dead orders are, and how what is done about them is kept. */
export interface DeadOrderDesk {
  readonly sources: readonly DeadSource[]
  readonly audit: (deed: AuditDeed) => Promise<OpsAnswer>
}

export interface DeadOrderParts extends DeadOrderDesk {
  /** The name of the operator's key that the request carries; undefined if it carries none. */
  readonly whoIs: (request: OpsRequest) => string | undefined
}

/** What operators do about dead orders. */
export function deadOrderRoutes({ whoIs, ...desk }: DeadOrderParts): ReadonlyMap<string, OpsRoute> {
  const forOperators =
    (answer: (request: OpsRequest, who: string) => Promise<OpsAnswer>) =>
    async (request: OpsRequest): Promise<OpsAnswer> => {
      const who = whoIs(request)
      return who === undefined ? { status: 401, text: 'not the key of an operator\n' } : answer(request, who)
    }
  return new Map<string, OpsRoute>([
    [deadOrdersPath, { method: 'GET', answer: forOperators(async () => json({ orders: await listDead(desk) })) }],
    [retryPath, { method: 'POST', answer: forOperators((request, who) => retry(desk, who, request)) }],
  ])
}

async function retry(desk: DeadOrderDesk, who: string, { body }: OpsRequest): Promise<OpsAnswer> {
  return (await retryDead(desk, { who }, body)) ?? { status: 400, text: 'the body says which orders\n' }
}

export async function listDead({ sources }: DeadOrderDesk): Promise<readonly DeadOrder[]> {
  return (await Promise.all(sources.map((dead) => dead.list()))).flat()
}

/** Has them tried again, and tells which; undefined if the body does not say which. */
export async function retryDead(
  { sources, audit }: DeadOrderDesk,
  by: Pick<AuditDeed, 'who' | 'address'>,
  body: Buffer,
): Promise<OpsAnswer | undefined> {
  const { data: wish } = retrySchema.safeParse(parsed(body))
  if (wish === undefined) return undefined
  const wanted = wish.orders === '*' ? 'all' : new Set(wish.orders)
  const params = { orders: wish.orders === '*' ? '*' : [...wish.orders] }
  return audit({
    ...{ ...by, method: 'orders.retry', params },
    run: async () => {
      const retried = (await Promise.all(sources.map((dead) => dead.retry(wanted)))).flat()
      return { after: { retried }, answer: json({ retried }) }
    },
  })
}

function json(value: object): OpsAnswer {
  return { status: 200, text: `${JSON.stringify(value)}\n`, type: 'application/json' }
}

function parsed(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString())
  } catch {
    // The caller says that the body is wrong.
    return undefined
  }
}
