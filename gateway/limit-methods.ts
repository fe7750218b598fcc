import { named } from './audit-content.ts'
import { isLimitName, type LimitName, liveLimits, type LiveLimits } from './live-limits.ts'
import type { Call, MethodBody } from './method.ts'

const changeRetryMs = 100

/** Methods for operators: limits while gateways run. */
export function limitMethods(limits: LiveLimits): readonly MethodBody[] {
  return [
    {
      name: 'limits.get',
      role: 'operator',
      run: (call) => {
        call.params.end()
        call.result({ limits: liveLimits.map((name) => infoOf(limits, name)) })
      },
    },
    { name: 'limits.set', role: 'operator', change: named('name', 'value'), run: (call) => setLimit(limits, call) },
  ]
}

/** `name, value`; nil takes back what was set, so that each gateway has again what it was started with. */
async function setLimit(limits: LiveLimits, call: Call): Promise<void> {
  const { params } = call
  const name = params.any()
  const value = params.any()
  params.end()
  if (typeof name !== 'string' || !isLimitName(name))
    return call.refuse('MALFORMED', `param 1 (name) must be one of ${liveLimits.join(', ')}; other settings are read at the start only`)
  const rule = limits.rules.get(name)
  if (value !== null && rule?.isAllowed(value) !== true)
    return call.refuse('MALFORMED', `${name}: ${JSON.stringify(value)} is not allowed; it must be ${rule?.allowed ?? 'something else'}`)
  const before = infoOf(limits, name)
  const outcome = await limits.change(name, typeof value === 'number' ? value : undefined)
  if (outcome === 'busy') return call.refuse('BUSY', undefined, changeRetryMs)
  const after = infoOf(limits, name)
  call.changed({ [name]: before.value }, { [name]: after.value })
  call.result(after)
}

/** `value` counts now; `configured` is what this gateway was started with; `set` is null where nothing was set. */
function infoOf(limits: LiveLimits, name: LimitName) {
  const rule = limits.rules.get(name)
  return {
    ...{ name, value: limits.values[name], configured: limits.configured[name], set: limits.set[name] ?? null },
    ...{ unit: rule?.unit ?? '', allowed: rule?.allowed ?? '' },
  }
}
