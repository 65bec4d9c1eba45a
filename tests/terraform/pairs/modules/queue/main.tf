variable "name" {
  type = string
}

variable "depth" {
  type = string
}

variable "topics" {
  type    = set(string)
  default = []
}

variable "optional" {
  type     = string
  default  = "default"
  nullable = false
}

module "leaf" {
  source = "../queue/leaf"
  label  = upper(var.name)
}

resource "terraform_data" "depth" {
  count = 1
  input = { depth = var.depth, topics = var.topics, optional = var.optional, path = path.module }
}

output "label" {
  value = "${var.name}:${terraform_data.depth[0].input.depth}"
}

output "leaf" {
  value = module.leaf.label
}
