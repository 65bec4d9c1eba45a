variable "environment" {
  type = string
}

variable "queues" {
  type = map(object({ depth = number, pages = optional(bool, false) }))
}

module "queue" {
  source   = "./queue"
  for_each = var.queues

  name     = "${var.environment}-${each.key}"
  depth    = each.value.depth
  topics   = each.value.pages ? [terraform_data.topic.input, local.extra] : [local.extra]
  optional = null
}

module "twice" {
  source = "./queue/leaf"
  count  = 2
  label  = "twice-${count.index}"
}

module "never" {
  source = "./queue/leaf"
  count  = 0
  label  = "never"
}

locals {
  extra = "extra-${var.environment}"
}

resource "terraform_data" "topic" {
  input = "topic-${var.environment}"
}

resource "terraform_data" "outputs" {
  input = {
    labels  = { for name, queue in module.queue : name => queue.label }
    leaf    = module.queue["dead.letters"].leaf
    twice   = module.twice[*].label
    summary = join(",", values(module.queue)[*].label)
    none    = length(module.never)
  }
}
