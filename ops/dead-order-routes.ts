import { z } from 'zod'
import type { DeadSource } from '../actors/payment/dead-source.ts'
import type { AuditDeed } from './audited-routes.ts'
import type { OpsAnswer, OpsRequest, OpsRoute } from './ops-routes.ts'

/** `*` are all of them. */
export const retrySchema = z.strictObject({ orders: z.union([z.literal('*'), z.array(z.string()).max(1_000)]) })
export const deadOrdersPath = '/orders/dead'
export const retryPath = '/orders/retry'

export interface DeadOrderParts {
  readonly sources: readonly DeadSource[]
  /** The name of the operator's key that the request carries; undefined if it carries none. */
  readonly whoIs: (request: OpsRequest) => string | undefined
  readonly audit: (deed: AuditDeed) => Promise<OpsAnswer>
}

/** What operators do about dead orders. */
export function deadOrderRoutes({ sources, whoIs, audit }: DeadOrderParts): ReadonlyMap<string, OpsRoute> {
  const forOperators =
    (answer: (request: OpsRequest, who: string) => Promise<OpsAnswer>) =>
    async (request: OpsRequest): Promise<OpsAnswer> => {
      const who = whoIs(request)
      return who === undefined ? { status: 401, text: 'not the key of an operator\n' } : answer(request, who)
    }
  return new Map<string, OpsRoute>([
    [
      deadOrdersPath,
      { method: 'GET', answer: forOperators(async () => json({ orders: (await Promise.all(sources.map((dead) => dead.list()))).flat() })) },
    ],
    [retryPath, { method: 'POST', answer: forOperators((request, who) => retry(sources, audit, who, request)) }],
  ])
}

async function retry(
  sources: readonly DeadSource[],
  audit: DeadOrderParts['audit'],
  who: string,
  { body }: OpsRequest,
): Promise<OpsAnswer> {
  const { data: wish } = retrySchema.safeParse(parsed(body))
  if (wish === undefined) return { status: 400, text: 'the body says which orders\n' }
  const wanted = wish.orders === '*' ? 'all' : new Set(wish.orders)
  const params = { orders: wish.orders === '*' ? '*' : [...wish.orders] }
  return audit({
    ...{ who, method: 'orders.retry', params },
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
