variable "topic" {
  type = string
}

variable "topics" {
  type = list(string)
}

resource "terraform_data" "alarm" {
  input = { topic = var.topic, topics = var.topics, fixed = "alarm" }
}

output "name" {
  value = "${terraform_data.alarm.input.fixed}-${var.topic}"
}
