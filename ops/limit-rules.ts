import { type LimitName, liveLimits, type LimitRule } from '../gateway/live-limits.ts'
import { listSettings, settingsSchema } from './settings.ts'

/** What the limits that can be changed may be: the same as at the start. */
export function limitRules(): ReadonlyMap<LimitName, LimitRule> {
  const infos = new Map(listSettings().map((info) => [info.name, info]))
  return new Map(
    liveLimits.map((name) => {
      const { unit = '', allowed = '' } = infos.get(name) ?? {}
      return [name, { unit, allowed, isAllowed: (value) => value !== undefined && settingsSchema.shape[name].safeParse(value).success }]
    }),
  )
}
