import type { Clock, Log, Random } from '../cluster/world.ts'
import { boundedPlain } from '../gateway/audit-content.ts'
import type { AuditLog } from '../gateway/audit-log.ts'
import type { Plain } from '../protocol/msgpack-writer.ts'
import type { OpsAnswer } from './ops-routes.ts'

/** Something that an operator has done by the ops port. */
export interface AuditDeed {
  readonly who: string
  /** Where it came from, if that says more than that it came by this port. */
  readonly address?: string
  readonly method: string
  readonly params: Plain
  /** Does it; `after` is what the audit log keeps of what has become of it. */
  readonly run: () => Promise<{ readonly after: Plain; readonly answer: OpsAnswer }>
}

const keyLength = 16
const opsPort = 'ops port'

/** Does it with an entry in the audit log before it is begun, and what became of it in there before the answer leaves; as the gateways do (gateway/audited-calls.ts). */
export async function audited(
  audit: AuditLog,
  { clock, random, log }: { readonly clock: Clock; readonly random: Random; readonly log: Log },
  { who, address = opsPort, method, params, run }: AuditDeed,
): Promise<OpsAnswer> {
  const key = random.id(keyLength)
  const begun = { at: clock.now(), endedAt: null, who, address, method, params: boundedPlain(params), message: null, before: null }
  try {
    await audit.begin(key, { ...begun, outcome: 'unknown', after: null })
    const { after, answer } = await run()
    await audit.end(key, { ...begun, endedAt: clock.now(), outcome: 'done', after: boundedPlain(after) })
    return answer
  } catch (error) {
    log.error({ method, error: String(error) }, 'a deed of an operator could not be done, or not be kept')
    return { status: 503, text: 'the audit log cannot be written, or what was asked for cannot be done; try again\n' }
  }
}
