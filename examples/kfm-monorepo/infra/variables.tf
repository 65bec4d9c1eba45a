variable "environment" {
  description = "The environment that this stack watches: dev, stage or prod."
  type        = string
}

variable "info_topic_arn" {
  description = "The topic of the team's channel. Nobody is woken by it."
  type        = string
}

variable "pager_endpoint" {
  description = "The integration URL of the pager; whoever knows it can page us."
  type        = string
  sensitive   = true
}

variable "redrive_role_arn" {
  description = "The role of the function that moves dead letters back."
  type        = string
}
