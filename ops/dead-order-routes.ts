import { timingSafeEqual } from 'node:crypto'
import { z } from 'zod'
import type { DeadSource } from '../actors/payment/dead-source.ts'
import type { OrderId } from '../protocol/ids.ts'
import type { OpsAnswer, OpsRequest, OpsRoute } from './ops-routes.ts'

/** `*` are all of them. */
export const retrySchema = z.strictObject({ orders: z.union([z.literal('*'), z.array(z.string()).max(1_000)]) })
export const deadOrdersPath = '/orders/dead'
export const retryPath = '/orders/retry'

/** What operators do about dead orders. `key` is the operator's, or undefined where nobody but this machine gets to the port. */
export function deadOrderRoutes(sources: readonly DeadSource[], key: string | undefined): ReadonlyMap<string, OpsRoute> {
  const forOperators =
    (answer: (request: OpsRequest) => Promise<OpsAnswer>) =>
    async (request: OpsRequest): Promise<OpsAnswer> =>
      key === undefined || hasKey(request, key) ? answer(request) : { status: 401, text: 'not the key of an operator\n' }
  return new Map<string, OpsRoute>([
    [
      deadOrdersPath,
      { method: 'GET', answer: forOperators(async () => json({ orders: (await Promise.all(sources.map((dead) => dead.list()))).flat() })) },
    ],
    [retryPath, { method: 'POST', answer: forOperators((request) => retry(sources, request)) }],
  ])
}

async function retry(sources: readonly DeadSource[], { body }: OpsRequest): Promise<OpsAnswer> {
  const retried = await retryDead(sources, body)
  return retried === undefined ? { status: 400, text: 'the body says which orders\n' } : json({ retried })
}

/** Those that are tried again; undefined if the body does not say which. */
export async function retryDead(sources: readonly DeadSource[], body: Buffer): Promise<readonly OrderId[] | undefined> {
  const { data: wish } = retrySchema.safeParse(parsed(body))
  if (wish === undefined) return undefined
  const wanted = wish.orders === '*' ? 'all' : new Set(wish.orders)
  return (await Promise.all(sources.map((dead) => dead.retry(wanted)))).flat()
}

function hasKey({ headers }: OpsRequest, key: string): boolean {
  const given = Buffer.from(headers.authorization ?? '')
  const wanted = Buffer.from(`Bearer ${key}`)
  return given.length === wanted.length && timingSafeEqual(given, wanted)
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
