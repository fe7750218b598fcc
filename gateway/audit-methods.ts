import type { AuditLog } from './audit-log.ts'
import type { Call, MethodBody } from './method.ts'

const pageMost = 200
const pageDefault = 50
const retryMs = 1_000

/** Methods for operators: what operators did. */
export function auditMethods(audit: AuditLog): readonly MethodBody[] {
  return [{ name: 'audit.list', role: 'operator', run: (call) => list(audit, call) }]
}

async function list(audit: AuditLog, call: Call): Promise<void> {
  const after = call.params.integer('after', 0, Number.MAX_SAFE_INTEGER, fromNewest)
  const limit = call.params.integer('limit', 1, pageMost, pageDefault)
  call.params.end()
  try {
    const { entries, next } = await audit.list(after === fromNewest ? null : after, limit)
    call.result({ entries: entries.map((entry) => ({ ...entry })), next })
  } catch {
    // The store says in the log why.
    call.refuse('UNAVAILABLE', 'The audit log cannot be read at the moment.', retryMs)
  }
}

/** Stands for a place that is left out. */
const fromNewest = 0
