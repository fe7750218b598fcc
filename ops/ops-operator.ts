import type { IdentityCheck } from '../gateway/identity.ts'
import type { OpsRequest } from './ops-routes.ts'

/** The name of the operator's key that a request to the ops port carries; undefined if it carries none that counts. */
export function operatorOf(identities: Pick<IdentityCheck, 'ofKey'>, { headers }: Pick<OpsRequest, 'headers'>): string | undefined {
  const [, key] = /^bearer (.+)$/i.exec(headers.authorization ?? '') ?? []
  const identity = key === undefined ? undefined : identities.ofKey(key)
  return identity?.role === 'operator' ? identity.key : undefined
}
