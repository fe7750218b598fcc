import { isIP } from 'node:net'
import { z } from 'zod'

/** What is known of one setting besides its type: `sluice start --help`, the reading of flags and variables, and error lines are made from it. */
export interface SettingInfo {
  readonly group: string
  /** Stands for the value in the help: `<ms>`. */
  readonly unit: string
  readonly description: string
  /** Ends the sentence "it must be ...". */
  readonly allowed: string
  readonly fallback: string
  /** From a flag's or a variable's text to what the schema checks; text that makes no sense is passed on for the schema to refuse. */
  readonly read: (text: string) => unknown
  /** Other users of the machine see command lines, so a secret has no flag. */
  readonly secret: boolean
}

/** Holds the {@link SettingInfo} of each schema made here. */
export const settingInfo = z.registry<SettingInfo>()

const secretCharactersMax = 200

const undescribed = { fallback: '', read: (text: string): unknown => text, secret: false }

export function integer(group: string, unit: string, fallback: number, least: number, most: number, description: string) {
  const allowed = `a whole number from ${least} to ${most}`
  const read = (text: string) => (/^-?\d{1,15}$/.test(text) ? Number(text) : text)
  const info = { ...undescribed, group, unit, description, allowed, read, fallback: String(fallback) }
  return z.int().min(least).max(most).default(fallback).register(settingInfo, info)
}

export function port(group: string, fallback: number, description: string) {
  return integer(group, 'port', fallback, 0, 65_535, `port of ${description}; 0 takes any that is free`)
}

export function share(group: string, fallback: number, description: string) {
  const read = (text: string) => (/^\d*\.?\d+$/.test(text) ? Number(text) : text)
  const info = { ...undescribed, group, unit: '0..1', description, allowed: 'a number from 0 to 1', read, fallback: String(fallback) }
  return z.number().min(0).max(1).default(fallback).register(settingInfo, info)
}

export function folder(group: string, fallback: string, description: string) {
  const info = { ...undescribed, group, unit: 'folder', description, allowed: 'the path of a folder', fallback }
  return z.string().min(1).default(fallback).register(settingInfo, info)
}

export function choice<const Names extends readonly [string, ...string[]]>(
  group: string,
  names: Names,
  fallback: Names[number],
  description: string,
) {
  const info = { ...undescribed, group, unit: names.join('|'), description, allowed: names.join(' or '), fallback }
  return z.enum(names).default(fallback).register(settingInfo, info)
}

/** How safe an answer is: see the setting's description. */
export type DurabilitySetting = 'fsync' | 'everysec' | { readonly replicas: number }

const replicasMost = 5

export function durability(group: string, description: string) {
  const read = (text: string) => {
    const [, count] = /^replicas=(\d)$/.exec(text) ?? []
    return count === undefined ? text : { replicas: Number(count) }
  }
  const allowed = `fsync, everysec or replicas=n with n from 1 to ${replicasMost}`
  const info = { ...undescribed, group, unit: 'level', description, allowed, read, fallback: 'fsync' }
  const replicas = z.strictObject({ replicas: z.int().min(1).max(replicasMost) }).readonly()
  return z
    .union([z.literal('fsync'), z.literal('everysec'), replicas])
    .default('fsync')
    .register(settingInfo, info)
}

/** The value as it was written. */
export function durabilityText(value: DurabilitySetting): string {
  return typeof value === 'string' ? value : `replicas=${value.replicas}`
}

/** Addresses of a server, with commas between. They may hold a password, so they have no flag. */
export function serverUrl(group: string, shape: RegExp, example: string, description: string) {
  const allowed = `like ${example}`
  const info = { ...undescribed, group, unit: 'url', description, allowed, fallback: 'none', secret: true }
  return z.string().regex(shape).optional().register(settingInfo, info)
}

export function file(group: string, description: string) {
  const info = { ...undescribed, group, unit: 'file', description, allowed: 'the path of a file' }
  return z.string().default('').register(settingInfo, info)
}

export function host(group: string, fallback: string, description: string) {
  const info = { ...undescribed, group, unit: 'address', description, allowed: 'an IP address or localhost', fallback }
  const schema = z.string().refine((text) => text === 'localhost' || isIP(text) !== 0)
  return schema.default(fallback).register(settingInfo, info)
}

export function secret(group: string, least: number, description: string, fallback = 'made at random, kept in the data folder') {
  const allowed = `${least} to ${secretCharactersMax} visible ASCII characters`
  const info = { ...undescribed, group, unit: 'text', description, allowed, fallback, secret: true }
  return secretText(least).optional().register(settingInfo, info)
}

/** A key or secret of at least `least` characters. */
export function secretText(least: number) {
  const visible = new RegExp(`^[\\x21-\\x7e]{${least},${secretCharactersMax}}$`)
  return z.string().regex(visible)
}

export function header(group: string, description: string) {
  const allowed = 'the name of an HTTP header'
  const info = { ...undescribed, group, unit: 'name', description, allowed, read: (text: string) => text.toLowerCase() }
  const schema = z.string().regex(/^[a-z0-9-]{0,64}$/)
  return schema.default('').register(settingInfo, info)
}

/** Where a browser may be sent: a scheme, a host and perhaps a port. */
export function origin(group: string, description: string) {
  const info = {
    ...undescribed,
    group,
    unit: 'url',
    description,
    allowed: 'like https://assets.shop.example, with nothing behind the host',
  }
  const schema = z.string().refine((text) => text === '' || isOrigin(text))
  return schema.default('').register(settingInfo, info)
}

/** Written as browsers write it. What else a URL may have in its host would be more than a name in a policy: `https://a;script-src *`. */
function isOrigin(text: string): boolean {
  return /^https?:\/\/[a-z0-9.:[\]-]+$/.test(text) && URL.canParse(text) && new URL(text).origin === text
}

export function networks(group: string, description: string) {
  const allowed = 'IP addresses or networks such as 10.0.0.0/8, with commas between'
  const info = {
    ...undescribed,
    group,
    unit: 'networks',
    description,
    allowed,
    read: (text: string) => text.split(',').map((one) => one.trim()),
  }
  return z.array(z.string().refine(isNetwork)).readonly().default([]).register(settingInfo, info)
}

function isNetwork(text: string): boolean {
  const [address = '', prefix, ...rest] = text.split('/')
  const version = isIP(address)
  if (version === 0 || rest.length > 0) return false
  return prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= (version === 4 ? 32 : 128))
}
