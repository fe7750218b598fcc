import type { World } from '../cluster/world.ts'
import { type AuditLimits, AuditLog } from '../gateway/audit-log.ts'
import type { SharedPorts } from './node-ports.ts'

/** Entries that are on their way out while new ones come in. */
const slack = 1_000
/** Nobody follows the table, so that removals need hardly be remembered. */
const removalsMax = 100

/** What operators do, kept by whichever process they ask. */
export function openAuditLog(limits: AuditLimits, shared: SharedPorts, { clock, log }: World): AuditLog {
  const table = shared.table('audit', { rowsMax: limits.auditEntriesMax + slack, removalsMax })
  return new AuditLog({ table, clock, log, limits })
}
