import type { Config } from '../config.ts'
import { bracketed, reachable } from '../reachable-host.ts'
import { consolePath } from './console-files.ts'

/** Where an operator on this machine finds the console. */
export function consoleUrl({ opsHost }: Pick<Config, 'opsHost'>, opsPort: number): string {
  return `http://${bracketed(reachable(opsHost))}:${opsPort}${consolePath}`
}

/** Where the key that it asks for is found. It is never told itself. */
export function placeOfKey({ operatorKey, cluster, dataFolder }: Pick<Config, 'operatorKey' | 'cluster' | 'dataFolder'>): string {
  if (operatorKey !== undefined) return 'SLUICE_OPERATOR_KEY'
  return cluster === undefined ? `operatorKey in ${dataFolder}/secrets.json` : 'operatorKey in Redis (HGETALL sluice:cluster)'
}
