variable "environment" {
  type = string
}

variable "pipeline" {
  type = string
}

variable "queue" {
  description = "The queue that feeds the pipeline."
  type        = string
}

variable "dead_letters" {
  description = "The queue of what could not be processed."
  type        = string
}

variable "function_name" {
  description = "The function that reads the queue."
  type        = string
}

variable "page_actions" {
  description = "What is done when the pipeline stands still or fails."
  type        = list(string)
}

variable "dlq_actions" {
  description = "What is done when there are dead letters."
  type        = list(string)
}
