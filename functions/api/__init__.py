"""The node API: thin views over the invoker, and every answer as JSON of the contract's shape."""
