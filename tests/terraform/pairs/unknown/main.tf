resource "terraform_data" "topic" {
  input = "topic"
}

resource "terraform_data" "many" {
  count = 2
  input = count.index
}

variable "flag" {
  default = true
}

locals {
  topic   = terraform_data.topic.id
  actions = var.flag ? [local.topic] : []
  mixed   = concat(["arn:aws:sns:x"], local.actions)
}

module "alarm" {
  source = "./alarm"
  for_each = { a = terraform_data.topic.id, b = "known" }
  topic  = each.value
  topics = local.mixed
}

resource "terraform_data" "uses" {
  input = {
    direct      = terraform_data.topic.id
    list        = local.mixed
    text        = "name-${terraform_data.topic.id}"
    splat       = terraform_data.many[*].id
    first       = try(terraform_data.many[0].id, "none")
    length      = length(local.mixed)
    keys        = keys({ a = terraform_data.topic.id })
    condition   = terraform_data.topic.id == "x" ? "a" : "b"
    same        = terraform_data.topic.id == "x" ? "a" : "a"
    encoded     = jsonencode({ topic = terraform_data.topic.id })
    set         = toset([terraform_data.topic.id, "b"])
    merged      = merge({ a = 1 }, { b = terraform_data.topic.id })
    lookup      = lookup({ a = "known", b = terraform_data.topic.id }, "a", "")
    joined      = join(",", [terraform_data.topic.id, "x"])
    contains    = contains(["a", terraform_data.topic.id], "a")
    uncertain   = contains(["b", terraform_data.topic.id], "a")
    coalesced   = coalesce("first", terraform_data.topic.id)
    either      = false && terraform_data.topic.id == "x"
    for         = [for item in local.mixed : upper(item)]
    filtered    = [for item in local.mixed : item if item != "x"]
    nulled      = terraform_data.topic.id == null
    outputs     = { for name, alarm in module.alarm : name => alarm.name }
    element     = element(local.mixed, 0)
    compacted   = compact([terraform_data.topic.id, ""])
    flat        = flatten([["a"], [terraform_data.topic.id]])
  }
}

resource "terraform_data" "whole" {
  input = [for item in split(",", terraform_data.topic.id) : item]
}
