variable "environment" {
  type    = string
  default = "prod"
}

variable "services" {
  type = list(object({
    name    = string
    periods = optional(number, 5)
    tags    = optional(map(string), {})
    actions = optional(list(string))
  }))
  default = [
    { name = "ingest" },
    { name = "load", periods = "3", tags = { Critical = true, Port = 8080 }, actions = ["a"] },
  ]
}

variable "nothing" {
  default = null
}

variable "kept" {
  type     = string
  default  = "kept"
  nullable = false
}

locals {
  names  = [for service in var.services : "${var.environment}-${service.name}"]
  by     = { for service in var.services : service.name => service }
  plain  = <<EOT
first ${var.environment}
  second $${not} %%{this}
EOT
  flush  = <<-EOT
    alarm: ${var.environment}

      indented
    ${var.environment} begins
    %{ for name in local.names ~}
    - ${name}
    %{ endfor ~}
    %{ if var.environment == "prod" }yes%{ else }no%{ endif }
    "quoted" \n stays
  EOT
  strip  = <<-EOT
    %{~ for name in local.names }
    ${name}
    %{~ endfor ~}
    end
  EOT
  empty  = <<EOT
EOT
  policy = jsonencode({ team = ["a", "b"], "x-y" = { nested = null, on = true, n = 1.5 } })
}

resource "terraform_data" "names" {
  input = local.names
}

resource "terraform_data" "services" {
  input = var.services
}

resource "terraform_data" "texts" {
  input = {
    plain  = local.plain
    flush  = local.flush
    strip  = local.strip
    empty  = local.empty
    policy = local.policy
    quoted = "tab\tquote\" dollar $ $${x} ${"in ${"inner"}"}"
    one    = "${true}"
    kept   = var.kept
    null   = var.nothing == null ? "none" : "some"
    path   = "${path.module}|${path.root}"
    index  = local.by["load"].tags["Port"]
    splat  = var.services[*].name
    old    = var.services.*.name
    legacy = var.services.0.name
    rule   = join(" OR ", [for name in local.names : "ALARM(\"${name}\")"])
    nested = { for name, service in local.by : name => { periods = service.periods, first = substr(name, 0, 1) } if service.periods > 3 }
    merged = merge({ a = 1 }, { for n in ["b"] : n => 2 }, null)
    tried  = try(var.services[9].name, local.by.none, "fallback")
    choice = var.environment == "dev" ? 1 : var.environment == "prod" ? 2 : 3
    grouped = { for name in ["ab", "ac", "b"] : substr(name, 0, 1) => name... }
  }
}

resource "terraform_data" "counted" {
  count = length(var.services)
  input = "${count.index}:${var.services[count.index].name}"
}

resource "terraform_data" "none" {
  count = var.environment == "dev" ? 1 : 0
  input = "never"
}

resource "terraform_data" "each" {
  for_each = local.by
  input    = { key = each.key, periods = each.value.periods, other = terraform_data.counted[0].input }
}

resource "terraform_data" "set" {
  for_each = toset(["b", "a", "q\"\\ $${x}"])
  input    = "${each.key}=${each.value}"
}

resource "terraform_data" "chained" {
  for_each = terraform_data.set
  input    = each.value.input
}

resource "terraform_data" "collected" {
  input = {
    counted = terraform_data.counted[*].input
    each    = [for key, item in terraform_data.each : "${key}-${item.input.periods}"]
    values  = values(terraform_data.set)[*].input
    none    = one(terraform_data.none[*].input)
    guarded = try(terraform_data.none[0].input, "absent")
    size    = length(terraform_data.none)
    can     = can(terraform_data.none[0].input)
  }
}
