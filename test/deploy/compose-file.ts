import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { readPlainYaml } from './plain-yaml.ts'

export const projectFolder = fileURLToPath(new URL('../../..', import.meta.url))

const words = z.array(z.string())
const network = z.strictObject({ ipv4_address: z.ipv4() })

/** The keys of a service that our file uses, after the Compose Specification: a misspelt one is refused, as Compose does. */
const service = z.strictObject({
  build: z.string().optional(),
  image: z.string(),
  restart: z.literal('unless-stopped'),
  user: z.string().optional(),
  working_dir: z.string().optional(),
  entrypoint: words.optional(),
  command: words.optional(),
  environment: z.record(z.string(), z.string()).default({}),
  networks: z.union([words, z.record(z.string(), network)]),
  ports: words.default([]),
  volumes: words.default([]),
  depends_on: words.default([]),
  cap_drop: words.optional(),
  security_opt: words.optional(),
  stop_grace_period: z
    .string()
    .regex(/^\d+s$/)
    .optional(),
  ulimits: z.strictObject({ nofile: z.int() }).optional(),
  healthcheck: z
    .strictObject({
      test: z.tuple([z.literal('CMD')], z.string()),
      interval: z.string().regex(/^\d+s$/),
      timeout: z.string().regex(/^\d+s$/),
      retries: z.int(),
    })
    .optional(),
})
export type ComposeService = z.output<typeof service>

const subnets = z.strictObject({
  internal: z.boolean().optional(),
  ipam: z.strictObject({ config: z.tuple([z.strictObject({ subnet: z.cidrv4() })]) }),
})
const file = z.looseObject({
  services: z.record(z.string(), service),
  networks: z.record(z.string(), subnets),
  volumes: z.record(z.string(), z.null()),
})
export type ComposeFile = z.output<typeof file>

/** `docker-compose.yml` as Compose would see it with these variables in `.env`. */
export function readComposeFile(variables: Readonly<Record<string, string>>): ComposeFile {
  const text = readFileSync(join(projectFolder, 'docker-compose.yml'), 'utf8')
  const { services, networks, volumes, ...extensions } = file.parse(readPlainYaml(text))
  const strange = Object.keys(extensions).filter((key) => !key.startsWith('x-'))
  if (strange.length > 0) throw new Error(`Compose knows no ${strange.join(', ')}`)
  const filled: unknown = JSON.parse(JSON.stringify(services), (_key, value: unknown) =>
    typeof value === 'string' ? interpolated(value, variables) : value,
  )
  return { services: z.record(z.string(), service).parse(filled), networks, volumes }
}

/** The variables that `.env` has to give, as the example names them. */
export function exampleVariables(): readonly string[] {
  const lines = readFileSync(join(projectFolder, 'ops/deploy/example.env'), 'utf8').split('\n')
  return lines.filter((line) => /^\w+=$/.test(line)).map((line) => line.slice(0, -1))
}

/** Services that run our image, by name. */
export function nodesOf({ services }: ComposeFile): readonly (readonly [string, ComposeService])[] {
  return Object.entries(services).filter(([, { image }]) => image === 'sluice')
}

/** The host's files and folders that a service sees, with where it sees them. */
export function mountsOf({ volumes }: ComposeService): readonly { readonly source: string; readonly target: string }[] {
  return volumes.map((text) => {
    const [source = '', target = ''] = text.split(':')
    return { source, target }
  })
}

function interpolated(text: string, variables: Readonly<Record<string, string>>): string {
  return text.replace(/\$(?:\$|\{(\w+)(?::\?[^}]*)?\})/g, (whole, name: string | undefined) => {
    if (whole === '$$' || name === undefined) return '$'
    const value = variables[name]
    if (value === undefined) throw new Error(`nothing gives ${name}`)
    return value
  })
}
