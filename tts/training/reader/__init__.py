"""The reader: answers questions about facts from the prompts of the strategies that read documents."""
